//! The short ways of small active messages: a call, a one-way message, a turn and an answer in whose way nothing stands. Whatever
//! is out of the ordinary takes the general way; both come to the same (docs/decisions/active-messages.md).

use fabric::{Arrival, Class, Event, INLINE_BYTES, Payload, Peer};
use os::Time;

use super::answer::Owed;
use super::call::CallState;
use super::frames::{ACTIVE, Kind, OBJECT_MASK, envelope};
use super::outgoing::{CALLS_MAX, Parcel, Target};
use super::turn::{Delivered, Handler, Outcome};
use crate::request::{Owner, State, Status};
use crate::send::Data;
use crate::{Communicator, Lane, RequestId, TypeTag, Work};

/// The longest request that goes in one line, behind its call's name.
pub const DIRECT_REQUEST_BYTES: usize = INLINE_BYTES - NAME_BYTES;

/// Bytes of a call's name in front of a request.
const NAME_BYTES: usize = 8;

/// What a look for an answer found.
pub enum DirectAnswer {
    /// The answer: the call is over.
    Answered([u8; INLINE_BYTES], Status),
    /// Something else is to be done first, or the answer is no simple one: wait for the call.
    Wait,
    /// Nothing has come so far.
    Nothing,
}

/// What a look for a small message found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// One, whose turn has begun.
    Turn,
    /// Something else, which was taken in, or work that is to be done first: poll.
    Other,
    /// Nothing that moves this lane on: nothing has come so far, or what waits for room at a peer is to be tried first.
    Nothing,
}

/// A small message and its handler, which is idle, outside of the lane.
pub struct SmallTurn {
    context: u64,
    object: u64,
    handler: Option<Box<dyn Handler>>,
    owed: Option<Owed>,
    sender: u32,
    /// The payload behind the head.
    bytes: [u8; INLINE_BYTES],
    skip: u8,
    length: u8,
}

impl SmallTurn {
    /// Of no message yet.
    pub const EMPTY: SmallTurn = SmallTurn {
        context: 0,
        object: 0,
        handler: None,
        owed: None,
        sender: 0,
        bytes: [0; INLINE_BYTES],
        skip: 0,
        length: 0,
    };

    /// Runs the handler; the lane is not locked. What comes of it is for [`Lane::end_small_turn`].
    #[inline]
    pub fn run(&mut self) -> Outcome {
        let (skip, bytes) = (self.skip as usize, self.length as usize);
        let small = self.bytes.get(skip..skip + bytes);
        let delivered = Delivered { sender: self.sender as usize, bytes, small, owed: self.owed };
        match &mut self.handler {
            Some(handler) => handler.handle(delivered),
            None => Outcome::Kept,
        }
    }
}

impl Lane {
    /// Sends a small one-way message at once if nothing stands in its way. Returns whether it did.
    #[inline]
    pub fn tell_directly(
        &mut self,
        communicator: &Communicator,
        to: Target,
        of: TypeTag,
        bytes: &[u8],
    ) -> bool {
        let context = communicator.context.0;
        let Some(peer) = self.free_way(communicator, to.rank, of) else { return false };
        if !self.channels.contains_key(&context)
            || !self.send_in_line(peer, context, Kind::Tell, to.object, of, bytes)
        {
            return false;
        }
        if let Some(channel) = self.channels.get_mut(&context) {
            channel.counters.sent += 1;
        }
        true
    }

    /// Starts a call with a request of at most [`DIRECT_REQUEST_BYTES`] if nothing stands in its way.
    #[inline]
    pub fn call_directly(
        &mut self,
        communicator: &Communicator,
        to: Target,
        of: TypeTag,
        bytes: &[u8],
    ) -> Option<RequestId> {
        let context = communicator.context.0;
        let peer = self.free_way(communicator, to.rank, of)?;
        if self.calls_open >= CALLS_MAX || !self.channels.contains_key(&context) {
            return None;
        }
        let (rank, object) = (to.rank as u32, to.object & OBJECT_MASK);
        let state = CallState { context, peer, rank, object, hops: 0, forwarders: Vec::new() };
        let call = self.requests.insert(Owner::User, State::Call(state));
        let mut line = [0; INLINE_BYTES];
        line[..NAME_BYTES].copy_from_slice(&call.word().to_le_bytes());
        line[NAME_BYTES..NAME_BYTES + bytes.len()].copy_from_slice(bytes);
        let line = &line[..NAME_BYTES + bytes.len()];
        if !self.send_in_line(peer, context, Kind::Request, to.object, of, line) {
            self.requests.remove(call);
            return None;
        }
        self.calls_open += 1;
        if let Some(channel) = self.channels.get_mut(&context) {
            // The request, and the answer that is owed to it.
            channel.counters.sent += 2;
            channel.counters.calls += 1;
        }
        Some(call)
    }

