//! Arrivals, and whose turn is next.

use fabric::{Arrival, INLINE_BYTES, Payload, Peer};

use super::answer::{Owed, Unanswered};
use super::channel::key;
use super::direct::SmallTurn;
use super::frames::{ACTIVE, Claim, Described, FIRST_BYTES, Kind, OBJECT_MASK, describe};
use super::turn::{Outcome, Stage, Turn};
use crate::envelope::{Announcement, DONE};
use crate::matching::{Key, Pattern};
use crate::receive::{Awaited, Body, IN_ANOTHERS_NAME, ReceivePhase, ReceiveState, Target, Unexpected};
use crate::request::{Owner, State, Status};
use crate::work::{Delivery, hold, hold_first};
use crate::{Error, Lane, Message, RequestId, TypeTag, Work};

const SENSELESS: &str = "it sent an active message that makes no sense";

impl Lane {
    /// An active message arrived.
    pub(crate) fn active_arrived(&mut self, arrival: Arrival) -> Option<Work> {
        let mut small = SmallTurn::EMPTY;
        if self.begin_small_turn(&arrival, &mut small) {
            return Some(Work::Turn(small));
        }
        let Arrival { peer, frame, payload } = arrival;
        let [first, label, signature] = frame.header;
        let begin = hold_first(&payload);
        let begin = &begin[..payload.len().min(FIRST_BYTES)];
        let Some(described) = describe(frame.kind == ACTIVE, label, begin, payload.len()) else {
            return self.refuse_frame(peer, payload, SENSELESS);
        };
        let Described { mut claim, announcement, bytes } = described;
        let (kind, head_bytes) = (claim.kind, claim.kind.head_bytes());
        let wire_bytes = bytes + head_bytes;
        if announcement.is_some() && wire_bytes <= self.peers[peer.0 as usize].eager_bytes {
            self.extend_credit(peer);
        }
        if kind == Kind::Answer {
            claim.reserved = announcement.is_none() && bytes <= INLINE_BYTES;
            return self.answer_arrived(peer, first, signature, bytes, payload, announcement, claim);
        }
        let object = label & OBJECT_MASK;
        // What can have its turn at once is not stored.
        if let Some(channel) = self.channels.get(&first)
            && !channel.running
            && channel.ready.is_empty()
            && channel.communicator.revoked_by().is_none()
            && !self.poisoned
            && self.closed.is_none()
            && channel.objects.contains_key(&object)
            && announcement.is_none()
        {
            self.count_received(peer, bytes);
            self.give_back_credit(peer, wire_bytes);
            let delivery = match payload {
                Payload::Inline { bytes, .. } => Delivery::Inline(bytes),
                mapped => Delivery::Mapped(peer, mapped),
            };
            let letter = Letter { context: first, object, peer, signature, bytes, claim };
            return self.begin_turn(letter, delivery, head_bytes);
        }
        let body = self.active_body(peer, payload, announcement, head_bytes);
        let message = Unexpected { peer, signature, bytes, body, retracted: false, claim };
        self.count_stored(&message);
        match self.channels.get_mut(&first) {
            Some(channel) if channel.communicator.revoked_by().is_some() => self.discard(message),
            Some(channel) if channel.objects.contains_key(&object) => {
                self.unexpected.push(key(first, object), message);
                channel.make_ready(object);
                self.next_turn(first);
            }
            Some(channel) if !channel.may_come(object) => {
                self.count_unstored(&message);
                self.refuse_stored(first, object, message);
            }
            _ => {
                self.unexpected.push(key(first, object), message);
            }
        }
        None
    }

    /// Takes a payload out of the transport's memory, without its head.
    fn active_body(
        &mut self,
        peer: Peer,
        payload: Payload,
        announcement: Option<Announcement>,
        head_bytes: usize,
    ) -> Body {
        match (announcement, payload) {
            (Some(Announcement { address, send, .. }), payload) => {
                self.port.release(peer, payload);
                Body::Remote { address, send }
            }
            (None, Payload::Inline { mut bytes, .. }) => {
                bytes.copy_within(head_bytes.., 0);
                Body::Inline(bytes)
            }
            (None, mapped) => {
                let held = hold(&mapped);
                self.port.release(peer, mapped);
                Body::Held(held[head_bytes..].into())
            }
        }
    }

