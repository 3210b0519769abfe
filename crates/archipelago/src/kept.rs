//! A buffer that outlives its holder's attention: kept for an operation until that is complete.

use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::task::{Context, Poll, Waker};

use layout::{Buffer, BufferMut, Memory, MemoryMut};

use crate::address::{Destination, Source};
use crate::collective::{Buffers, Described};
use crate::operation::Operation;
use crate::{Comm, Result};

/// A buffer and the operation that has it. The buffer is touched only while no operation has it.
pub(crate) struct Kept<B: Send + 'static> {
    buffer: Held<B>,
    running: Option<Operation>,
}

impl<B: Send + 'static> Kept<B> {
    pub fn new(buffer: B) -> Kept<B> {
        Kept { buffer: Held::new(buffer), running: None }
    }

    /// Starts to send the buffer, which no operation has.
    pub fn send(&mut self, to: &Destination<'_>, verb: &'static str)
    where
        B: Buffer,
    {
        assert!(self.running.is_none(), "an operation has the buffer");
        // SAFETY: the buffer stays where it is and is not touched until the operation is complete: `wait`, `poll` and
        // `let_go` see to it.
        self.running = Some(unsafe {
            match self.buffer.get().memory() {
                Memory::Row(items) => Operation::send(to, verb, to.mode, items),
                Memory::LaidOut(placed, signature) => {
                    Operation::send_laid_out::<B::Item>(to, verb, to.mode, placed, signature)
                }
            }
        });
    }

    /// Starts to receive into the buffer, which no operation has.
    pub fn receive(&mut self, from: &Source<'_>, verb: &'static str)
    where
        B: BufferMut,
    {
        assert!(self.running.is_none(), "an operation has the buffer");
        // SAFETY: as above.
        self.running = Some(unsafe {
            match self.buffer.get_mut().memory_mut() {
                MemoryMut::Row(items) => Operation::receive(from, verb, items),
                MemoryMut::LaidOut(placed, signature) => {
                    Operation::receive_laid_out::<B::Item>(from, verb, placed, signature)
                }
            }
        });
    }

    /// Starts a collective on the buffers, which no operation has.
    pub fn collect(&mut self, comm: &Comm, described: &Described) -> Result<()>
    where
        B: Buffers,
    {
        assert!(self.running.is_none(), "an operation has the buffer");
        let lending = self.buffer.get_mut().lend();
        // SAFETY: as above.
        self.running = Some(unsafe { Operation::collective::<B::Item>(&comm.untyped, described, lending)? });
        self.check(comm)
    }

    /// Why the operation could not start, if so; then the buffer is free again.
    pub fn check(&mut self, comm: &Comm) -> Result<()> {
        match self.running.as_ref().and_then(|operation| operation.failed(&comm.untyped)) {
            Some(error) => {
                self.running = None;
                Err(error)
            }
            None => Ok(()),
        }
    }

    /// Waits for the operation, if one has the buffer. A receive tells of its message and of how many values it had.
    pub fn wait(&mut self, comm: &Comm) -> Result<Option<(engine::Status, usize)>> {
        let Some(operation) = &mut self.running else { return Ok(None) };
        let outcome = operation.wait(&comm.untyped);
        self.running = None;
        outcome.map(Some)
    }

    /// Waits until [`wait`](Kept::wait) returns at once, unless a failure interrupts that.
    pub fn ready(&mut self, comm: &Comm) -> Result<()> {
        self.running.as_mut().map_or(Ok(()), |operation| operation.ready(&comm.untyped))
    }

    /// Whether no operation has the buffer any more.
    pub fn test(&mut self, comm: &Comm) -> bool {
        self.running.as_mut().is_none_or(|operation| operation.test(&comm.untyped))
    }

    /// [`wait`](Kept::wait) for a task.
    pub fn poll(
        &mut self,
        comm: &Comm,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<(engine::Status, usize)>>> {
        let Some(operation) = &mut self.running else { return Poll::Ready(Ok(None)) };
        operation.poll(&comm.untyped, context).map(|outcome| {
            self.running = None;
            outcome.map(Some)
        })
    }

    /// Has a waker woken when no operation has the buffer any more; false: so it is.
    pub fn watch(&self, comm: &Comm, waker: Waker) -> bool {
        self.running.as_ref().is_some_and(|operation| operation.watch(&comm.untyped, waker))
    }

    /// Asks for the operation's end if nothing of it has begun.
    pub fn cancel(&self, comm: &Comm) {
        if let Some(operation) = &self.running {
            operation.cancel(&comm.untyped);
        }
    }

    /// The buffer, after [`wait`](Kept::wait).
    pub fn buffer(&mut self) -> &mut B {
        assert!(self.running.is_none(), "an operation has the buffer");
        self.buffer.get_mut()
    }

    /// The buffer, after [`wait`](Kept::wait).
    pub fn into_buffer(self) -> B {
        assert!(self.running.is_none(), "an operation has the buffer");
        self.buffer.into_inner()
    }

    /// Lets the operation run on with the buffer.
    pub fn let_go(self, comm: &Comm) {
        if let Some(operation) = self.running {
            operation.detach(&comm.untyped, self.buffer);
        }
    }
}

/// A buffer at an address that does not change when its holder moves. (Not a `Box`: moving that would claim its content for
/// itself alone, while an operation has it.)
pub(crate) struct Held<B> {
    at: NonNull<B>,
}

// SAFETY: it owns a B as a Box does.
unsafe impl<B: Send> Send for Held<B> {}
// SAFETY: it gives out shared references to a B only through a shared reference.
unsafe impl<B: Sync> Sync for Held<B> {}

impl<B> Held<B> {
    pub fn new(buffer: B) -> Held<B> {
        Held { at: NonNull::from(Box::leak(Box::new(buffer))) }
    }

    pub fn get(&self) -> &B {
        // SAFETY: it was made from a Box that nobody else has.
        unsafe { self.at.as_ref() }
    }

    pub fn get_mut(&mut self) -> &mut B {
        // SAFETY: as above.
        unsafe { self.at.as_mut() }
    }

    pub fn into_inner(self) -> B {
        let held = ManuallyDrop::new(self);
        // SAFETY: it was made from a Box, and is not dropped again.
        *unsafe { Box::from_raw(held.at.as_ptr()) }
    }
}

impl<B> Drop for Held<B> {
    fn drop(&mut self) {
        // SAFETY: it was made from a Box.
        drop(unsafe { Box::from_raw(self.at.as_ptr()) });
    }
}