    /// The peer of a rank, if a small message can go there at once.
    #[inline]
    fn free_way(&mut self, communicator: &Communicator, rank: usize, of: TypeTag) -> Option<Peer> {
        if self.closed.is_some() || communicator.revoked_by().is_some() {
            return None;
        }
        let peer = self.recent_peer(communicator.peers().process(rank)?)?;
        (self.introduce(peer, of) && self.is_free(peer) && !self.peers[peer.0 as usize].farewell)
            .then_some(peer)
    }

    /// Whether nothing waits for room at a peer that is there.
    #[inline]
    fn is_free(&self, peer: Peer) -> bool {
        let state = &self.peers[peer.0 as usize];
        state.failed.is_none() && state.backlog.is_empty() && state.control_backlog.is_empty()
    }

    /// Sends a message of one line against credit. Returns false, and has done nothing, without credit or room.
    #[inline]
    fn send_in_line(
        &mut self,
        peer: Peer,
        context: u64,
        kind: Kind,
        object: u64,
        of: TypeTag,
        line: &[u8],
    ) -> bool {
        let state = &mut self.peers[peer.0 as usize];
        if line.len() > state.eager_bytes || !state.books.spend(line.len()) {
            return false;
        }
        let frame = envelope(context, kind, object, of.signature).frame(true);
        let sent = self.port.send(peer, Class::Data, frame, line).is_ok();
        let state = &mut self.peers[peer.0 as usize];
        match sent {
            true => {
                state.counters.messages_sent += 1;
                state.counters.eager_sent += 1;
                state.counters.bytes_sent += (line.len() - kind.head_bytes()) as u64;
            }
            false => state.books.refund(line.len()),
        }
        sent
    }

    /// Looks once for the answer of a call; `takes` says whether its caller can use one of this status. Any other event is taken in
    /// as always. By the progress owner, while [`only_arrivals_matter`](Lane::only_arrivals_matter).
    #[inline]
    pub fn answer_directly(
        &mut self,
        now: Time,
        call: RequestId,
        takes: impl FnOnce(&Status) -> bool,
    ) -> DirectAnswer {
        let work = match self.port.next(now) {
            None => return DirectAnswer::Nothing,
            Some(Event::Arrival(arrival)) => {
                if let Payload::Inline { bytes, length } = arrival.payload
                    && let Some(status) = self.answered(call, &arrival, length as usize, takes)
                {
                    return DirectAnswer::Answered(bytes, status);
                }
                self.arrived(arrival, None)
            }
            Some(event) => self.take_in(event, None),
        };
        self.work.extend(work);
        DirectAnswer::Wait
    }

    /// Ends a call if this is its answer, straight from whom it has asked.
    #[inline]
    fn answered(
        &mut self,
        call: RequestId,
        arrival: &Arrival,
        bytes: usize,
        takes: impl FnOnce(&Status) -> bool,
    ) -> Option<Status> {
        let [word, label, signature] = arrival.frame.header;
        if arrival.frame.kind != ACTIVE || word != call.word() || Kind::of_label(label) != Some(Kind::Answer)
        {
            return None;
        }
        let State::Call(state) = &self.requests.get(call)?.state else { return None };
        let (context, peer) = (state.context, state.peer);
        let status = Status { source: state.rank as usize, tag: 0, bytes, signature };
        // Whom it has asked is a member.
        if peer != arrival.peer || !takes(&status) {
            return None;
        }
        self.requests.forget(call);
        self.count_call_ended(context);
        self.count_received(peer, bytes);
        self.count_copy(bytes);
        Some(status)
    }

    /// Takes the next arrival in, as a turn if it is the small message of an object that has nothing else to do; any other event
    /// is taken in as always. Only by the progress owner.
    #[inline]
    pub fn next_small_turn(&mut self, now: Time, turn: &mut SmallTurn) -> Found {
        if !self.work.is_empty() {
            return Found::Other;
        }
        // No news: whoever waits would never sleep while a peer has no room.
        if !self.stalled.is_empty() {
            return Found::Nothing;
        }
        let work = match self.port.next(now) {
            None => return Found::Nothing,
            Some(Event::Arrival(arrival)) => match self.begin_small_turn(&arrival, turn) {
                true => return Found::Turn,
                false => self.arrived(arrival, None),
            },
            Some(event) => self.take_in(event, None),
        };
        self.work.extend(work);
        Found::Other
    }