    /// Begins a turn with a message whose payload is here. The lane is not poisoned, and the object is there.
    fn begin_turn(&mut self, letter: Letter, delivery: Delivery, skip: usize) -> Option<Work> {
        let admitted = match self.admit(&letter) {
            Ok(admitted) => admitted,
            Err(refused) => {
                if let Delivery::Mapped(peer, payload) = delivery {
                    self.port.release(peer, payload);
                }
                refused.into_iter().for_each(|refused| self.refuse(letter.context, letter.object, refused));
                return None;
            }
        };
        let bytes = letter.bytes;
        let stage = match delivery {
            Delivery::Inline(mut small) => {
                small.copy_within(skip.., 0);
                Stage::Handle(small)
            }
            Delivery::Mapped(peer, payload) if bytes <= INLINE_BYTES => {
                // Its head made it longer than a line.
                let held = hold(&payload);
                self.port.release(peer, payload);
                Stage::Handle(small(&held[skip..]))
            }
            Delivery::Held(held) if bytes <= INLINE_BYTES => Stage::Handle(small(&held[skip..])),
            delivery => Stage::Land(delivery, skip),
        };
        self.take_turn(&letter, admitted, None, stage).map(Turn::work)
    }

    /// Whether an object takes a message, from whom it is, and who is owed an answer. If not: what is to be said of it; nothing of a
    /// stranger's, which nobody has counted as sent.
    fn admit(&mut self, letter: &Letter) -> Result<Admitted, Option<Refused>> {
        let Letter { context, object, peer, signature, bytes, ref claim } = *letter;
        let Ok((owed, sender)) = self.owed(context, peer, claim) else {
            self.break_with(peer, IN_ANOTHERS_NAME);
            return Err(None);
        };
        let found = self.channels.get(&context).and_then(|channel| channel.objects.get(&object));
        let Some(of) = found.map(|found| found.of) else { return Err(Some(Refused { owed, why: None })) };
        let status = Status { source: sender as usize, tag: 0, bytes, signature };
        match of.accepts(signature) {
            true => Ok(Admitted { owed, sender, of, status }),
            false => Err(Some(Refused { owed, why: Some(self.wrong_type(peer, &status, of)) })),
        }
    }

    /// Takes the handler of an object for a turn.
    fn take_turn(
        &mut self,
        letter: &Letter,
        admitted: Admitted,
        announced: Option<(Peer, u64, u64)>,
        stage: Stage,
    ) -> Option<Box<Turn>> {
        let Letter { context, object, .. } = *letter;
        let Admitted { owed, sender, of, status } = admitted;
        let channel = self.channels.get_mut(&context)?;
        let handler = channel.objects.get_mut(&object)?.handler.take()?;
        channel.running = true;
        Some(Box::new(Turn { context, object, of, sender, status, owed, announced, handler, stage }))
    }

    #[cold]
    fn wrong_type(&self, peer: Peer, status: &Status, of: TypeTag) -> String {
        match self.type_mismatch(peer, status, of) {
            Error::TypeMismatch { expected, found, .. } => {
                format!("the object takes {expected} and the message is made of {found}")
            }
            other => other.to_string(),
        }
    }

    /// Whom a message obliges to answer, and from which rank it is. An error if its sender is no member.
    fn owed(&mut self, context: u64, peer: Peer, claim: &Claim) -> Result<(Option<Owed>, u32), ()> {
        let communicator = &self.channels.get(&context).ok_or(())?.communicator;
        let process = self.port.process(peer);
        let sender = communicator.peers().rank(process).ok_or(())? as u32;
        Ok(match claim.kind {
            Kind::Request => {
                let call = claim.call;
                (Some(Owed { context, call, peer, sender: peer, asker: sender, hops: 0 }), sender)
            }
            Kind::Forwarded => {
                let communicator = communicator.clone();
                let asker = self.across(&communicator, claim.hops, claim.asker as usize).map_err(drop)?;
                let Claim { call, asker: rank, hops, .. } = *claim;
                (Some(Owed { context, call, peer: asker, sender: peer, asker: rank, hops }), rank)
            }
            _ => (None, sender),
        })
    }

    /// Begins the next turn of a channel, if nothing is under way.
    pub(crate) fn next_turn(&mut self, context: u64) {
        loop {
            let Some(channel) = self.channels.get_mut(&context) else { return };
            let is_revoked = channel.communicator.revoked_by().is_some();
            if channel.running || is_revoked || self.poisoned || self.closed.is_some() {
                return;
            }
            let Some(object) = channel.ready.pop_front() else { return };
            let Some(found) = channel.objects.get_mut(&object) else { continue };
            found.queued = false;
            let Some(place) = self.unexpected.find(&key(context, object)) else { continue };
            let Some((_, message)) = self.unexpected.remove(place) else { continue };
            // The next one of this object, after those of the others.
            channel.make_ready(object);
            self.count_unstored(&message);
            self.count_received(message.peer, message.bytes);
            let Unexpected { peer, signature, bytes, body, claim, .. } = message;
            let wire_bytes = bytes + claim.kind.head_bytes();
            let letter = Letter { context, object, peer, signature, bytes, claim };
            let work = match body {
                Body::Inline(inline) => {
                    self.give_back_credit(peer, wire_bytes);
                    self.begin_turn(letter, Delivery::Inline(inline), 0)
                }
                Body::Held(held) => {
                    self.give_back_credit(peer, wire_bytes);
                    self.begin_turn(letter, Delivery::Held(held), 0)
                }
                Body::Remote { address, send } => match self.admit(&letter) {
                    Ok(admitted) => {
                        let announced = Some((peer, address, send));
                        match self.take_turn(&letter, admitted, announced, Stage::Room) {
                            Some(turn) if bytes <= INLINE_BYTES => {
                                self.fetch_small(turn);
                                None
                            }
                            turn => turn.map(Turn::work),
                        }
                    }
                    Err(Some(refused)) => {
                        self.control(peer, DONE, [send, 0, 0], &[]);
                        self.refuse(context, object, refused);
                        None
                    }
                    Err(None) => None,
                },
                // It was taken back by a sender that leaves.
                Body::Lost => {
                    self.count_handled(context);
                    None
                }
            };
            self.work.extend(work);
        }
    }

