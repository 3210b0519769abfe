//! Non-blocking operations that own their buffers: `'static`, can be waited for, tested, awaited, dropped or forgotten.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use layout::{Buffer, BufferMut};

use crate::address::{Destination, Source, Status};
use crate::called::called;
use crate::kept::Kept;
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
    #[track_caller]
    pub fn send_owned<B: Buffer + Send + 'static>(&self, data: B) -> SendOwned<B> {
        called(self.comm);
        let mut kept = Kept::new(data);
        kept.send(self, "send_owned");
        SendOwned { running: Some((self.comm.clone(), kept)) }
    }
}

impl Source<'_> {
    /// Starts to receive into a buffer that the operation owns until it is complete: a value, a vector of as many values
    /// as it has, or what a layout [owns](crate::OwnedView) of one. What can't be, is told by [`wait`](ReceiveOwned::wait).
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
    #[track_caller]
    pub fn receive_owned<B: BufferMut + Send + 'static>(&self, buffer: B) -> ReceiveOwned<B> {
        called(self.comm);
        let mut kept = Kept::new(buffer);
        kept.receive(self, "receive_owned");
        ReceiveOwned { running: Some((self.comm.clone(), kept)) }
    }
}

/// A send that owns its buffer. Dropped before it is complete it runs on. As a future it gives what
/// [`wait`](SendOwned::wait) gives, on any executor.
#[must_use = "wait for it to get the buffer back, or drop it to let it run on"]
pub struct SendOwned<B: Buffer + Send + 'static> {
    running: Option<(Comm, Kept<B>)>,
}

impl<B: Buffer + Send + 'static> SendOwned<B> {
    /// Waits until the buffer can be used again and gives it back.
    ///
    /// # Errors
    /// A rank or a tag that can't be, a peer that is gone; with the buffer.
    pub fn wait(mut self) -> Result<B, Failed<B>> {
        let Some((comm, mut kept)) = self.running.take() else { panic!("{POLLED}") };
        let outcome = kept.wait(&comm);
        end(kept, outcome).map(|(buffer, _)| buffer)
    }

    /// Whether it is complete, so that [`wait`](SendOwned::wait) returns at once.
    pub fn test(&mut self) -> bool {
        self.running.as_mut().is_none_or(|(comm, kept)| kept.test(comm))
    }
}

impl<B: Buffer + Send + 'static> Future for SendOwned<B> {
    type Output = Result<B, Failed<B>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some((comm, kept)) = &mut self.running else { panic!("{POLLED}") };
        match kept.poll(comm, context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(outcome) => {
                let Some((_, kept)) = self.running.take() else { panic!("{POLLED}") };
                Poll::Ready(end(kept, outcome).map(|(buffer, _)| buffer))
            }
        }
    }
}

impl<B: Buffer + Send + 'static> Drop for SendOwned<B> {
    fn drop(&mut self) {
        if let Some((comm, kept)) = self.running.take() {
            kept.let_go(&comm);
        }
    }
}

/// A receive that owns its buffer. Dropped before a message was matched it is cancelled. As a future it gives what
/// [`wait`](ReceiveOwned::wait) gives, on any executor.
#[must_use = "wait for it to get what is received; dropped it is cancelled"]
pub struct ReceiveOwned<B: BufferMut + Send + 'static> {
    running: Option<(Comm, Kept<B>)>,
}

impl<B: BufferMut + Send + 'static> ReceiveOwned<B> {
    /// Waits for the message and gives the buffer back, with what is known of the message.
    ///
    /// # Errors
    /// A rank or a tag that can't be, a peer that is gone, a message that is longer than the buffer or of another type (it is
    /// kept); with the buffer.
    pub fn wait(mut self) -> Result<(B, Status), Failed<B>> {
        let Some((comm, mut kept)) = self.running.take() else { panic!("{POLLED}") };
        let outcome = kept.wait(&comm);
        end(kept, outcome.map(status))
    }

    /// Waits until [`wait`](ReceiveOwned::wait) returns at once.
    ///
    /// # Errors
    /// [`FailurePending`](crate::Error::FailurePending), of a receive from any rank: a rank is gone, and nobody has
    /// [acknowledged](Comm::acknowledge_failures) that. The receive stays posted, and this can be called again.
    ///
    /// ```no_run
    /// # let world = archipelago::init()?;
    /// use archipelago::Error;
    /// let mut incoming = world.from_any().receive_owned(vec![0.0; 8]);
    /// while let Err(Error::FailurePending { rank, .. }) = incoming.ready() {
    ///     eprintln!("rank {rank} is gone: its part is left out");
    ///     world.acknowledge_failures();
    /// }
    /// let (values, status) = incoming.wait()?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn ready(&mut self) -> Result<()> {
        self.running.as_mut().map_or(Ok(()), |(comm, kept)| kept.ready(comm))
    }

    /// Whether it is complete, so that [`wait`](ReceiveOwned::wait) returns at once.
    pub fn test(&mut self) -> bool {
        self.running.as_mut().is_none_or(|(comm, kept)| kept.test(comm))
    }

    /// Cancels it, unless a message was matched; [`wait`](ReceiveOwned::wait) tells which, and gives the buffer back.
    pub fn cancel(&mut self) {
        if let Some((comm, kept)) = &self.running {
            kept.cancel(comm);
        }
    }
}

impl<B: BufferMut + Send + 'static> Future for ReceiveOwned<B> {
    type Output = Result<(B, Status), Failed<B>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some((comm, kept)) = &mut self.running else { panic!("{POLLED}") };
        match kept.poll(comm, context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(outcome) => {
                let Some((_, kept)) = self.running.take() else { panic!("{POLLED}") };
                Poll::Ready(end(kept, outcome.map(status)))
            }
        }
    }
}

impl<B: BufferMut + Send + 'static> Drop for ReceiveOwned<B> {
    fn drop(&mut self) {
        if let Some((comm, kept)) = self.running.take() {
            kept.cancel(&comm);
            kept.let_go(&comm);
        }
    }
}

/// What has a waker woken when it is complete. Only this crate's operations.
pub trait Watched {
    /// The communicator to wait on; `None`: it is complete already.
    #[doc(hidden)]
    fn watch(&self, waker: Waker) -> Option<Comm>;
}

impl<B: Buffer + Send + 'static> Watched for SendOwned<B> {
    fn watch(&self, waker: Waker) -> Option<Comm> {
        let (comm, kept) = self.running.as_ref()?;
        kept.watch(comm, waker).then(|| comm.clone())
    }
}

impl<B: BufferMut + Send + 'static> Watched for ReceiveOwned<B> {
    fn watch(&self, waker: Waker) -> Option<Comm> {
        let (comm, kept) = self.running.as_ref()?;
        kept.watch(comm, waker).then(|| comm.clone())
    }
}

const POLLED: &str = "an operation was polled after it had given its result";

/// The operation is complete: its buffer comes back, with what came of it.
fn end<B: Send + 'static, R>(kept: Kept<B>, outcome: Result<R>) -> Result<(B, R), Failed<B>> {
    let buffer = kept.into_buffer();
    match outcome {
        Ok(result) => Ok((buffer, result)),
        Err(error) => Err(Failed { error, buffer }),
    }
}

/// What a receive that has not been waited for tells of its message.
fn status(received: Option<(engine::Status, usize)>) -> Status {
    Status::of(received.map(|(status, _)| status).unwrap_or_default())
}
