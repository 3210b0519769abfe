//! What is sent: at once outside of turns, through a bounded queue within.

use std::sync::Arc;

use fabric::Peer;

use super::answer::{Owed, Unanswered};
use super::frames::{Claim, Head, Kind, OBJECT_MASK, envelope};
use crate::envelope::Envelope;
use crate::request::{Owner, State};
use crate::retract::Retraction;
use crate::send::{Data, SendPhase, SendState, Sent, error_at_rank};
use crate::work::{Part, Ticket};
use crate::{Communicator, Error, Lane, TypeTag, Work};

/// Messages that the handlers of a communicator have sent and this process still has: what is beyond is refused with an
/// error. So many that a burst of small messages to thousands of ranks fits, at 128 bytes of memory each.
pub const OUTGOING_MESSAGES_MAX: usize = 1 << 16;

/// Bytes of these messages.
pub const OUTGOING_BYTES_MAX: usize = 64 << 20;

/// Calls of a lane without an answer. Each reserves an entry for its answer here, and a peer may owe so many frames to this
/// process, for whose room it needs memory if this process doesn't look.
pub const CALLS_MAX: usize = 1 << 14;

/// For whom a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The rank.
    pub rank: usize,
    /// The id of the object there.
    pub object: u64,
}

/// A payload that the lane keeps until it is sent.
pub struct Parcel {
    /// What it is made of.
    pub of: TypeTag,
    /// The bytes.
    pub data: Data,
    /// What the bytes are in.
    pub keep: Option<Box<dyn Send>>,
}

impl std::fmt::Debug for Parcel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parcel").field("data", &self.data).finish_non_exhaustive()
    }
}

/// A message that waits for the end of a turn.
pub(crate) struct Waiting {
    pub to: Target,
    pub kind: Kind,
    pub head: Head,
    pub parcel: Parcel,
}

impl Lane {
    /// Sends a one-way message whose bytes are `data`, valid until the send is complete: when the buffer can be used again. A
    /// message that goes with its envelope is so at once; one for which there is no credit when its turn has come.
    ///
    /// # Errors
    /// A rank that can't be, a peer that is gone.
    pub fn tell_object(
        &mut self,
        communicator: &Arc<Communicator>,
        to: Target,
        of: TypeTag,
        data: Data,
    ) -> Result<Sent, Error> {
        self.check_serves(communicator)?;
        let peer = self.peer(communicator, to.rank)?;
        self.introduce(peer, of);
        let envelope = envelope(communicator.context.0, Kind::Tell, to.object, of.signature);
        // First, so that a channel is there that counts it.
        self.channel(communicator);
        self.send_headed(peer, envelope, Head::NONE, data, Owner::User)
            .map_err(|error| error_at_rank(error, to.rank))
    }

    /// The same with bytes that the lane keeps. In a turn the message goes into the outgoing queue.
    ///
    /// # Errors
    /// As [`tell_object`](Lane::tell_object); in a turn, that the outgoing queue is full.
    pub fn tell_kept(
        &mut self,
        communicator: &Arc<Communicator>,
        to: Target,
        parcel: Parcel,
        in_turn: bool,
    ) -> Result<(), Error> {
        self.check_serves(communicator)?;
        let peer = self.peer(communicator, to.rank)?;
        self.channel(communicator);
        self.send_or_queue(communicator, peer, to, Kind::Tell, Head::NONE, parcel, in_turn)
            .map_err(|error| error_at_rank(error, to.rank))
    }

    #[expect(clippy::too_many_arguments, reason = "all of a message")]
    pub(crate) fn send_or_queue(
        &mut self,
        communicator: &Communicator,
        peer: Peer,
        to: Target,
        kind: Kind,
        head: Head,
        parcel: Parcel,
        in_turn: bool,
    ) -> Result<(), Error> {
        let context = communicator.context.0;
        if in_turn {
            if let Some(cause) = self.peers[peer.0 as usize].failed.clone() {
                return Err(Error::PeerFailed { rank: None, process: self.port.process(peer), cause });
            }
            self.queue(context, Waiting { to, kind, head, parcel })?;
            self.run_queue(context);
            return Ok(());
        }
        let Parcel { of, data, keep } = parcel;
        self.introduce(peer, of);
        let envelope = envelope(context, kind, to.object, of.signature);
        self.send_kept(peer, envelope, head, data, keep, Owner::Nobody)
    }

    /// Puts a message into the queue of a communicator.
    pub(crate) fn queue(&mut self, context: u64, waiting: Waiting) -> Result<(), Error> {
        let Some(channel) = self.channels.get_mut(&context) else { return Err(Error::StaleRequest) };
        let (messages, bytes) = (channel.outgoing_messages, channel.outgoing_bytes);
        if messages >= OUTGOING_MESSAGES_MAX || bytes + waiting.parcel.data.bytes() > OUTGOING_BYTES_MAX {
            return Err(Error::QueueFull { messages, bytes });
        }
        channel.outgoing_messages += 1;
        channel.outgoing_bytes += waiting.parcel.data.bytes();
        channel.queue.push_back(waiting);
        Ok(())
    }