    fn count_handled(&mut self, context: u64) {
        if let Some(channel) = self.channels.get_mut(&context) {
            channel.counters.handled += 1;
        }
    }

    /// A turn comes back from its work.
    pub(crate) fn turn_finished(&mut self, turn: Box<Turn>) {
        let mut turn = turn;
        let context = turn.context;
        match std::mem::replace(&mut turn.stage, Stage::Room) {
            Stage::Roomy(room) => self.fetch_for(turn, room),
            Stage::NoRoom(why) => {
                if let Some((peer, _, send)) = turn.announced
                    && self.peers[peer.0 as usize].failed.is_none()
                {
                    self.control(peer, DONE, [send, 0, 0], &[]);
                }
                self.end_turn(turn, Some(Outcome::Refused(why)));
            }
            Stage::Handled(outcome) => self.end_turn(turn, Some(outcome)),
            stage @ (Stage::Handle(_) | Stage::Land(..) | Stage::Room) => {
                turn.stage = stage;
                match self.poisoned {
                    true => self.end_turn(turn, None),
                    false => self.work.push_back(turn.work()),
                }
            }
        }
        self.next_turn(context);
    }

    /// Fetches the payload of an announced message to where the handler wants it.
    fn fetch_for(&mut self, mut turn: Box<Turn>, room: crate::Pointer) {
        let Some((peer, address, send)) = turn.announced else { return self.end_turn(turn, None) };
        let (context, status) = (turn.context, turn.status);
        let Key { context: _, source, label } = key(context, turn.object);
        let state = ReceiveState {
            from: Awaited::One(peer),
            pattern: Pattern { context, source: Some(source), label: Some(label) },
            target: Target::Buffer { to: room, capacity: status.bytes, of: turn.of },
            phase: ReceivePhase::Delivering,
            status,
        };
        turn.stage = Stage::Handle([0; INLINE_BYTES]);
        let Some(channel) = self.channels.get_mut(&context) else { return };
        channel.fetching = Some(turn);
        let request = self.requests.insert(Owner::Turn { context }, State::Receive(state));
        let work = self.fetch(request, peer, address, send, room, status.bytes);
        self.work.extend(work);
        // What handlers have sent need not wait for it.
        self.run_queue(context);
    }

    /// A small payload for which there was no credit is fetched into memory of ours.
    fn fetch_small(&mut self, turn: Box<Turn>) {
        let Some(channel) = self.channels.get_mut(&turn.context) else { return };
        let room = crate::Pointer::new(channel.small.as_mut_ptr());
        self.fetch_for(turn, room);
    }

    /// The payload of a turn's message is there, or can't be had.
    pub(crate) fn fetched(&mut self, context: u64, outcome: Result<Status, Error>) {
        let Some(channel) = self.channels.get_mut(&context) else { return };
        let Some(mut turn) = channel.fetching.take() else { return };
        match outcome {
            Ok(status) if !self.poisoned => {
                if status.bytes <= INLINE_BYTES {
                    let mut small = [0; INLINE_BYTES];
                    small.copy_from_slice(&channel.small);
                    turn.stage = Stage::Handle(small);
                }
                self.work.push_back(turn.work());
            }
            Ok(_) => self.end_turn(turn, None),
            Err(error) => self.end_turn(turn, Some(Outcome::Refused(error.to_string()))),
        }
        self.next_turn(context);
    }

    /// A turn is over: its handler comes back, and what it has to say goes out.
    fn end_turn(&mut self, turn: Box<Turn>, outcome: Option<Outcome>) {
        let Turn { context, object, handler, owed, sender, .. } = *turn;
        let Some(channel) = self.channels.get_mut(&context) else { return };
        channel.running = false;
        match channel.objects.get_mut(&object) {
            Some(found) if found.handler.is_none() => found.handler = Some(handler),
            // It was removed meanwhile.
            _ => self.work.push_back(Work::Drop(Box::new(handler))),
        }
        self.conclude_turn(context, object, owed, sender, outcome);
    }

