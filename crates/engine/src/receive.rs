//! Receiving: posting, matching, and taking the bytes in.

use fabric::{Arrival, Cause, Payload, Peer, Port};

use crate::active::frames::Claim;
use crate::collective::Mark;
use crate::envelope::{Announcement, EAGER, Envelope, STEP_EAGER, STEP_LABEL};
use crate::matching::{Key, NotForIt, Pattern};
use crate::offer::Place;
use crate::request::{Owner, State};
use crate::work::{Delivery, Part, Pointer, Ticket, hold};
use crate::{Communicator, Error, Group, Lane, Message, RequestId, Status, TypeTag, Work};

/// From whom a receive takes a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// From this rank.
    Rank(usize),
    /// From any rank.
    Any,
}

/// Which tags a receive takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagPattern {
    /// This tag.
    Tag(i32),
    /// Any tag.
    Any,
}

/// How far a receive came at once.
pub enum Received {
    /// It is complete once this work has run (hand what it leaves to [`Lane::finish`]).
    Work(Work, Status),
    /// It goes on; ask for this request.
    Pending(RequestId),
}

/// Where a matched message goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// Into the user's buffer of so many bytes.
    Buffer { to: Pointer, capacity: usize, of: TypeTag },
    /// Taken out of matching and kept, to be received later (a matched probe).
    Message,
    /// Left where it is (a probe).
    Look,
}

/// From whom a message can come.
#[derive(Clone, Debug)]
pub(crate) enum Awaited {
    /// From this process.
    One(Peer),
    /// From any of these.
    Any(Group),
}

impl Awaited {
    /// Whether a message that came from a peer, with this rank as its source, is what the source says. A message's source is
    /// its sender's word; the peer is the transport's.
    #[inline]
    pub fn admits(&self, port: &Port, peer: Peer, source: u32) -> bool {
        match self {
            Awaited::One(awaited) => *awaited == peer,
            Awaited::Any(group) => group.process(source as usize) == Some(port.process(peer)),
        }
    }
}

/// Why those are dropped whose announcements can't be read.
const NO_ANNOUNCEMENT: &str = "it announced a message and did not say which";
/// Why those are dropped who send in another's name.
pub(crate) const IN_ANOTHERS_NAME: &str = "it sent a message in another's name";

pub(crate) struct ReceiveState {
    pub from: Awaited,
    pub pattern: Pattern,
    pub target: Target,
    pub phase: ReceivePhase,
    pub status: Status,
}

pub(crate) enum ReceivePhase {
    /// Waits for a match.
    Posted,
    /// Its bytes are being copied in.
    Delivering,
    /// The peer streams; so many bytes have come.
    Streaming { peer: Peer, received: usize },
    /// It is being read out of the peer's memory.
    Reading { peer: Peer, send: u64 },
}

/// A message that came before its receive.
pub(crate) struct Unexpected {
    pub peer: Peer,
    pub signature: u64,
    pub bytes: usize,
    pub body: Body,
    /// Its sender has taken it back while a probe held it.
    pub retracted: bool,
    /// Of an active message: what it is.
    pub claim: Claim,
}

pub(crate) enum Body {
    /// Small, with its envelope.
    Inline([u8; fabric::INLINE_BYTES]),
    /// Stored here.
    Held(Box<[u8]>),
    /// Announced; the payload is with the sender.
    Remote { address: u64, send: u64 },
    /// Retracted by a sender that has left.
    Lost,
}

impl Unexpected {
    pub(crate) fn stored_bytes(&self) -> u64 {
        crate::credit::ENTRY_BYTES + if let Body::Held(held) = &self.body { held.len() as u64 } else { 0 }
    }

    /// How long it was in the transport.
    pub(crate) fn wire_bytes(&self) -> usize {
        self.bytes + self.claim.kind.head_bytes()
    }

