//! What waits for room at a peer: messages, and frames of control.
//!
//! # How much control can wait
//! Every frame of control is owed to something that is bounded by other means, so that no peer can make this lane store
//! frames for it without end, and nobody has to stop reading from anybody (two lanes that stopped reading from each other
//! could wait for ever):
//!
//! | frame | at most |
//! |---|---|
//! | PULL, DONE | one for each receive of ours: it is complete only once its DONE is handed to the transport |
//! | CREDIT | one: what finds no room is added up |
//! | RETRACT | [`RETRACTIONS_MAX`] unanswered; further retractions wait in the sends that they concern |
//! | RETRACTED | [`RETRACTIONS_MAX`] answers: no correct peer asks for more; and one for each message that a probe gives back |
//! | REFUSED | none: the message itself stays until there is room |
//! | NAME | [`NAMES_MAX`](crate::names::NAMES_MAX) in a lifetime |
//! | FAREWELL | one in a lifetime |
//! | UNANSWERED, MOVED | two for each of the [`CALLS_MAX`](crate::active::CALLS_MAX) calls that a correct peer has open; as many again for each other that forwards requests in its name |
//! | CALL | one for each collective under way, and only where programs are checked |
//! | UNREADY | none: what finds no room is told here; only where programs are checked |
//! | STEP_FAILED | one for each communicator with a member that is gone; and for each collective that failed otherwise |
//! | AGREE | three for each agreement in which a member takes part; one for each question about one that is over |
//! | REVOKE | one for each communicator that is revoked |

use fabric::{Class, Frame, Peer, Refused};

use crate::active::Owed;
use crate::envelope::{CREDIT, DONE, PULL, RETRACTED};
use crate::retract::FORGOTTEN_LATER;
use crate::{Lane, RequestId, Work};

/// Retractions that a lane has under way with one peer. A few, since each takes a place in the other's backlog when that
/// has no room; more only wait, for as long as an answer takes.
pub(crate) const RETRACTIONS_MAX: u32 = 16;

/// A frame of control that found no room.
pub(crate) struct ControlFrame {
    frame: Frame,
    payload: Box<[u8]>,
    /// The receive that is complete once this is handed over.
    completes: Option<RequestId>,
    /// Who has forwarded the request that this is about, if somebody has.
    pub forwarder: Option<Peer>,
}

impl ControlFrame {
    pub fn kind(&self) -> u8 {
        self.frame.kind
    }
}

/// What waits for room at a peer, in order.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outgoing {
    /// A message, which may go eagerly or as an announcement when its turn comes.
    Message(RequestId),
}

impl Lane {
    /// Sends a frame of control; it never waits for credits, and for room only behind its like.
    pub(crate) fn control(&mut self, peer: Peer, kind: u8, header: [u64; 3], payload: &[u8]) {
        self.control_completing(peer, Frame { kind, header }, payload, None);
    }

    /// The same, of a frame that is owed to who asked; what waits is counted for who has forwarded the request.
    pub(crate) fn control_owed(&mut self, owed: Owed, kind: u8, header: [u64; 3], payload: &[u8]) {
        if !self.control_completing(owed.peer, Frame { kind, header }, payload, None)
            && let Some(both) = owed.forwarding()
        {
            *self.forwarded_waiting.entry(both).or_default() += 1;
            if let Some(frame) = self.peers[both.0.0 as usize].control_backlog.back_mut() {
                frame.forwarder = Some(both.1);
            }
        }
    }

    /// Says that an announced message was read, which completes its receive.
    pub(crate) fn acknowledge_read(&mut self, peer: Peer, send: u64, receive: RequestId) {
        let frame = Frame { kind: DONE, header: [send, 0, 0] };
        self.control_completing(peer, frame, &[], Some(receive));
    }

    /// Returns false when it waits.
    fn control_completing(
        &mut self,
        peer: Peer,
        frame: Frame,
        payload: &[u8],
        completes: Option<RequestId>,
    ) -> bool {
        if matches!(frame.kind, DONE | PULL) {
            self.told_somebody();
        }
        let state = &mut self.peers[peer.0 as usize];
        let sent = state.control_backlog.is_empty()
            && self.port.send(peer, Class::Control, frame, payload) != Err(Refused::Full);
        if !sent {
            let frame = ControlFrame { frame, payload: payload.into(), completes, forwarder: None };
            self.peers[peer.0 as usize].control_backlog.push_back(frame);
            self.stall(peer);
        } else if let Some(receive) = completes {
            self.complete_receive(receive);
        }
        sent
    }

    /// Answers a retraction. Returns false when the peer has asked more often than a correct one does.
    pub(crate) fn answer_retraction(&mut self, peer: Peer, send: u64, answer: u64) -> bool {
        let backlog = &self.peers[peer.0 as usize].control_backlog;
        let is_answer = |waiting: &&ControlFrame| {
            waiting.frame.kind == RETRACTED && waiting.frame.header[1] != FORGOTTEN_LATER
        };
        if backlog.iter().filter(is_answer).count() as u32 >= RETRACTIONS_MAX {
            return false;
        }
        self.control(peer, RETRACTED, [send, answer, 0], &[]);
        true
    }

