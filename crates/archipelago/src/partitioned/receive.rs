//! The receiving side: parts that can be used as they arrive.

use engine::{RequestId, TagPattern};
use layout::Partible;
use runtime::{Started, undisturbed};

use super::parts::{Opening, Parts, beside};
use crate::address::Source;
use crate::called::called;
use crate::error::Spot;
use crate::kept::Kept;
use crate::{Comm, Error, Result};

impl Source<'_> {
    /// Makes a receive of a buffer in `partitions` equal parts, that can be started again and again: the other side of a
    /// [`partitioned_send`](crate::Destination::partitioned_send).
    ///
    /// # Errors
    /// A number of parts that does not divide the buffer; a rank or a tag that can't be, or any rank or any tag: the two sides
    /// are matched by both.
    #[track_caller]
    pub fn partitioned_receive<B>(&self, buffer: B, partitions: usize) -> Result<PartitionedReceive<B>>
    where
        B: Partible,
    {
        called(self.comm);
        let spot = self.spot("partitioned_receive");
        let parts = Parts::new(buffer, partitions, spot, self.comm)?;
        let (engine::Source::Rank(from), TagPattern::Tag(_)) = (self.source, self.tag) else {
            let what = "a partitioned receive names its source and its tag".to_owned();
            return Err(spot.refuse::<B::Item>(&self.comm.untyped, what));
        };
        let meeting = beside(self.comm, &[]);
        let mut opening = Kept::new([0u64; 3]);
        opening.receive(&Source { comm: &meeting, ..*self }, "partitioned_receive");
        opening.check(self.comm)?;
        let comm = self.comm.clone();
        let phase = Phase::Met(opening);
        Ok(PartitionedReceive { comm, meeting, from, spot, parts, phase, messages: None, started: false })
    }
}

/// A receive whose parts can be used one by one as they arrive. Dropped before it is complete it is cancelled.
pub struct PartitionedReceive<B: Partible> {
    comm: Comm,
    meeting: Comm,
    from: usize,
    spot: Spot,
    parts: Parts<B>,
    phase: Phase,
    /// Of the round under way, once the two sides have met: its messages.
    messages: Option<Vec<Arriving>>,
    started: bool,
}

/// What a receive knows of its sender.
enum Phase {
    /// Nothing yet.
    Met(Kept<Opening>),
    /// In which communicator the messages come, and how many bytes each has.
    Open(Comm, usize),
    /// Why they can't meet.
    Failed(Error),
}

#[derive(Clone, Copy)]
enum Arriving {
    Pending(RequestId),
    Arrived,
}

impl<B: Partible> PartitionedReceive<B> {
    /// Starts a round. If one is under way, waits for that first.
    ///
    /// # Errors
    /// As [`wait`](PartitionedReceive::wait).
    pub fn start(&mut self) -> Result<()> {
        self.wait()?;
        self.started = true;
        self.meet(false)
    }

    /// A part, if it has arrived in this round. Moves things on.
    ///
    /// # Errors
    /// As [`wait`](PartitionedReceive::wait); a part that there is not.
    pub fn arrived(&mut self, index: usize) -> Result<Option<&[B::Item]>> {
        let (partitions, each) = (self.parts.partitions, self.parts.each);
        if index >= partitions {
            let what = format!("there is no part {index} of {partitions}");
            return Err(self.spot.refuse::<B::Item>(&self.comm.untyped, what));
        }
        if self.started {
            self.meet(false)?;
            let Phase::Open(channel, message_bytes) = &self.phase else { return Ok(None) };
            let Some(messages) = &mut self.messages else { return Ok(None) };
            let part = self.parts.part_bytes();
            let covers = |message: usize| {
                let (from, to) = (message * message_bytes, (message + 1) * message_bytes);
                from < (index + 1) * part && index * part < to
            };
            for message in (0..messages.len()).filter(|message| covers(*message)) {
                let Arriving::Pending(request) = messages[message] else { continue };
                match channel.untyped.test(request) {
                    None => return Ok(None),
                    Some(outcome) => {
                        messages[message] = Arriving::Arrived;
                        outcome.map_err(|error| self.spot.explain::<B::Item>(&self.comm.untyped, error))?;
                    }
                }
            }
        }
        // SAFETY: the messages that it is made of have arrived, and the next round needs `self`.
        Ok(Some(unsafe { std::slice::from_raw_parts(self.parts.row().part(index), each) }))
    }

