//! Operations that are described once and started as often as one likes; they own their buffers.

use engine::Mode;
use layout::OwnedBuffer;

use crate::address::{Destination, Source, Status};
use crate::called::called;
use crate::kept::Kept;
use crate::{Comm, Result};

impl Destination<'_> {
    /// Makes a send that can be started again and again, from a buffer that it owns: a vector, a value, or what a layout
    /// selects of a vector ([`Layout::own`](crate::Layout::own)), which then is the buffer.
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
    pub fn persistent_send<B: OwnedBuffer>(&self, buffer: B) -> PersistentSend<B> {
        let Destination { comm, rank, tag, mode } = *self;
        PersistentSend { comm: comm.clone(), rank, tag, mode, kept: Some(Kept::new(buffer)) }
    }
}

impl Source<'_> {
    /// Makes a receive that can be started again and again, into a buffer that it owns.
    pub fn persistent_receive<B: OwnedBuffer>(&self, buffer: B) -> PersistentReceive<B> {
        let Source { comm, source, tag } = *self;
        PersistentReceive { comm: comm.clone(), source, tag, kept: Some(Kept::new(buffer)), last: None }
    }
}

/// A send that can be started again and again. Dropped while it is under way it runs on.
pub struct PersistentSend<B: OwnedBuffer> {
    comm: Comm,
    rank: usize,
    tag: i32,
    mode: Mode,
    /// There until the end: `into_buffer` or the drop.
    kept: Option<Kept<B>>,
}

impl<B: OwnedBuffer> PersistentSend<B> {
    /// Starts it. If it is still under way, waits for that first.
    ///
    /// # Errors
    /// As [`wait`](PersistentSend::wait); a rank or a tag that can't be.
    #[track_caller]
    pub fn start(&mut self) -> Result<()> {
        called(&self.comm);
        let Some(kept) = &mut self.kept else { unreachable!("{ENDED}") };
        kept.wait(&self.comm)?;
        let to = Destination { comm: &self.comm, rank: self.rank, tag: self.tag, mode: self.mode };
        kept.send(&to, "persistent_send");
        kept.check(&self.comm)
    }

    /// Waits until the last start is complete (at once, without one) and gives access to the buffer.
    ///
    /// # Errors
    /// A peer that is gone.
    pub fn wait(&mut self) -> Result<&mut [B::Item]> {
        let Some(kept) = &mut self.kept else { unreachable!("{ENDED}") };
        kept.wait(&self.comm)?;
        Ok(kept.buffer().access(None))
    }

    /// Whether [`wait`](PersistentSend::wait) would return at once.
    pub fn test(&mut self) -> bool {
        self.kept.as_mut().is_none_or(|kept| kept.test(&self.comm))
    }

    /// Waits and gives the buffer back.
    ///
    /// # Errors
    /// As [`wait`](PersistentSend::wait).
    pub fn into_buffer(mut self) -> Result<B> {
        let Some(mut kept) = self.kept.take() else { unreachable!("{ENDED}") };
        let outcome = kept.wait(&self.comm);
        outcome.map(|_| kept.into_buffer())
    }
}

impl<B: OwnedBuffer> Drop for PersistentSend<B> {
    fn drop(&mut self) {
        if let Some(kept) = self.kept.take() {
            kept.let_go(&self.comm);
        }
    }
}

/// A receive that can be started again and again. Dropped before a message was matched it is cancelled.
pub struct PersistentReceive<B: OwnedBuffer> {
    comm: Comm,
    source: engine::Source,
    tag: engine::TagPattern,
    /// There until the end: `into_buffer` or the drop.
    kept: Option<Kept<B>>,
    last: Option<Status>,
}

impl<B: OwnedBuffer> PersistentReceive<B> {
    /// Starts it. If it is still under way, waits for that first.
    ///
    /// # Errors
    /// As [`wait`](PersistentReceive::wait); a rank or a tag that can't be.
    #[track_caller]
    pub fn start(&mut self) -> Result<()> {
        called(&self.comm);
        self.wait()?;
        let Some(kept) = &mut self.kept else { unreachable!("{ENDED}") };
        kept.receive(&Source { comm: &self.comm, source: self.source, tag: self.tag }, "persistent_receive");
        kept.check(&self.comm)
    }

    /// Waits until the last start is complete and gives the part of the buffer that was received; without a start since the
    /// last wait, the whole buffer at once.
    ///
    /// # Errors
    /// A message that is longer than the buffer or of another type (it is kept), a peer that is gone.
    pub fn wait(&mut self) -> Result<&mut [B::Item]> {
        let Some(kept) = &mut self.kept else { unreachable!("{ENDED}") };
        let received = kept.wait(&self.comm)?;
        if let Some((status, _)) = received {
            self.last = Some(Status::of(status));
        }
        Ok(kept.buffer().access(received.map(|(_, count)| count)))
    }

    /// Waits until [`wait`](PersistentReceive::wait) returns at once.
    ///
    /// # Errors
    /// As [`ReceiveOwned::ready`](crate::ReceiveOwned::ready).
    pub fn ready(&mut self) -> Result<()> {
        self.kept.as_mut().map_or(Ok(()), |kept| kept.ready(&self.comm))
    }

    /// Whether [`wait`](PersistentReceive::wait) would return at once.
    pub fn test(&mut self) -> bool {
        self.kept.as_mut().is_none_or(|kept| kept.test(&self.comm))
    }

    /// Cancels it, unless a message was matched; [`wait`](PersistentReceive::wait) tells which. It can be started again.
    pub fn cancel(&mut self) {
        if let Some(kept) = &self.kept {
            kept.cancel(&self.comm);
        }
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
        let Some(mut kept) = self.kept.take() else { unreachable!("{ENDED}") };
        let outcome = kept.wait(&self.comm);
        outcome.map(|_| kept.into_buffer())
    }
}

impl<B: OwnedBuffer> Drop for PersistentReceive<B> {
    fn drop(&mut self) {
        if let Some(kept) = self.kept.take() {
            kept.cancel(&self.comm);
            kept.let_go(&self.comm);
        }
    }
}

const ENDED: &str = "only what ends the request takes its buffer";