    /// Whether it is what its sender has announced under this name.
    pub(crate) fn is_announced_as(&self, name: u64) -> bool {
        matches!(self.body, Body::Remote { send, .. } if send == name)
    }
}

/// What a receive ends with that has less room than its message takes.
pub(crate) fn truncated(status: &Status, have: usize, kept: bool) -> Error {
    let Status { source, tag, bytes: need, .. } = *status;
    Error::Truncated { have, need, source, tag, kept }
}

/// A status as the envelope gives it.
#[inline]
pub(crate) fn status_of(key: &Key, signature: u64, bytes: usize) -> Status {
    let tag = if key.label & STEP_LABEL == 0 { key.label as i32 } else { 0 };
    Status { source: key.source as usize, tag, bytes, signature }
}

impl Lane {
    /// Receives a message of at most `capacity` bytes into `to`.
    ///
    /// A message that is longer, or of another type, makes the receive fail and is kept for a later one.
    ///
    /// # Errors
    /// A rank or tag out of range, or a source that is known to be gone and left no fitting message.
    #[inline]
    pub fn receive(
        &mut self,
        communicator: &Communicator,
        source: Source,
        tag: TagPattern,
        of: TypeTag,
        to: Pointer,
        capacity: usize,
    ) -> Result<Received, Error> {
        self.types.note(of);
        self.receive_into(communicator, source, tag, Target::Buffer { to, capacity, of })
    }

    pub(crate) fn pattern(
        &mut self,
        communicator: &Communicator,
        source: Source,
        tag: TagPattern,
    ) -> Result<(Pattern, Awaited), Error> {
        self.check_serves(communicator)?;
        let (source, from) = match source {
            Source::Rank(rank) => (Some(rank as u32), Awaited::One(self.peer(communicator, rank)?)),
            Source::Any => (None, Awaited::Any(communicator.peers().clone())),
        };
        let label = match tag {
            TagPattern::Tag(tag) if tag < 0 => return Err(Error::BadTag(tag)),
            TagPattern::Tag(tag) => Some(tag as u64),
            TagPattern::Any => None,
        };
        Ok((Pattern { context: communicator.context.0, source, label }, from))
    }

    pub(crate) fn receive_into(
        &mut self,
        communicator: &Communicator,
        source: Source,
        tag: TagPattern,
        target: Target,
    ) -> Result<Received, Error> {
        let (pattern, from) = self.pattern(communicator, source, tag)?;
        self.post(pattern, from, target, Owner::User)
    }

    /// Makes sure that the end of those who could send is heard of; an error if they are gone already.
    pub(crate) fn watch_source(&mut self, pattern: &Pattern, from: &Awaited) -> Result<(), Error> {
        if let Awaited::Any(_) = from {
            self.port.watch_all();
        }
        match self.may_still_come(from, pattern) {
            // It may send to itself: found out by who waits. What is pending is that one's to know, too.
            Err(Error::Deserted { .. } | Error::FailurePending { .. }) => Ok(()),
            outcome => outcome,
        }
    }

    /// Matches a receive with what has already come, or posts it.
    pub(crate) fn post(
        &mut self,
        pattern: Pattern,
        from: Awaited,
        target: Target,
        owner: Owner,
    ) -> Result<Received, Error> {
        if !self.unexpected.is_empty()
            && let Some(place) = self.find_waiting(&pattern, &from)
        {
            return self.take_unexpected(pattern, place, target, owner);
        }
        self.watch_source(&pattern, &from)?;
        let state =
            ReceiveState { from, pattern, target, phase: ReceivePhase::Posted, status: Status::default() };
        let request = self.requests.insert(owner, State::Receive(state));
        self.posted.push(pattern, request.word());
        Ok(Received::Pending(request))
    }

