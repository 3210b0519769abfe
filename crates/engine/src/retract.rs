//! Taking announced messages back: their senders retract what nobody has matched, and a receiver that will receive nothing
//! more refuses it.
//!
//! A retraction is a question, since the message may be matched already: the send ends when the receiver says that it has
//! forgotten the message, or when the message has been taken. A message that a matched probe holds counts as matched; if
//! the probe's holder gives it back, it is forgotten then.

use fabric::{Cause, Class, Frame, Peer, Refused};

use crate::active::frames::ACTIVE_LABEL;
use crate::backlog::{Outgoing, RETRACTIONS_MAX};
use crate::envelope::{REFUSED, RETRACT, RETRACTED, STEP_LABEL};
use crate::matching::Key;
use crate::receive::{Body, Unexpected};
use crate::request::State;
use crate::send::{SendPhase, SendState};
use crate::{Error, Lane, RequestId};

/// The second word of RETRACT from a sender that leaves: what it retracts was not taken back by its program.
pub(crate) const LEAVES: u64 = 1;

/// Answers to a retraction: the second word of RETRACTED.
const MATCHED: u64 = 0;
const FORGOTTEN: u64 = 1;
/// No answer: a message that had been held when its retraction came was given back, and is forgotten.
pub(crate) const FORGOTTEN_LATER: u64 = 2;

/// How far the retraction of a send is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Retraction {
    /// Nobody wants it.
    #[default]
    Unwanted,
    /// Waits until earlier ones have been answered.
    Waiting,
    /// The receiver was asked.
    Asked,
    /// The receiver has matched the message.
    TooLate,
}

impl Lane {
    /// Cancels a send if nothing of it has begun.
    pub(crate) fn cancel_send(&mut self, request: RequestId) {
        let Some(State::Send(send)) = self.requests.get_mut(request).map(|r| &mut r.state) else { return };
        let (peer, context) = (send.peer, send.envelope.context);
        match send.phase {
            SendPhase::Queued => {
                let is_other = |Outgoing::Message(id): &Outgoing| *id != request;
                self.peers[peer.0 as usize].backlog.retain(is_other);
                self.complete(request, Err(self.end_of(context).unwrap_or(Error::Cancelled)));
            }
            SendPhase::Announced if send.retraction == Retraction::Unwanted => {
                send.retraction = Retraction::Waiting;
                self.peers[peer.0 as usize].retractions.push_back(request);
                self.retract_next(peer);
            }
            SendPhase::Announced | SendPhase::Filling | SendPhase::Streaming { .. } => {}
        }
    }

    /// Cancels every send that has not begun: for a process that leaves.
    pub fn cancel_sends(&mut self) {
        let is_send = |(id, request): (RequestId, &crate::request::Request)| {
            matches!(request.state, State::Send(_)).then_some(id)
        };
        let sends: Vec<RequestId> = self.requests.iter().filter_map(is_send).collect();
        sends.into_iter().for_each(|send| self.cancel_send(send));
    }

    /// Asks a peer to forget what is to be retracted, as far as it may be asked at one time.
    fn retract_next(&mut self, peer: Peer) {
        while self.peers[peer.0 as usize].retractions_asked < RETRACTIONS_MAX {
            let Some(request) = self.peers[peer.0 as usize].retractions.pop_front() else { return };
            if let Some(State::Send(send)) = self.requests.get_mut(request).map(|r| &mut r.state)
                && matches!(send.phase, SendPhase::Announced)
            {
                send.retraction = Retraction::Asked;
                self.peers[peer.0 as usize].retractions_asked += 1;
                self.control(peer, RETRACT, [request.word(), u64::from(self.closed.is_some()), 0], &[]);
            }
        }
    }

    /// The sender takes an announcement back: forget it, unless a receive has matched it. If that is because the sender
    /// leaves, its place is kept, so that nothing is taken in its stead; but for steps of collectives, which are not taken in
    /// order. Returns false for what no correct peer does.
    pub(crate) fn retract_arrived(&mut self, peer: Peer, send: u64, leaves: bool) -> bool {
        let is_it = |message: &Unexpected| message.peer == peer && message.is_announced_as(send);
        let place = self.unexpected.find_announced(peer, send);
        let is_step = |key: &Key| key.label & ACTIVE_LABEL == STEP_LABEL;
        if leaves
            && let Some(place) = place
            && !self.unexpected.get(place).is_some_and(|(key, _)| is_step(key))
        {
            self.unexpected.lose(place);
            return self.answer_retraction(peer, send, FORGOTTEN);
        }
        if let Some((_, message)) = place.and_then(|place| self.unexpected.remove(place)) {
            self.count_unstored(&message);
            return self.answer_retraction(peer, send, FORGOTTEN);
        }
        if let Some((_, held)) = self.messages.values_mut().find(|(_, held)| is_it(held)) {
            held.retracted = true;
        }
        self.answer_retraction(peer, send, MATCHED)
    }

