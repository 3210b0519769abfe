//! Buffered sends: the message is copied, and the caller goes on at once, whatever its receiver does.

use std::collections::VecDeque;

use layout::{Buffer, Copied, Memory};
use wire::Wire;

use crate::address::Destination;
use crate::called::called;
use crate::kept::Kept;
use crate::lending::length;
use crate::{Comm, Error, Result};

/// Room for messages that were sent and not taken yet, of a size that is never exceeded. (MPI 5.0 §3.6, where it is attached to
/// a communicator; here it is named by each send, so that a library has its own.)
///
/// Dropping it lets its messages run on.
///
/// ```
/// # archipelago::testing::run(2, |world| {
/// use archipelago::SendBuffer;
/// let other = 1 - world.rank();
/// let mut buffer = SendBuffer::new(1 << 20);
/// // Both send first: with room for the messages nobody waits.
/// world.to(other).send_buffered(&mut buffer, &vec![1.0; 50_000])?;
/// let theirs: Vec<f64> = world.from(other).receive()?;
/// assert_eq!(theirs.len(), 50_000);
/// buffer.flush()?;
/// assert_eq!(buffer.used(), 0);
/// # Ok::<(), archipelago::Error>(())
/// # });
/// ```
pub struct SendBuffer {
    bytes_max: usize,
    used: usize,
    running: VecDeque<(usize, Box<dyn Running>)>,
}

impl SendBuffer {
    /// What each message takes beside its bytes: its entry here and its operation. (MPI 5.0 §3.6.1: `MPI_BSEND_OVERHEAD`.)
    pub const MESSAGE_OVERHEAD: usize = 256;

    /// Room for `bytes_max` bytes of messages, each of which counts [`MESSAGE_OVERHEAD`](SendBuffer::MESSAGE_OVERHEAD) more. It
    /// is not allocated before it is used.
    pub fn new(bytes_max: usize) -> SendBuffer {
        SendBuffer { bytes_max, used: 0, running: VecDeque::new() }
    }

    /// What is taken by the messages that have not been taken, as far as is known: [`flush`](SendBuffer::flush), and a send that
    /// finds no room, look.
    pub fn used(&self) -> usize {
        self.used
    }

    /// Waits until all messages have been taken.
    ///
    /// # Errors
    /// That of the first that could not be sent: a peer that is gone.
    pub fn flush(&mut self) -> Result<()> {
        let mut outcome = Ok(());
        while let Some((bytes, mut running)) = self.running.pop_front() {
            self.used -= bytes;
            outcome = outcome.and(running.wait());
        }
        outcome
    }

    /// Forgets what has been taken.
    fn reclaim(&mut self) {
        let mut freed = 0;
        self.running.retain_mut(|(bytes, running)| {
            // One that has failed stays: its error is for `flush`.
            let taken = running.is_taken();
            freed += if taken { *bytes } else { 0 };
            !taken
        });
        self.used -= freed;
    }
}

impl Destination<'_> {
    /// Copies a message into `buffer` and returns at once; it is sent from there.
    ///
    /// Costs a copy besides the message.
    ///
    /// # Errors
    /// [`Error::NoRoom`] when the messages that have not been taken leave too little room in the buffer; a rank or a tag that
    /// can't be; a peer that is known to be gone. Nothing was sent.
    #[track_caller]
    pub fn send_buffered<B: Buffer + ?Sized>(&self, buffer: &mut SendBuffer, data: &B) -> Result<()> {
        called(self.comm);
        let kept = match data.memory() {
            Memory::Row(items) => size_of_val(items),
            Memory::LaidOut(placed, _) => placed.bytes(),
        };
        // Of a type that is not sent where it lies its encoding is kept as well.
        let encoded = if B::Item::FORM.sent_in_place() { 0 } else { length(data) * B::Item::BYTES };
        let bytes = kept + encoded + SendBuffer::MESSAGE_OVERHEAD;
        if bytes > buffer.bytes_max - buffer.used {
            buffer.reclaim();
        }
        let have = buffer.bytes_max - buffer.used;
        if bytes > have {
            let place = self.spot("send_buffered").place::<B::Item>(&self.comm.untyped);
            return Err(Error::NoRoom { have, need: bytes, place });
        }
        let mut kept = Kept::new(Copied::of(data)?);
        kept.send(self, "send_buffered");
        kept.check(self.comm)?;
        if kept.test(self.comm) {
            kept.wait(self.comm)?;
        } else {
            buffer.used += bytes;
            let sent = Sent { comm: self.comm.clone(), kept: Some(kept), outcome: Ok(()) };
            buffer.running.push_back((bytes, Box::new(sent)));
        }
        Ok(())
    }
}

/// A message under way, whatever its type.
trait Running: Send {
    fn is_taken(&mut self) -> bool;
    fn wait(&mut self) -> Result<()>;
}

struct Sent<T: Wire> {
    comm: Comm,
    /// There until it is complete, or dropped.
    kept: Option<Kept<Copied<T>>>,
    /// How it has ended, if it has.
    outcome: Result<()>,
}

impl<T: Wire> Running for Sent<T> {
    fn is_taken(&mut self) -> bool {
        if let Some(mut kept) = self.kept.take() {
            match kept.test(&self.comm) {
                true => self.outcome = kept.wait(&self.comm).map(drop),
                false => self.kept = Some(kept),
            }
        }
        self.kept.is_none() && self.outcome.is_ok()
    }

    fn wait(&mut self) -> Result<()> {
        if let Some(mut kept) = self.kept.take() {
            self.outcome = kept.wait(&self.comm).map(drop);
        }
        std::mem::replace(&mut self.outcome, Ok(()))
    }
}

impl<T: Wire> Drop for Sent<T> {
    fn drop(&mut self) {
        if let Some(kept) = self.kept.take() {
            kept.let_go(&self.comm);
        }
    }
}
