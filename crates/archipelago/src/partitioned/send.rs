//! The sending side: parts that any thread fills and gives away.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use engine::{Mode, RequestId, TypeTag};
use layout::Partible;
use runtime::{Started, undisturbed};
use wire::Wire;

use super::parts::{Opening, Parts, Row, beside};
use crate::address::Destination;
use crate::called::called;
use crate::error::Spot;
use crate::kept::Kept;
use crate::{Comm, Result};

/// Parts are put together until a message has so many bytes: from there on the price of a message is small beside that of its
/// bytes.
const MESSAGE_BYTES_MIN: usize = 16 << 10;

impl Destination<'_> {
    /// Makes a send of a buffer in `partitions` equal parts, that can be started again and again. It meets the
    /// [`partitioned_receive`](crate::Source::partitioned_receive) of this rank with the same tag on the other side, in the order in
    /// which they are made; the other side may have another number of parts.
    ///
    /// Costs one small message now; later, for each round, one message for each part, or for as many neighbouring parts as make
    /// 16 KiB.
    ///
    /// # Errors
    /// A number of parts that does not divide the buffer; a rank or a tag that can't be.
    ///
    /// ```
    /// # archipelago::testing::run(2, |world| {
    /// const PARTS: usize = 8;
    /// if world.rank() == 0 {
    ///     let mut outgoing = world.to(1).partitioned_send(vec![0u64; 8000], PARTS)?;
    ///     for round in 0..3 {
    ///         // Each thread computes a part; it is on its way as soon as it is ready.
    ///         std::thread::scope(|threads| {
    ///             for mut part in outgoing.start()? {
    ///                 threads.spawn(move || {
    ///                     part.fill(round);
    ///                     part.ready()
    ///                 });
    ///             }
    ///             Ok::<(), archipelago::Error>(())
    ///         })?;
    ///         outgoing.wait()?;
    ///     }
    /// } else {
    ///     let mut incoming = world.from(0).partitioned_receive(vec![0u64; 8000], PARTS)?;
    ///     for round in 0..3 {
    ///         incoming.start()?;
    ///         while incoming.arrived(3)?.is_none() {}
    ///         assert_eq!(incoming.arrived(3)?, Some(&[round; 1000][..]));
    ///         assert!(incoming.wait()?.iter().all(|value| *value == round));
    ///     }
    /// }
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn partitioned_send<B>(&self, buffer: B, partitions: usize) -> Result<PartitionedSend<B>>
    where
        B: Partible,
    {
        called(self.comm);
        let spot = self.spot("partitioned_send");
        let parts = Parts::new(buffer, partitions, spot, self.comm)?;
        let context = self.comm.untyped.process().new_context();
        let Some(context) = context else {
            return Err(spot.explain::<B::Item>(&self.comm.untyped, engine::Error::ContextsUsedUp));
        };
        let together = MESSAGE_BYTES_MIN.div_ceil(parts.part_bytes().max(1)).clamp(1, partitions);
        let message_bytes = together * parts.part_bytes();
        let meeting = beside(self.comm, &[]);
        let mut opening = Kept::new([context.0, parts.bytes() as u64, message_bytes as u64]);
        opening.send(&Destination { comm: &meeting, ..*self }, "partitioned_send");
        opening.check(self.comm)?;
        let channel = beside(self.comm, &[self.comm.rank() as u64, context.0]);
        let channel = Channel { comm: channel, to: self.rank, of: parts.of, spot, together };
        Ok(PartitionedSend { meeting, opening: Some(opening), channel, parts, round: None })
    }
}

/// A send whose parts become ready one by one. Dropped while it is under way it runs on with what is ready.
pub struct PartitionedSend<B: Partible> {
    meeting: Comm,
    /// Until the first wait.
    opening: Option<Kept<Opening>>,
    channel: Channel,
    parts: Parts<B>,
    round: Option<Round>,
}

impl<B: Partible> PartitionedSend<B> {
    /// Starts a round, and gives its parts: to be filled, and then to be told [`ready`](Partition::ready). If a round is under
    /// way, waits for that first.
    ///
    /// # Errors
    /// As [`wait`](PartitionedSend::wait).
    pub fn start(&mut self) -> Result<Vec<Partition<'_, B::Item>>> {
        self.wait()?;
        let round = self.round.insert(Round::new(self.parts.partitions, self.channel.together));
        let (channel, parts) = (&self.channel, &self.parts);
        let round = &*round;
        let partition = |index| Partition { channel, round, buffer: parts.row(), index, borrow: PhantomData };
        Ok((0..parts.partitions).map(partition).collect())
    }

    /// Waits until the last round is complete (at once, without one) and gives access to the buffer.
    ///
    /// # Errors
    /// A peer that is gone; a part that was forgotten (`std::mem::forget`) before it was ready.
    pub fn wait(&mut self) -> Result<&mut [B::Item]> {
        if let Some(mut opening) = self.opening.take() {
            opening.wait(&self.meeting)?;
        }
        if let Some(round) = self.round.take() {
            let comm = &self.channel.comm.untyped;
            let missing = round.missing(self.channel.together);
            let Sending { requests, failed } = round.into_sending();
            let mut outcome = failed.map_or(Ok(()), Err);
            for request in requests {
                // All of them: afterwards nothing reads the buffer.
                outcome = outcome.and(undisturbed(|| comm.wait(request)).map(drop));
            }
            outcome.map_err(|error| self.channel.spot.explain::<B::Item>(comm, error))?;
            if let Some(index) = missing {
                let what = format!("a part was never ready (it is among those from number {index} on)");
                return Err(self.channel.spot.refuse::<B::Item>(comm, what));
            }
        }
        Ok(self.parts.items_mut())
    }

    /// Waits and gives the buffer back.
    ///
    /// # Errors
    /// As [`wait`](PartitionedSend::wait).
    pub fn into_buffer(mut self) -> Result<B> {
        self.wait()?;
        Ok(self.parts.take())
    }
}

