//! Answers: what is owed to who asked, and what comes instead when there is none.

use fabric::Peer;

use super::call::moved_word;
use super::frames::{Claim, Head, Kind, MOVED, UNANSWERED, envelope};
use super::outgoing::{CALLS_MAX, Parcel, Target, Waiting};
use crate::envelope::{DONE, STEP_LABEL};
use crate::receive::{Body, Unexpected};
use crate::request::Owner;
use crate::{Error, Lane, Message};

/// The obligation to answer a request. Good for one answer, or for one forward: its holder sees to that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owed {
    pub(crate) context: u64,
    pub(crate) call: u64,
    /// Who asked; of a forwarded request by the word of its forwarder.
    pub(crate) peer: Peer,
    /// From whom the request has come here.
    pub(crate) sender: Peer,
    pub(crate) asker: u32,
    pub(crate) hops: u16,
}

impl Owed {
    /// The rank that made the request.
    pub fn asker(&self) -> usize {
        self.asker as usize
    }

    /// Who asked, and who has forwarded the request, if it was forwarded.
    pub(crate) fn forwarding(&self) -> Option<(Peer, Peer)> {
        (self.hops > 0).then_some((self.peer, self.sender))
    }
}

/// Why a request gets no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// There is no such object.
    NoSuchObject(u64),
    /// The request could not be handled, or the obligation was dropped.
    Refused(String),
}

/// Bytes of the text of a refusal; longer ones are cut.
const REASON_BYTES_MAX: usize = 512;

/// How many frames may wait for a peer until those are counted that answer its calls.
const WAITING_UNCOUNTED: usize = 2 * CALLS_MAX;

impl Lane {
    /// Answers a request. Needs no credit up to [`fabric::INLINE_BYTES`], and waits for nothing.
    pub fn answer(&mut self, owed: Owed, parcel: Parcel) {
        if !self.poisoned && self.send_answer_directly(owed, &parcel) {
            return;
        }
        let Parcel { of, data, keep } = parcel;
        if self.poisoned || self.answers_too_many(owed, WAITING_UNCOUNTED) {
            // Users' code may be in its drop: not with the lane locked.
            self.work.extend(keep.map(crate::Work::Drop));
            return;
        }
        self.introduce(owed.peer, of);
        let envelope = envelope(owed.call, Kind::Answer, 0, of.signature);
        match owed.forwarding() {
            None => self.peers[owed.peer.0 as usize].answers_waiting += 1,
            Some(both) => *self.forwarded_waiting.entry(both).or_default() += 1,
        }
        let owner = Owner::Answer { peer: owed.peer, forwarder: owed.forwarding().map(|both| both.1) };
        // Who is gone needs no answer.
        let _ = self.send_kept(owed.peer, envelope, Head::NONE, data, keep, owner);
    }

    /// Tells who asked that there will be no answer.
    pub fn leave_unanswered(&mut self, owed: Owed, why: &Unanswered) {
        if self.poisoned || self.answers_too_many(owed, WAITING_UNCOUNTED) {
            return;
        }
        let (object, text) = match why {
            Unanswered::NoSuchObject(object) => (STEP_LABEL | object, ""),
            Unanswered::Refused(text) => (0, &text[..text.floor_char_boundary(REASON_BYTES_MAX)]),
        };
        self.control_owed(owed, UNANSWERED, [owed.call, object, 0], text.as_bytes());
    }

    /// Hands a request on, with the obligation to answer it, to another object of the same communicator.
    ///
    /// # Errors
    /// A rank that can't be, a peer that is gone, the outgoing queue is full: the obligation stays with the caller.
    pub fn forward(&mut self, owed: Owed, to: Target, parcel: Parcel) -> Result<(), Error> {
        let hops = owed.hops.checked_add(1).ok_or_else(|| Error::Argument {
            name: "request",
            why: "it has been forwarded 65,535 times".to_owned(),
        })?;
        let Some(channel) = self.channels.get(&owed.context) else { return Err(Error::StaleRequest) };
        let communicator = channel.communicator.clone();
        let peer = self.peer(&communicator, to.rank)?;
        if let Some(cause) = self.peers[peer.0 as usize].failed.clone() {
            return Err(Error::PeerFailed { rank: Some(to.rank), process: self.port.process(peer), cause });
        }
        let claim = Claim { call: owed.call, asker: owed.asker, hops, ..Claim::of(Kind::Forwarded) };
        let waiting = Waiting { to, kind: Kind::Forwarded, head: claim.head(), parcel };
        self.queue(owed.context, waiting)?;
        // Answers need as much room as there can be calls.
        if !self.answers_too_many(owed, CALLS_MAX) {
            self.control_owed(owed, MOVED, [owed.call, moved_word(hops, to.rank), 0], &[]);
        }
        self.run_queue(owed.context);
        Ok(())
    }

    /// Whether more answers wait for room at a peer than a correct one can have asked for; then it is dropped. Not so if another has
    /// forwarded the requests, and more than these wait: either of the two may be broken, what is owed to both is lost, and nobody
    /// else's.
    fn answers_too_many(&mut self, owed: Owed, forwarded_max: usize) -> bool {
        if let Some(both) = owed.forwarding() {
            let waiting = self.forwarded_waiting.get(&both).copied().unwrap_or_default();
            return waiting > forwarded_max;
        }
        let peer = owed.peer;
        let state = &self.peers[peer.0 as usize];
        let in_control = match state.control_backlog.len() > WAITING_UNCOUNTED {
            true => state
                .control_backlog
                .iter()
                .filter(|frame| matches!(frame.kind(), UNANSWERED | MOVED) && frame.forwarder.is_none())
                .count(),
            false => 0,
        };
        let too_many = state.answers_waiting > CALLS_MAX || in_control > WAITING_UNCOUNTED;
        if too_many {
            self.break_with(peer, "it makes more requests than it takes answers");
        }
        too_many
    }

    /// An answer that waited for who asked, on behalf of this forwarder, is out of this process's hands.
    pub(crate) fn no_longer_forwarded(&mut self, both: (Peer, Peer)) {
        if let Some(waiting) = self.forwarded_waiting.get_mut(&both) {
            *waiting -= 1;
            if *waiting == 0 {
                self.forwarded_waiting.remove(&both);
            }
        }
    }

    /// The answer of a call that is complete: take it as a message that a probe holds. `None` after it was received.
    pub fn answer_of(&self, call: crate::RequestId) -> Option<Message> {
        self.messages.contains_key(&Message(call)).then_some(Message(call))
    }

    /// Drops a stored message that nobody will receive.
    pub(crate) fn discard(&mut self, message: Unexpected) {
        self.count_unstored(&message);
        self.let_go(message);
    }

    /// Gives back what a message has of its sender: its credit, or its memory.
    pub(crate) fn let_go(&mut self, message: Unexpected) {
        let peer = message.peer;
        match message.body {
            Body::Inline(_) | Body::Held(_) if message.claim.reserved => {}
            Body::Inline(_) | Body::Held(_) => self.give_back_credit(peer, message.wire_bytes()),
            Body::Remote { send, .. } => {
                if self.peers[peer.0 as usize].failed.is_none() {
                    self.control(peer, DONE, [send, 0, 0], &[]);
                }
            }
            Body::Lost => {}
        }
    }
}