    /// The first message that waits and fits. One that came in another's name ends the connection with its sender.
    pub(crate) fn find_waiting(&mut self, pattern: &Pattern, from: &Awaited) -> Option<usize> {
        loop {
            let place = self.unexpected.find_pattern(pattern, |_| true)?;
            let (key, message) = self.unexpected.get(place)?;
            if from.admits(&self.port, message.peer, key.source) {
                return Some(place);
            }
            if let Some((_, message)) = self.unexpected.remove(place) {
                self.count_unstored(&message);
                self.break_with(message.peer, IN_ANOTHERS_NAME);
            }
        }
    }

    /// Takes out the posted receive that a message of a peer goes to.
    pub(crate) fn take_posted(&mut self, key: &Key, peer: Peer) -> Result<Option<RequestId>, NotForIt> {
        let (requests, port) = (&self.requests, &self.port);
        let is_for_it = |word| match requests.get(RequestId::from_word(word)).map(|r| &r.state) {
            Some(State::Receive(receive)) => receive.from.admits(port, peer, key.source),
            _ => true,
        };
        Ok(self.posted.take_if(key, is_for_it)?.map(RequestId::from_word))
    }

    /// A receive meets a message that waits.
    fn take_unexpected(
        &mut self,
        pattern: Pattern,
        place: usize,
        target: Target,
        owner: Owner,
    ) -> Result<Received, Error> {
        let Some((key, message)) = self.unexpected.get(place) else { return Err(Error::StaleRequest) };
        let (key, status) = (*key, status_of(key, message.signature, message.bytes));
        match target {
            Target::Look => {
                let done = self.requests.insert(owner, State::Done(Ok(status)));
                Ok(Received::Pending(done))
            }
            Target::Message => {
                let Some((key, message)) = self.unexpected.remove(place) else {
                    return Err(Error::StaleRequest);
                };
                self.received_openly(&pattern, &key, None);
                let done = self.requests.insert(owner, State::Done(Ok(status)));
                self.keep_message(done, key, message);
                Ok(Received::Pending(done))
            }
            Target::Buffer { to, capacity, of } => {
                self.fits(message.peer, &status, capacity, of)?;
                let Some((_, message)) = self.unexpected.remove(place) else {
                    return Err(Error::StaleRequest);
                };
                self.received_openly(&pattern, &key, None);
                Ok(self.deliver_stored(key, message, to, capacity, owner, target))
            }
        }
    }

    /// Brings a message that had waited into the user's buffer.
    pub(crate) fn deliver_stored(
        &mut self,
        key: Key,
        message: Unexpected,
        to: Pointer,
        capacity: usize,
        owner: Owner,
        target: Target,
    ) -> Received {
        let status = status_of(&key, message.signature, message.bytes);
        self.count_unstored(&message);
        let Unexpected { peer, bytes, claim, .. } = message;
        let fitting = bytes.min(capacity);
        self.count_received(peer, bytes);
        let pattern = Pattern { context: key.context, source: Some(key.source), label: Some(key.label) };
        let (from, phase) = (Awaited::One(peer), ReceivePhase::Delivering);
        let state = State::Receive(ReceiveState { from, pattern, target, phase, status });
        let from = match message.body {
            Body::Remote { address, send } => {
                let request = self.requests.insert(owner, state);
                return match self.fetch(request, peer, address, send, to, fitting) {
                    Some(work) => {
                        self.work.push_back(work);
                        Received::Pending(request)
                    }
                    None => Received::Pending(request),
                };
            }
            Body::Lost => {
                let error = self.lost(peer, key.source as usize);
                let request = self.requests.insert(owner, state);
                // Whoever owns it hears of it.
                self.complete(request, Err(error));
                return Received::Pending(request);
            }
            Body::Inline(from) => Delivery::Inline(from),
            Body::Held(from) => Delivery::Held(from),
        };
        if !claim.reserved {
            self.give_back_credit(peer, bytes);
        }
        self.count_copy(fitting);
        if fitting < bytes {
            // It is not well when its work has run.
            let request = self.requests.insert(owner, state);
            let work = self.deliver_for(request, from, to, fitting);
            self.work.extend(work);
            return Received::Pending(request);
        }
        Received::Work(Work::Deliver { from, to, bytes, ticket: None }, status)
    }