    /// Sends what is in the queue of a communicator, unless a handler runs that may add to it.
    pub(crate) fn run_queue(&mut self, context: u64) {
        loop {
            let Some(channel) = self.channels.get_mut(&context) else { return };
            if channel.running && channel.fetching.is_none() {
                return;
            }
            let Some(Waiting { to, kind, head, parcel }) = channel.queue.pop_front() else { return };
            let communicator = channel.communicator.clone();
            let bytes = parcel.data.bytes();
            let owner = Owner::Told { context, bytes };
            let sent = match self.peer(&communicator, to.rank) {
                Ok(peer) => {
                    self.introduce(peer, parcel.of);
                    let envelope = envelope(context, kind, to.object, parcel.of.signature);
                    self.send_kept(peer, envelope, head, parcel.data, parcel.keep, owner)
                }
                Err(error) => {
                    self.work.extend(parcel.keep.map(Work::Drop));
                    self.no_longer_owned(owner);
                    Err(error)
                }
            };
            if let Err(error) = sent {
                self.could_not_send(&communicator, to, kind, head, &error_at_rank(error, to.rank));
            }
        }
    }

    /// What a handler sent goes nowhere: whoever waits for an answer is told, and a one-way message is counted.
    fn could_not_send(
        &mut self,
        communicator: &Communicator,
        to: Target,
        kind: Kind,
        head: Head,
        error: &Error,
    ) {
        let context = communicator.context.0;
        match (kind, Claim::read(kind, head.as_slice())) {
            (Kind::Forwarded, Some(claim)) => {
                if let Ok(peer) = self.across(communicator, claim.hops.wrapping_sub(1), claim.asker as usize)
                {
                    let Claim { call, asker, hops, .. } = claim;
                    // Nobody knows any more who had sent it here.
                    let owed = Owed { context, call, peer, sender: peer, asker, hops };
                    let why =
                        format!("it was forwarded to object {} at rank {}: {error}", to.object, to.rank);
                    self.leave_unanswered(owed, &Unanswered::Refused(why));
                }
            }
            // A call ends with the peer.
            (Kind::Request, _) => {}
            _ => {
                if let Some(channel) = self.channels.get_mut(&context) {
                    channel.note_lost(|| {
                        format!("a handler's message for rank {} was not sent: {error}", to.rank)
                    });
                }
            }
        }
    }

    /// A message that a handler sent is out of this process's hands.
    pub(crate) fn told(&mut self, context: u64, bytes: usize) {
        if let Some(channel) = self.channels.get_mut(&context) {
            channel.outgoing_messages -= 1;
            channel.outgoing_bytes -= bytes;
        }
    }

    /// Sends an active message and counts it.
    pub(crate) fn send_headed(
        &mut self,
        peer: Peer,
        envelope: Envelope,
        head: Head,
        data: Data,
        owner: Owner,
    ) -> Result<Sent, Error> {
        let sent = self.send_with_head(peer, envelope, head, data, false, owner)?;
        // Answers are counted with their calls.
        if !envelope.is_answer()
            && let Some(channel) = self.channels.get_mut(&envelope.context)
        {
            channel.counters.sent += 1;
        }
        Ok(sent)
    }

    /// The same with bytes that are kept until it is complete, of which `owner` hears.
    pub(crate) fn send_kept(
        &mut self,
        peer: Peer,
        envelope: Envelope,
        head: Head,
        data: Data,
        keep: Option<Box<dyn Send>>,
        owner: Owner,
    ) -> Result<(), Error> {
        let sent = self.send_headed(peer, envelope, head, data, owner);
        match sent {
            Ok(Sent::Pending(request)) => {
                if let Some(request) = self.requests.get_mut(request) {
                    request.keep = keep;
                }
                return Ok(());
            }
            Ok(Sent::Work(Work::Fill { room, head, from, .. })) => {
                let (phase, retraction) = (SendPhase::Filling, Retraction::default());
                let synchronous = false;
                let state =
                    SendState { peer, envelope, head, data, synchronous, phase, retraction, rank: None };
                let request = self.requests.insert(owner, State::Send(state));
                if let Some(request) = self.requests.get_mut(request) {
                    request.keep = keep;
                }
                self.set_busy(request);
                let ticket = Some(Ticket { request, part: Part::Eager });
                self.work.push_back(Work::Fill { room, head, from, ticket });
                return Ok(());
            }
            _ => {}
        }
        self.work.extend(keep.map(Work::Drop));
        self.no_longer_owned(owner);
        sent.map(drop)
    }

    /// A message that handlers sent or that is an answer is out of this process's hands, or lost.
    pub(crate) fn ended_for(&mut self, owner: Owner, error: Option<Error>) {
        if let (Owner::Told { context, .. }, Some(error)) = (owner, error)
            && let Some(channel) = self.channels.get_mut(&context)
        {
            channel.note_lost(|| format!("a handler's message was not sent: {error}"));
        }
        self.no_longer_owned(owner);
    }

    /// What a message's owner hears when it is out of this process's hands.
    pub(crate) fn no_longer_owned(&mut self, owner: Owner) {
        match owner {
            Owner::Told { context, bytes } => self.told(context, bytes),
            Owner::Answer { peer, forwarder: None } => self.peers[peer.0 as usize].answers_waiting -= 1,
            Owner::Answer { peer, forwarder: Some(forwarder) } => self.no_longer_forwarded((peer, forwarder)),
            Owner::User | Owner::Nobody | Owner::Step { .. } | Owner::Turn { .. } => {}
        }
    }
}

impl Envelope {
    /// Whether it is of a message of this context. An answer names its call instead.
    pub(crate) fn is_of(&self, context: u64) -> bool {
        self.context == context && !self.is_answer()
    }

    /// Whether it is that of an answer.
    pub(crate) fn is_answer(&self) -> bool {
        self.label == Kind::Answer.label(self.label & OBJECT_MASK)
    }
}
