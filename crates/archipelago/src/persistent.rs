//! Operations that are described once and started as often as one likes; they own their buffers.

use engine::Mode;
use wire::{Items, ItemsMut};

use crate::address::{Destination, Source, Status};
use crate::operation::Operation;
use crate::owned::Held;
use crate::{Comm, Result};

impl Destination<'_> {
    /// Makes a send that can be started again and again, from a buffer that it owns.
    ///
    /// ```
    /// # archipelago::testing::run(2, |world| {
    /// let other = 1 - world.rank();
    /// let mut outgoing = world.to(other).persistent_send(vec![0u32; 3]);
    /// let mut incoming = world.from(other).persistent_receive(vec![0u32; 3]);
    /// for round in 0..5 {
    ///     outgoing.wait()?.fill(round);
    ///     incoming.start()?;
    ///     outgoing.start()?;
    ///     assert_eq!(incoming.wait()?, [round; 3]);
    /// }
    /// assert_eq!(outgoing.into_buffer()?, [4; 3]);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn persistent_send<B: ItemsMut + Send + 'static>(&self, buffer: B) -> PersistentSend<B> {
        let Destination { comm, rank, tag } = *self;
        PersistentSend {
            comm: comm.clone(),
            rank,
            tag,
            request: Request { held: Some(Held::new(buffer)), running: None },
        }
    }
}

impl Source<'_> {
    /// Makes a receive that can be started again and again, into a buffer that it owns.
    pub fn persistent_receive<B: ItemsMut + Send + 'static>(&self, buffer: B) -> PersistentReceive<B> {
        let Source { comm, source, tag } = *self;
        let request = Request { held: Some(Held::new(buffer)), running: None };
        PersistentReceive { comm: comm.clone(), source, tag, request, last: None }
    }
}

/// A send that can be started again and again. Dropped while it is under way it runs on.
pub struct PersistentSend<B: ItemsMut + Send + 'static> {
    comm: Comm,
    rank: usize,
    tag: i32,
    request: Request<B>,
}

impl<B: ItemsMut + Send + 'static> PersistentSend<B> {
    /// Starts it. If it is still under way, waits for that first.
    ///
    /// # Errors
    /// As [`wait`](PersistentSend::wait); a rank or a tag that can't be.
    pub fn start(&mut self) -> Result<()> {
        self.request.wait(&self.comm)?;
        let to = Destination { comm: &self.comm, rank: self.rank, tag: self.tag };
        let items = self.request.held().items();
        // SAFETY: the items are in the request's buffer, which is only given out by `wait`.
        let operation = unsafe { Operation::send(&to, "persistent_send", Mode::Standard, items) };
        self.request.run(&self.comm, operation)
    }

    /// Waits until the last start is complete (at once, without one) and gives access to the buffer.
    ///
    /// # Errors
    /// A peer that is gone.
    pub fn wait(&mut self) -> Result<&mut [B::Item]> {
        self.request.wait(&self.comm)?;
        Ok(self.request.held_mut().items_mut())
    }

    /// Whether [`wait`](PersistentSend::wait) would return at once.
    pub fn test(&mut self) -> bool {
        self.request.test(&self.comm)
    }

    /// Waits and gives the buffer back.
    ///
    /// # Errors
    /// As [`wait`](PersistentSend::wait).
    pub fn into_buffer(mut self) -> Result<B> {
        self.request.wait(&self.comm)?;
        Ok(self.request.take_buffer())
    }
}

impl<B: ItemsMut + Send + 'static> Drop for PersistentSend<B> {
    fn drop(&mut self) {
        self.request.let_go(&self.comm);
    }
}

/// A receive that can be started again and again. Dropped before a message was matched it is cancelled.
pub struct PersistentReceive<B: ItemsMut + Send + 'static> {
    comm: Comm,
    source: engine::Source,
    tag: engine::TagPattern,
    request: Request<B>,
    last: Option<Status>,
}

impl<B: ItemsMut + Send + 'static> PersistentReceive<B> {
    /// Starts it. If it is still under way, waits for that first.
    ///
    /// # Errors
    /// As [`wait`](PersistentReceive::wait); a rank or a tag that can't be.
    pub fn start(&mut self) -> Result<()> {
        self.wait()?;
        let items: *mut [B::Item] = self.request.held_mut().items_mut();
        let from = Source { comm: &self.comm, source: self.source, tag: self.tag };
        // SAFETY: the items are in the request's buffer, which is only given out by `wait`.
        let operation = unsafe { Operation::receive(&from, "persistent_receive", items) };
        self.request.run(&self.comm, operation)
    }

    /// Waits until the last start is complete and gives the part of the buffer that was received; without a start since the
    /// last wait, the whole buffer at once.
    ///
    /// # Errors
    /// A message that is longer than the buffer or of another type (it is kept), a peer that is gone.
    pub fn wait(&mut self) -> Result<&mut [B::Item]> {
        let received = self.request.wait(&self.comm)?;
        let items = self.request.held_mut().items_mut();
        let count = match received {
            Some((status, count)) => {
                self.last = Some(Status::of(status));
                count
            }
            None => items.len(),
        };
        Ok(&mut items[..count])
    }

    /// Whether [`wait`](PersistentReceive::wait) would return at once.
    pub fn test(&mut self) -> bool {
        self.request.test(&self.comm)
    }

    /// What is known of the message that was received last.
    pub fn status(&self) -> Option<Status> {
        self.last
    }

    /// Waits and gives the buffer back.
    ///
    /// # Errors
    /// As [`wait`](PersistentReceive::wait).
    pub fn into_buffer(mut self) -> Result<B> {
        self.request.wait(&self.comm)?;
        Ok(self.request.take_buffer())
    }
}

impl<B: ItemsMut + Send + 'static> Drop for PersistentReceive<B> {
    fn drop(&mut self) {
        if let Some(operation) = &self.request.running {
            operation.cancel(&self.comm.untyped);
        }
        self.request.let_go(&self.comm);
    }
}

/// A buffer, and the operation that has it now. The buffer is there until `take_buffer` or `let_go`, which come last.
struct Request<B: Send + 'static> {
    held: Option<Held<B>>,
    running: Option<Operation>,
}

impl<B: Items + Send + 'static> Request<B> {
    fn held(&self) -> &B {
        self.held.as_ref().expect("a request has its buffer as long as it lives").get()
    }

    fn held_mut(&mut self) -> &mut B {
        self.held.as_mut().expect("a request has its buffer as long as it lives").get_mut()
    }

    fn run(&mut self, comm: &Comm, operation: Operation) -> Result<()> {
        match operation.failed(&comm.untyped) {
            Some(error) => Err(error),
            None => {
                self.running = Some(operation);
                Ok(())
            }
        }
    }

    fn wait(&mut self, comm: &Comm) -> Result<Option<(engine::Status, usize)>> {
        self.running.take().map(|mut operation| operation.wait(&comm.untyped)).transpose()
    }

    fn test(&mut self, comm: &Comm) -> bool {
        self.running.as_mut().is_none_or(|operation| operation.test(&comm.untyped))
    }

    fn take_buffer(&mut self) -> B {
        self.held.take().expect("a request has its buffer as long as it lives").into_inner()
    }

    fn let_go(&mut self, comm: &Comm) {
        if let (Some(operation), Some(held)) = (self.running.take(), self.held.take()) {
            operation.detach(&comm.untyped, held);
        }
    }
}