    /// What a receive ends with that meets a message whose sender has left with it.
    pub(crate) fn lost(&self, peer: Peer, source: usize) -> Error {
        let process = self.port.process(peer);
        Error::PeerFailed { rank: Some(source), process, cause: Cause::Left }
    }

    /// A message arrived, eager or announced. `mine`: the request that the caller itself waits for and will treat as
    /// complete as soon as the returned work has run.
    pub(crate) fn message_arrived(&mut self, arrival: Arrival, mine: Option<RequestId>) -> Option<Work> {
        let Arrival { peer, frame, payload } = arrival;
        let envelope = Envelope::of(&frame);
        let key = envelope.key();
        let eager = matches!(frame.kind, EAGER | STEP_EAGER);
        let announcement = match (&payload, eager) {
            (_, true) => None,
            (Payload::Inline { bytes, length }, false) => {
                match Announcement::decode(&bytes[..*length as usize]) {
                    Some(announcement) => Some(announcement),
                    None => return self.refuse_frame(peer, payload, NO_ANNOUNCEMENT),
                }
            }
            (Payload::Mapped { .. }, false) => return self.refuse_frame(peer, payload, NO_ANNOUNCEMENT),
        };
        let bytes = match &announcement {
            None => payload.len(),
            Some(announcement) => match usize::try_from(announcement.bytes) {
                Ok(bytes) => bytes,
                Err(_) => return self.refuse_frame(peer, payload, NO_ANNOUNCEMENT),
            },
        };
        if announcement.is_some() && bytes <= self.peers[peer.0 as usize].eager_bytes {
            self.extend_credit(peer);
        }
        let status = status_of(&key, envelope.signature, bytes);
        self.arrives_openly(&key);
        let Ok(mut waiting) = self.take_posted(&key, peer) else {
            return self.refuse_frame(peer, payload, IN_ANOTHERS_NAME);
        };
        // Probes look at the message and leave it to the next receive.
        while let Some(request) = waiting {
            match self.requests.get(request).map(|r| &r.state) {
                Some(State::Receive(ReceiveState { target: Target::Look, .. })) => {
                    self.complete(request, Ok(status));
                    // All that wait for this key are of one communicator.
                    waiting = self.take_posted(&key, peer).unwrap_or(None);
                }
                _ => break,
            }
        }
        if envelope.ready {
            self.ready_arrived(peer, &key, waiting.is_some());
        }
        let Some(request) = waiting else {
            if envelope.label & STEP_LABEL != 0 {
                self.compare_step(peer, &envelope);
            }
            self.store(key, peer, envelope.signature, bytes, payload, announcement);
            return None;
        };
        let Some(State::Receive(receive)) = self.requests.get_mut(request).map(|r| &mut r.state) else {
            // A posted receive is withdrawn before its request goes; keep the message in any case.
            self.store(key, peer, envelope.signature, bytes, payload, announcement);
            return None;
        };
        receive.status = status;
        let (pattern, target) = (receive.pattern, receive.target);
        self.received_openly(&pattern, &key, Some(request));
        match target {
            Target::Buffer { to, capacity, of } => {
                if let Err(misfit) = self.fits(peer, &status, capacity, of) {
                    self.complete(request, Err(misfit));
                    // The next posted receive may be the one that it fits.
                    let message = self.hold_message(peer, envelope.signature, bytes, payload, announcement);
                    self.offer(key, message, Place::Last);
                    return None;
                }
                let fitting = bytes.min(capacity);
                self.count_received(peer, bytes);
                if let Some(announcement) = announcement {
                    return self.fetch(request, peer, announcement.address, announcement.send, to, fitting);
                }
                self.give_back_credit(peer, bytes);
                self.count_copy(fitting);
                let from = match payload {
                    Payload::Inline { bytes: from, .. } => Delivery::Inline(from),
                    mapped => Delivery::Mapped(peer, mapped),
                };
                if mine == Some(request) && fitting == bytes {
                    self.complete(request, Ok(status));
                    return Some(Work::Deliver { from, to, bytes, ticket: None });
                }
                self.deliver_for(request, from, to, fitting)
            }
            Target::Message | Target::Look => {
                let body = self.body(peer, payload, announcement);
                let (signature, claim) = (envelope.signature, Claim::default());
                let message = Unexpected { peer, signature, bytes, body, retracted: false, claim };
                self.count_stored(&message);
                self.keep_message(request, key, message);
                self.complete(request, Ok(status));
                None
            }
        }
    }