    /// Begins the turn of a small message whose object is here and has nothing else to do. Returns false, and has done nothing, of
    /// any other.
    #[inline]
    pub(super) fn begin_small_turn(&mut self, arrival: &Arrival, turn: &mut SmallTurn) -> bool {
        self.try_small_turn(arrival, turn).is_some()
    }

    #[inline]
    fn try_small_turn(&mut self, arrival: &Arrival, turn: &mut SmallTurn) -> Option<()> {
        let [context, label, signature] = arrival.frame.header;
        let peer = arrival.peer;
        let Payload::Inline { bytes, length } = &arrival.payload else { return None };
        let kind = Kind::of_label(label)?;
        let (head, length) = (kind.head_bytes(), *length as usize);
        if arrival.frame.kind != ACTIVE
            || !matches!(kind, Kind::Tell | Kind::Request)
            || length < head
            || self.poisoned
            || self.closed.is_some()
        {
            return None;
        }
        let channel = self.channels.get_mut(&context)?;
        if channel.running || !channel.ready.is_empty() || channel.communicator.revoked_by().is_some() {
            return None;
        }
        // Contexts are never given twice, so that who was found to be a member is one.
        if channel.last_sender.0 != peer {
            let rank = channel.communicator.peers().rank(self.port.process(peer))?;
            channel.last_sender = (peer, rank as u32);
        }
        let sender = channel.last_sender.1;
        let object = label & OBJECT_MASK;
        let found = channel.objects.get_mut(&object)?;
        if !found.of.accepts(signature) {
            return None;
        }
        turn.handler = Some(found.handler.take()?);
        channel.running = true;
        (turn.context, turn.object, turn.sender) = (context, object, sender);
        (turn.bytes, turn.skip, turn.length) = (*bytes, head as u8, (length - head) as u8);
        turn.owed = (kind == Kind::Request).then(|| {
            let call = u64::from_le_bytes(bytes.first_chunk().copied().unwrap_or_default());
            Owed { context, call, peer, sender: peer, asker: sender, hops: 0 }
        });
        self.meet(peer);
        self.count_received(peer, length - head);
        self.give_back_credit(peer, length);
        Some(())
    }

    /// A small turn is over: its handler comes back, and what it has to say goes out. As
    /// [`finish`](Lane::finish) for other turns.
    #[inline]
    pub fn end_small_turn(&mut self, turn: &mut SmallTurn, outcome: Outcome) {
        let (context, object) = (turn.context, turn.object);
        let outcome = match (outcome, turn.owed) {
            // First of all: somebody waits for it.
            (Outcome::Answer(parcel), Some(owed)) => {
                self.answer(owed, parcel);
                Outcome::Kept
            }
            (outcome, _) => outcome,
        };
        let handler = turn.handler.take();
        let Some(channel) = self.channels.get_mut(&context) else { return };
        channel.running = false;
        match channel.objects.get_mut(&object) {
            Some(found) if found.handler.is_none() => found.handler = handler,
            // It was removed meanwhile.
            _ => self.work.push_back(Work::Drop(Box::new(handler))),
        }
        // What its handler has sent is counted first.
        if !channel.queue.is_empty() || matches!(outcome, Outcome::Refused(_)) {
            self.conclude_turn(context, object, turn.owed, turn.sender, Some(outcome));
        } else {
            channel.counters.handled += 1;
            if let Outcome::Answer(parcel) = outcome {
                self.work.extend(parcel.keep.map(Work::Drop));
            }
        }
        self.next_turn(context);
    }

    /// Sends an answer at once if it is small and nothing stands in its way. It needs no credit: its call has reserved the space.
    #[inline]
    pub(super) fn send_answer_directly(&mut self, owed: Owed, parcel: &Parcel) -> bool {
        let Parcel { of, data: Data::Small { bytes, length }, keep: None } = parcel else { return false };
        if !self.introduce(owed.peer, *of) || !self.is_free(owed.peer) {
            return false;
        }
        self.told_somebody();
        let frame = envelope(owed.call, Kind::Answer, 0, of.signature).frame(true);
        let bytes = &bytes[..*length as usize];
        if self.port.send(owed.peer, Class::Data, frame, bytes).is_err() {
            return false;
        }
        let counters = &mut self.peers[owed.peer.0 as usize].counters;
        counters.messages_sent += 1;
        counters.eager_sent += 1;
        counters.bytes_sent += bytes.len() as u64;
        true
    }
}