    /// A probe's holder has given a message back whose sender has retracted it meanwhile.
    pub(crate) fn forget_given_back(&mut self, message: &Unexpected) {
        self.count_unstored(message);
        if let Body::Remote { send, .. } = message.body {
            self.control(message.peer, RETRACTED, [send, FORGOTTEN_LATER, 0], &[]);
        }
    }

    /// The receiver's word on a retraction. Returns false for what no correct peer says.
    pub(crate) fn retracted_arrived(&mut self, peer: Peer, send: u64, answer: u64) -> bool {
        let request = RequestId::from_word(send);
        if answer <= FORGOTTEN {
            let asked = &mut self.peers[peer.0 as usize].retractions_asked;
            if *asked == 0 {
                return false;
            }
            *asked -= 1;
        }
        // A send that was taken meanwhile is complete or streaming.
        if let Some(State::Send(SendState {
            peer: to,
            phase: SendPhase::Announced,
            retraction,
            envelope,
            ..
        })) = self.requests.get_mut(request).map(|r| &mut r.state)
        {
            let context = envelope.context;
            match (answer, *retraction) {
                _ if *to != peer => return false,
                (MATCHED, Retraction::Asked) => *retraction = Retraction::TooLate,
                (FORGOTTEN, Retraction::Asked) | (FORGOTTEN_LATER, Retraction::TooLate) => {
                    self.complete(request, Err(self.end_of(context).unwrap_or(Error::Cancelled)));
                }
                _ => return false,
            }
        }
        self.retract_next(peer);
        true
    }

    /// Nothing is received here any more: refuses what is announced and not matched. What finds no room is refused later.
    #[cold]
    pub(crate) fn refuse_unwanted(&mut self) {
        let held: Vec<_> = self.messages.keys().copied().collect();
        for (key, message) in held.iter().filter_map(|name| self.messages.remove(name)).collect::<Vec<_>>() {
            self.unexpected.push(key, message);
        }
        // A collective that was begun before goes on, and asks for its messages when it comes to them.
        let collecting =
            self.requests.iter().any(|(_, request)| matches!(request.state, State::Collective(_)));
        let mut is_left = false;
        let announced = self.unexpected.iter().filter_map(|(place, key, message)| match message.body {
            Body::Remote { .. } if collecting && key.label & STEP_LABEL != 0 => {
                is_left = true;
                None
            }
            Body::Remote { send, .. } => Some((place, message.peer, send)),
            _ => None,
        });
        let announced = announced.collect::<Vec<_>>();
        let mut full = None;
        for (place, peer, send) in announced {
            let frame = Frame { kind: REFUSED, header: [send, 0, 0] };
            // What the dead had announced is forgotten without a word.
            let is_told = self.peers[peer.0 as usize].failed.is_some()
                || full != Some(peer)
                    && self.port.send(peer, Class::Control, frame, &[]) != Err(Refused::Full);
            if !is_told {
                full = Some(peer);
            } else if let Some((key, message)) = self.unexpected.remove(place) {
                self.leaks(&key, &message);
                self.count_unstored(&message);
            }
        }
        self.may_be_unwanted = is_left || full.is_some();
    }

    /// The receiver takes nothing more.
    pub(crate) fn refused_arrived(&mut self, peer: Peer, send: u64) {
        let request = RequestId::from_word(send);
        if let Some(State::Send(SendState { peer: to, phase: SendPhase::Announced, rank, .. })) =
            self.requests.get(request).map(|r| &r.state)
            && *to == peer
        {
            let (process, rank) = (self.port.process(peer), *rank);
            let error = Error::PeerFailed { rank, process, cause: Cause::Left };
            self.complete(request, Err(self.end_of_all().unwrap_or(error)));
        }
    }
}

impl Drop for Lane {
    /// A buffer that another rank of this process may be reading is never given back: it is lost.
    fn drop(&mut self) {
        let requests: Vec<RequestId> = self.requests.iter().map(|(id, _)| id).collect();
        for request in requests {
            if self.may_be_read_here(request) {
                std::mem::forget(self.requests.take_keep(request));
            }
        }
    }
}