    /// An eager message of the peer needs no memory here any more.
    pub(crate) fn give_back_credit(&mut self, peer: Peer, bytes: usize) {
        if let Some(credit) = self.peers[peer.0 as usize].books.consumed(bytes) {
            self.give_credit(peer, credit);
        }
    }

    pub(crate) fn extend_credit(&mut self, peer: Peer) {
        if let Some(credit) = self.peers[peer.0 as usize].books.extend(&mut self.pool_left) {
            self.give_credit(peer, credit);
        }
    }

    /// A peer sends nothing more: what it was granted on demand is there for others, but for what is still stored of it.
    pub(crate) fn reclaim_credit(&mut self, peer: Peer) {
        let initial = self.initial_credit();
        let state = &mut self.peers[peer.0 as usize];
        self.pool_left += state.books.reclaim(initial.max(state.stored.eager_bytes()));
    }

    #[cold]
    fn give_credit(&mut self, peer: Peer, bytes: u64) {
        if self.peers[peer.0 as usize].is_gone {
            return self.reclaim_credit(peer);
        }
        self.peers[peer.0 as usize].credit_due += bytes;
        if !self.send_credit(peer) {
            self.stall(peer);
        }
    }

    /// Hands over the credit that is due. Returns false when there is no room.
    fn send_credit(&mut self, peer: Peer) -> bool {
        let due = self.peers[peer.0 as usize].credit_due;
        let frame = Frame { kind: CREDIT, header: [due, 0, 0] };
        if due > 0 && self.port.send(peer, Class::Control, frame, &[]) == Err(Refused::Full) {
            return false;
        }
        self.peers[peer.0 as usize].credit_due = 0;
        true
    }

    pub(crate) fn enqueue(&mut self, peer: Peer, outgoing: Outgoing) {
        self.peers[peer.0 as usize].backlog.push_back(outgoing);
        self.stall(peer);
    }

    pub(crate) fn enqueue_front(&mut self, peer: Peer, outgoing: Outgoing) {
        self.peers[peer.0 as usize].backlog.push_front(outgoing);
        self.stall(peer);
    }

    pub(crate) fn stall(&mut self, peer: Peer) {
        if !std::mem::replace(&mut self.peers[peer.0 as usize].is_stalled, true) {
            self.stalled.push_back(peer);
        }
    }

    /// Tries what waits for room anywhere.
    pub(crate) fn retry_stalled(&mut self) -> Option<Work> {
        for _ in 0..self.stalled.len() {
            let Some(peer) = self.stalled.pop_front() else { break };
            self.peers[peer.0 as usize].is_stalled = false;
            let work = self.retry_backlog(peer);
            if self.peers[peer.0 as usize].waits_for_room() {
                self.stall(peer);
            }
            if work.is_some() {
                return work;
            }
        }
        None
    }

    /// Tries what waits for room at a peer. Returns work when a payload is to be filled in.
    pub(crate) fn retry_backlog(&mut self, peer: Peer) -> Option<Work> {
        if self.retry_control(peer) { self.retry_messages(peer) } else { None }
    }

    /// Returns false when some of it still waits.
    fn retry_control(&mut self, peer: Peer) -> bool {
        if !self.send_credit(peer) {
            return false;
        }
        while let Some(control) = self.peers[peer.0 as usize].control_backlog.front() {
            if self.port.send(peer, Class::Control, control.frame, &control.payload) == Err(Refused::Full) {
                return false;
            }
            let handed_over = self.peers[peer.0 as usize].control_backlog.pop_front();
            if let Some(forwarder) = handed_over.as_ref().and_then(|control| control.forwarder) {
                self.no_longer_forwarded((peer, forwarder));
            }
            if let Some(receive) = handed_over.and_then(|control| control.completes) {
                self.complete_receive(receive);
            }
        }
        true
    }

    /// A peer is gone: nothing waits for it any more. What was only to be acknowledged is complete.
    pub(crate) fn drop_backlog(&mut self, peer: Peer) {
        let state = &mut self.peers[peer.0 as usize];
        state.backlog.clear();
        state.retractions.clear();
        state.credit_due = 0;
        let dropped = std::mem::take(&mut state.control_backlog);
        for forwarder in dropped.iter().filter_map(|control| control.forwarder) {
            self.no_longer_forwarded((peer, forwarder));
        }
        for receive in dropped.into_iter().filter_map(|control| control.completes) {
            self.complete_receive(receive);
        }
    }

    /// Frames of control that wait for room, at all peers: see the bounds above.
    pub fn control_waiting(&self) -> usize {
        self.peers.iter().map(|peer| peer.control_backlog.len()).sum()
    }
}