impl<B: Partible> Drop for PartitionedSend<B> {
    fn drop(&mut self) {
        if let Some(opening) = self.opening.take() {
            opening.let_go(&self.meeting);
        }
        for request in self.round.take().into_iter().flat_map(|round| round.into_sending().requests) {
            self.channel.comm.untyped.detach(request, self.parts.keep());
        }
    }
}

/// Where a send's messages go.
struct Channel {
    comm: Comm,
    to: usize,
    of: TypeTag,
    spot: Spot,
    /// How many parts make a message.
    together: usize,
}

/// A round of a send.
struct Round {
    /// Of each message, how many of its parts are not ready.
    left: Box<[AtomicUsize]>,
    sending: Mutex<Sending>,
}

#[derive(Default)]
struct Sending {
    requests: Vec<RequestId>,
    failed: Option<engine::Error>,
}

impl Round {
    fn new(partitions: usize, together: usize) -> Round {
        let messages = partitions.div_ceil(together);
        let left = |message: usize| together.min(partitions - message * together);
        let left = (0..messages).map(|message| AtomicUsize::new(left(message))).collect();
        Round { left, sending: Mutex::default() }
    }

    /// The first part of a message that lacks a part.
    fn missing(&self, together: usize) -> Option<usize> {
        // Relaxed: all parts are gone, which their borrow of the request has ordered before this.
        self.left.iter().position(|left| left.load(Ordering::Relaxed) > 0).map(|message| message * together)
    }

    fn sending(&self) -> MutexGuard<'_, Sending> {
        self.sending.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn into_sending(self) -> Sending {
        self.sending.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// A part of a buffer that is being sent: a slice of values, until it is [`ready`](Partition::ready). Dropped it is ready as it is.
pub struct Partition<'r, T: Wire> {
    channel: &'r Channel,
    round: &'r Round,
    buffer: Row<T>,
    index: usize,
    borrow: PhantomData<&'r mut [T]>,
}

// SAFETY: it stands for the `&mut [T]` of its own part, beside references that any thread may have.
unsafe impl<T: Wire> Send for Partition<'_, T> {}

impl<T: Wire> Partition<'_, T> {
    /// Its number in the buffer.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Gives it to the runtime, which sends it as soon as its neighbours of the same message are ready.
    ///
    /// # Errors
    /// A peer that is gone; [`wait`](PartitionedSend::wait) tells it as well.
    pub fn ready(self) -> Result<()> {
        let mut part = std::mem::ManuallyDrop::new(self);
        let (spot, comm) = (part.channel.spot, &part.channel.comm.untyped);
        part.finish().map_err(|error| spot.explain::<T>(comm, error))
    }

    fn finish(&mut self) -> std::result::Result<(), engine::Error> {
        let Channel { comm, to, of, together, .. } = self.channel;
        let message = self.index / together;
        // AcqRel: whoever is last sees what the others have written into their parts.
        if self.round.left[message].fetch_sub(1, Ordering::AcqRel) > 1 {
            return Ok(());
        }
        let message_bytes = together * self.buffer.part_bytes;
        let first = message * message_bytes;
        let bytes = message_bytes.min(self.buffer.bytes() - first);
        if bytes == 0 {
            // Nobody waits for it.
            return Ok(());
        }
        // SAFETY: all parts of the message are ready: nobody writes them before the round is over, which takes the request.
        let started = undisturbed(|| unsafe {
            let (tag, from) = (message as i32, self.buffer.from(first));
            comm.untyped.start_send_from(*to, tag, *of, from, bytes, Mode::Standard)
        });
        match started {
            Ok(Started::Done(_)) => Ok(()),
            Ok(Started::Pending(request)) => {
                self.round.sending().requests.push(request);
                Ok(())
            }
            Err(error) => {
                self.round.sending().failed.get_or_insert(error.clone());
                Err(error)
            }
        }
    }
}

impl<T: Wire> Drop for Partition<'_, T> {
    fn drop(&mut self) {
        // `wait` tells of it.
        let _ = self.finish();
    }
}

impl<T: Wire> Deref for Partition<'_, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: nobody else has this part while it is not ready.
        unsafe { std::slice::from_raw_parts(self.buffer.part(self.index), self.buffer.each) }
    }
}

impl<T: Wire> DerefMut for Partition<'_, T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.buffer.part(self.index), self.buffer.each) }
    }
}