    /// What a turn, whose handler has gone back, has to say goes out.
    pub(super) fn conclude_turn(
        &mut self,
        context: u64,
        object: u64,
        owed: Option<Owed>,
        sender: u32,
        outcome: Option<Outcome>,
    ) {
        match (outcome, owed) {
            (Some(Outcome::Answer(parcel)), Some(owed)) => self.answer(owed, parcel),
            (Some(Outcome::Answer(parcel)), None) => self.work.extend(parcel.keep.map(Work::Drop)),
            (Some(Outcome::Refused(why)), Some(owed)) => {
                self.count_refused(context);
                self.leave_unanswered(owed, &Unanswered::Refused(why));
            }
            (Some(Outcome::Refused(why)), None) => {
                self.count_lost(context, || format!("a message of rank {sender} for object {object}: {why}"));
            }
            (Some(Outcome::Kept) | None, _) => {}
        }
        self.run_queue(context);
        // Only now: what its handler has sent is counted.
        self.count_handled(context);
    }

    fn count_refused(&mut self, context: u64) {
        if let Some(channel) = self.channels.get_mut(&context) {
            channel.counters.refused += 1;
        }
    }

    fn count_lost(&mut self, context: u64, why: impl FnOnce() -> String) {
        if let Some(channel) = self.channels.get_mut(&context) {
            channel.note_lost(why);
        }
    }

    /// A stored message, which is no longer counted as such, is refused.
    pub(crate) fn refuse_stored(&mut self, context: u64, object: u64, message: Unexpected) {
        let (peer, claim) = (message.peer, message.claim);
        self.let_go(message);
        match self.owed(context, peer, &claim) {
            Ok((owed, _)) => self.refuse(context, object, Refused { owed, why: None }),
            Err(()) => self.break_with(peer, IN_ANOTHERS_NAME),
        }
    }

    /// Counts a message that has no turn, and tells who waits for its answer.
    fn refuse(&mut self, context: u64, object: u64, refused: Refused) {
        let Refused { owed, why } = refused;
        self.count_handled(context);
        let name = || super::channel::name(object);
        match (owed, why) {
            (Some(owed), None) => {
                self.count_refused(context);
                self.leave_unanswered(owed, &Unanswered::NoSuchObject(object));
            }
            (Some(owed), Some(why)) => {
                self.count_refused(context);
                self.leave_unanswered(owed, &Unanswered::Refused(why));
            }
            (None, why) => self.count_lost(context, || match why {
                Some(why) => format!("a message for {}: {why}", name()),
                None => format!("a message for {}, which is not here", name()),
            }),
        }
    }

    /// The answer to a call arrived.
    #[expect(clippy::too_many_arguments, reason = "all of a message")]
    fn answer_arrived(
        &mut self,
        peer: Peer,
        call: u64,
        signature: u64,
        bytes: usize,
        payload: Payload,
        announcement: Option<Announcement>,
        claim: Claim,
    ) -> Option<Work> {
        let request = RequestId::from_word(call);
        let found = self.requests.get(request).and_then(|found| match &found.state {
            State::Call(state) => Some((state.context, found.owner == Owner::User)),
            _ => None,
        });
        let body = self.active_body(peer, payload, announcement, 0);
        let message = Unexpected { peer, signature, bytes, body, retracted: false, claim };
        let Some((context, is_wanted)) = found else {
            // The call has ended otherwise.
            self.let_go(message);
            return None;
        };
        let process = self.port.process(peer);
        let rank = self.channels.get(&context).and_then(|channel| channel.communicator.rank_of(process));
        let Some(rank) = rank else {
            self.break_with(peer, IN_ANOTHERS_NAME);
            return None;
        };
        let status = Status { source: rank, tag: 0, bytes, signature };
        if is_wanted {
            self.count_stored(&message);
            let key = Key { context, source: rank as u32, label: 0 };
            self.messages.insert(Message(request), (key, message));
        } else {
            self.let_go(message);
        }
        self.complete(request, Ok(status));
        None
    }
}

/// The first bytes of a small payload.
fn small(bytes: &[u8]) -> [u8; INLINE_BYTES] {
    let mut small = [0; INLINE_BYTES];
    let length = bytes.len().min(INLINE_BYTES);
    small[..length].copy_from_slice(&bytes[..length]);
    small
}

/// A message for an object.
struct Letter {
    context: u64,
    object: u64,
    peer: Peer,
    signature: u64,
    bytes: usize,
    claim: Claim,
}

/// A message that its object takes.
struct Admitted {
    owed: Option<Owed>,
    sender: u32,
    of: TypeTag,
    status: Status,
}

/// Who is told, and why; no why: there is no such object.
struct Refused {
    owed: Option<Owed>,
    why: Option<String>,
}