    pub(crate) fn deliver_for(
        &mut self,
        request: RequestId,
        from: Delivery,
        to: Pointer,
        bytes: usize,
    ) -> Option<Work> {
        if let Some(State::Receive(receive)) = self.requests.get_mut(request).map(|r| &mut r.state) {
            receive.phase = ReceivePhase::Delivering;
        }
        self.set_busy(request);
        Some(Work::Deliver { from, to, bytes, ticket: Some(Ticket { request, part: Part::Whole }) })
    }

    fn body(&mut self, peer: Peer, payload: Payload, announcement: Option<Announcement>) -> Body {
        match (announcement, payload) {
            (Some(announcement), payload) => {
                self.port.release(peer, payload);
                Body::Remote { address: announcement.address, send: announcement.send }
            }
            (None, Payload::Inline { bytes, .. }) => Body::Inline(bytes),
            (None, mapped) => {
                let held = hold(&mapped);
                self.port.release(peer, mapped);
                Body::Held(held)
            }
        }
    }

    /// Keeps a message that nobody has asked for yet.
    fn store(
        &mut self,
        key: Key,
        peer: Peer,
        signature: u64,
        bytes: usize,
        payload: Payload,
        announcement: Option<Announcement>,
    ) {
        if announcement.is_none() && self.is_over(&key) {
            self.port.release(peer, payload);
            return self.give_back_credit(peer, bytes);
        }
        let message = self.hold_message(peer, signature, bytes, payload, announcement);
        self.unexpected.push(key, message);
        self.forget_unwanted();
    }

    /// Whether nobody will ever ask for messages of this key: what came late is not stored.
    fn is_over(&self, key: &Key) -> bool {
        self.registry.revoked(key.context).is_some()
            || self.check.is_none() && self.registry.is_gone(key.context)
            || key.label & STEP_LABEL != 0 && self.is_step_over(key.context, key.label)
    }

    /// Takes a message out of the transport's memory and counts it as stored.
    fn hold_message(
        &mut self,
        peer: Peer,
        signature: u64,
        bytes: usize,
        payload: Payload,
        announcement: Option<Announcement>,
    ) -> Unexpected {
        let body = self.body(peer, payload, announcement);
        let claim = Claim::default();
        let message = Unexpected { peer, signature, bytes, body, retracted: false, claim };
        self.count_stored(&message);
        message
    }

    /// Puts a matched message aside under the name of the request that matched it.
    pub(crate) fn keep_message(&mut self, request: RequestId, key: Key, message: Unexpected) {
        self.messages.insert(Message(request), (key, message));
    }

    /// Whether a message of a peer fits a receive.
    #[inline]
    pub(crate) fn fits(
        &self,
        peer: Peer,
        status: &Status,
        capacity: usize,
        of: TypeTag,
    ) -> Result<(), Error> {
        if !of.accepts(status.signature) {
            return Err(match Mark::from_signature(of.signature) {
                Some(mark) => self.call_mismatch(peer, status, mark),
                None => self.type_mismatch(peer, status, of),
            });
        }
        if status.bytes > capacity && !of.cuts {
            return Err(truncated(status, capacity, true));
        }
        Ok(())
    }
}
