//! Non-blocking operations that own their buffers: `'static`, can be waited for, tested, awaited, dropped or forgotten.

use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll};

use engine::Mode;
use wire::{Items, ItemsMut};

use crate::address::{Destination, Source, Status};
use crate::operation::Operation;
use crate::{Comm, Failed, Result};

impl Destination<'_> {
    /// Starts to send a buffer that the operation owns until it is complete. What can't be, is told by
    /// [`wait`](SendOwned::wait).
    ///
    /// ```
    /// # archipelago::testing::run(2, |world| {
    /// if world.rank() == 0 {
    ///     let sent = world.to(1).send_owned(vec![1u64; 100_000]);
    ///     let buffer = sent.wait()?;
    ///     assert_eq!(buffer.len(), 100_000);
    ///     // A rank that is not there: the error has the buffer.
    ///     let failed = world.to(5).send_owned(buffer).wait().unwrap_err();
    ///     assert_eq!(failed.buffer.len(), 100_000);
    /// } else {
    ///     assert_eq!(world.from(0).receive::<Vec<u64>>()?.len(), 100_000);
    /// }
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn send_owned<B: Items + Send + 'static>(&self, data: B) -> SendOwned<B> {
        let held = Held::new(data);
        // SAFETY: the items are in `held`, which nobody touches until the operation is complete.
        let operation = unsafe { Operation::send(self, "send_owned", Mode::Standard, held.get().items()) };
        SendOwned { running: Some(Running { comm: self.comm.clone(), operation, held }) }
    }
}

impl Source<'_> {
    /// Starts to receive into a buffer that the operation owns until it is complete: a value, or a vector of as many values
    /// as it has. What can't be, is told by [`wait`](ReceiveOwned::wait).
    ///
    /// ```
    /// # archipelago::testing::run(2, |world| {
    /// if world.rank() == 0 {
    ///     world.to(1).send(&[1.0, 2.0])?;
    /// } else {
    ///     let incoming = world.from(0).receive_owned(vec![0.0; 4]);
    ///     let (buffer, status) = incoming.wait()?;
    ///     assert_eq!((buffer, status.count::<f64>()), (vec![1.0, 2.0, 0.0, 0.0], 2));
    /// }
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn receive_owned<B: ItemsMut + Send + 'static>(&self, buffer: B) -> ReceiveOwned<B> {
        let mut held = Held::new(buffer);
        let items: *mut [B::Item] = held.get_mut().items_mut();
        // SAFETY: the items are in `held`, which nobody touches until the operation has been waited for.
        let operation = unsafe { Operation::receive(self, "receive_owned", items) };
        ReceiveOwned { running: Some(Running { comm: self.comm.clone(), operation, held }) }
    }
}

/// A send that owns its buffer. Dropped before it is complete it runs on. As a future it gives what
/// [`wait`](SendOwned::wait) gives, on any executor.
#[must_use = "wait for it to get the buffer back, or drop it to let it run on"]
pub struct SendOwned<B: Items + Send + 'static> {
    running: Option<Running<B>>,
}

impl<B: Items + Send + 'static> SendOwned<B> {
    /// Waits until the buffer can be used again and gives it back.
    ///
    /// # Errors
    /// A rank or a tag that can't be, a peer that is gone; with the buffer.
    pub fn wait(mut self) -> Result<B, Failed<B>> {
        let Some(mut running) = self.running.take() else { panic!("{POLLED}") };
        let outcome = running.operation.wait(&running.comm.untyped).map(drop);
        running.end(outcome).map(|(buffer, ())| buffer)
    }

    /// Whether it is complete, so that [`wait`](SendOwned::wait) returns at once.
    pub fn test(&mut self) -> bool {
        self.running.as_mut().is_none_or(Running::test)
    }
}

impl<B: Items + Send + 'static> Future for SendOwned<B> {
    type Output = Result<B, Failed<B>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(running) = &mut self.running else { panic!("{POLLED}") };
        match running.operation.poll(&running.comm.untyped, context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(outcome) => {
                let Some(running) = self.running.take() else { panic!("{POLLED}") };
                Poll::Ready(running.end(outcome.map(drop)).map(|(buffer, ())| buffer))
            }
        }
    }
}

impl<B: Items + Send + 'static> Drop for SendOwned<B> {
    fn drop(&mut self) {
        if let Some(Running { comm, operation, held }) = self.running.take() {
            operation.detach(&comm.untyped, held);
        }
    }
}

/// A receive that owns its buffer. Dropped before a message was matched it is cancelled. As a future it gives what
/// [`wait`](ReceiveOwned::wait) gives, on any executor.
#[must_use = "wait for it to get what is received; dropped it is cancelled"]
pub struct ReceiveOwned<B: ItemsMut + Send + 'static> {
    running: Option<Running<B>>,
}

impl<B: ItemsMut + Send + 'static> ReceiveOwned<B> {
    /// Waits for the message and gives the buffer back, with what is known of the message.
    ///
    /// # Errors
    /// A rank or a tag that can't be, a peer that is gone, a message that is longer than the buffer or of another type (it is
    /// kept); with the buffer.
    pub fn wait(mut self) -> Result<(B, Status), Failed<B>> {
        let Some(mut running) = self.running.take() else { panic!("{POLLED}") };
        let outcome = running.operation.wait(&running.comm.untyped);
        running.end(outcome.map(|(status, _)| Status::of(status)))
    }

    /// Whether it is complete, so that [`wait`](ReceiveOwned::wait) returns at once.
    pub fn test(&mut self) -> bool {
        self.running.as_mut().is_none_or(Running::test)
    }

    /// Cancels it, unless a message was matched; [`wait`](ReceiveOwned::wait) tells which, and gives the buffer back.
    pub fn cancel(&mut self) {
        if let Some(running) = &self.running {
            running.operation.cancel(&running.comm.untyped);
        }
    }
}

impl<B: ItemsMut + Send + 'static> Future for ReceiveOwned<B> {
    type Output = Result<(B, Status), Failed<B>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(running) = &mut self.running else { panic!("{POLLED}") };
        match running.operation.poll(&running.comm.untyped, context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(outcome) => {
                let Some(running) = self.running.take() else { panic!("{POLLED}") };
                Poll::Ready(running.end(outcome.map(|(status, _)| Status::of(status))))
            }
        }
    }
}

impl<B: ItemsMut + Send + 'static> Drop for ReceiveOwned<B> {
    fn drop(&mut self) {
        if let Some(Running { comm, operation, held }) = self.running.take() {
            operation.cancel(&comm.untyped);
            operation.detach(&comm.untyped, held);
        }
    }
}

const POLLED: &str = "an operation was polled after it had given its result";

struct Running<B: Send + 'static> {
    comm: Comm,
    operation: Operation,
    held: Held<B>,
}

impl<B: Send + 'static> Running<B> {
    fn test(&mut self) -> bool {
        self.operation.test(&self.comm.untyped)
    }

    /// The operation is complete: its buffer comes back, with what came of it.
    fn end<R>(self, outcome: Result<R>) -> Result<(B, R), Failed<B>> {
        let buffer = self.held.into_inner();
        match outcome {
            Ok(result) => Ok((buffer, result)),
            Err(error) => Err(Failed { error, buffer }),
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

    /// The buffer, while no operation has it.
    pub fn get(&self) -> &B {
        // SAFETY: it was made from a Box that nobody else has.
        unsafe { self.at.as_ref() }
    }

    /// The buffer, while no operation has it.
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