    /// Waits until all parts of the round have arrived (at once, without one) and gives access to the buffer.
    ///
    /// # Errors
    /// A sender whose buffer has another length or type, or that is gone.
    pub fn wait(&mut self) -> Result<&mut [B::Item]> {
        if self.started {
            self.meet(true)?;
            self.started = false;
            let Phase::Open(channel, _) = &self.phase else { unreachable!("they have met") };
            let mut outcome = Ok(());
            for message in self.messages.take().into_iter().flatten() {
                if let Arriving::Pending(request) = message {
                    // All of them: afterwards nothing writes the buffer.
                    outcome = outcome.and(undisturbed(|| channel.untyped.wait(request)).map(drop));
                }
            }
            outcome.map_err(|error| self.spot.explain::<B::Item>(&self.comm.untyped, error))?;
        }
        Ok(self.parts.items_mut())
    }

    /// Waits and gives the buffer back.
    ///
    /// # Errors
    /// As [`wait`](PartitionedReceive::wait).
    pub fn into_buffer(mut self) -> Result<B> {
        self.wait()?;
        Ok(self.parts.take())
    }

    /// Learns of the sender, if it has spoken or if `wait`, and starts the receives of the round.
    fn meet(&mut self, wait: bool) -> Result<()> {
        if let Phase::Met(opening) = &mut self.phase {
            if !wait && !opening.test(&self.meeting) {
                return Ok(());
            }
            let outcome = opening.wait(&self.meeting).map(|_| *opening.buffer());
            self.phase = match outcome {
                Ok(opening) => self.opened(opening),
                Err(error) => Phase::Failed(error),
            };
        }
        match &self.phase {
            Phase::Met(_) => Ok(()),
            Phase::Failed(error) => Err(error.clone()),
            Phase::Open(channel, message_bytes) => {
                if self.started && self.messages.is_none() {
                    let messages = start_receives(channel, self.from, &self.parts, *message_bytes);
                    let explain = |error| self.spot.explain::<B::Item>(&self.comm.untyped, error);
                    self.messages = Some(messages.map_err(explain)?);
                }
                Ok(())
            }
        }
    }

    fn opened(&self, [context, bytes, message_bytes]: Opening) -> Phase {
        let mine = self.parts.bytes();
        // From another process: a sender that says nonsense is refused like one that disagrees.
        let fits = bytes == mine as u64 && (message_bytes > 0 || mine == 0) && message_bytes <= bytes;
        if !fits {
            let what = format!("the sender's buffer has {bytes} bytes and this one has {mine}");
            return Phase::Failed(self.spot.refuse::<B::Item>(&self.comm.untyped, what));
        }
        Phase::Open(beside(&self.comm, &[self.from as u64, context]), message_bytes as usize)
    }
}

impl<B: Partible> Drop for PartitionedReceive<B> {
    fn drop(&mut self) {
        match std::mem::replace(&mut self.phase, Phase::Failed(Error::Layout { why: String::new() })) {
            Phase::Met(opening) => {
                opening.cancel(&self.meeting);
                opening.let_go(&self.meeting);
            }
            Phase::Open(channel, _) => {
                for message in self.messages.take().into_iter().flatten() {
                    if let Arriving::Pending(request) = message {
                        channel.untyped.cancel(request);
                        channel.untyped.detach(request, self.parts.keep());
                    }
                }
            }
            Phase::Failed(_) => {}
        }
    }
}

/// Starts to receive all messages of a round. If one can't be, none is left under way.
fn start_receives<B: Partible>(
    channel: &Comm,
    from: usize,
    parts: &Parts<B>,
    message_bytes: usize,
) -> std::result::Result<Vec<Arriving>, engine::Error> {
    let mut messages = Vec::new();
    let (row, bytes) = (parts.row(), parts.bytes());
    for (message, first) in (0..bytes).step_by(message_bytes.max(1)).enumerate() {
        let (source, tag) = (engine::Source::Rank(from), TagPattern::Tag(message as i32));
        // SAFETY: within the buffer, which nobody uses before the round is over or this part of it has arrived.
        let started = undisturbed(|| unsafe {
            let capacity = message_bytes.min(bytes - first);
            channel.untyped.start_receive_into(source, tag, parts.of, row.from(first), capacity)
        });
        match started {
            Ok(Started::Done(_)) => messages.push(Arriving::Arrived),
            Ok(Started::Pending(request)) => messages.push(Arriving::Pending(request)),
            Err(error) => {
                for message in messages {
                    if let Arriving::Pending(request) = message {
                        channel.untyped.cancel(request);
                        channel.untyped.detach(request, parts.keep());
                    }
                }
                return Err(error);
            }
        }
    }
    Ok(messages)
}
