//! When a peer is gone, an operation is cancelled, or nothing more is to happen at all.

use fabric::{Cause, Peer};

use crate::envelope::{FAREWELL, RETRACT};
use crate::receive::{Awaited, ReceivePhase, ReceiveState};
use crate::request::{Owner, State};
use crate::send::{Data, SendPhase, SendState};
use crate::{Error, Lane, RequestId};

impl Lane {
    /// A peer is gone: what waits for it ends with an error that says how it went.
    pub(crate) fn peer_failed(&mut self, peer: Peer, cause: Cause) {
        let process = self.port.process(peer);
        self.peer_state(peer).failed = Some(cause.clone());
        self.peer_state(peer).backlog.clear();
        self.peer_state(peer).control_backlog.clear();
        let orderly = cause == Cause::Left;
        let hit: Vec<RequestId> = self
            .requests
            .iter()
            .filter(|(_, request)| match &request.state {
                State::Send(send) => send.peer == peer,
                State::Receive(ReceiveState { from, phase, .. }) => match phase {
                    ReceivePhase::Posted => match from {
                        Awaited::One(from) => *from == peer,
                        // Who may still hear from others waits on when one leaves in order.
                        Awaited::Any(group) => !orderly && group.rank(process).is_some(),
                    },
                    ReceivePhase::Delivering => false,
                    ReceivePhase::Streaming { peer: from, .. }
                    | ReceivePhase::Reading { peer: from, .. }
                    | ReceivePhase::Asking { peer: from } => *from == peer,
                },
                State::Collective(_) | State::Concluding | State::Done(_) => false,
            })
            .map(|(id, _)| id)
            .collect();
        for request in hit {
            self.withdraw_posted(request);
            let rank = match self.requests.get(request).map(|r| &r.state) {
                Some(State::Receive(ReceiveState { from: Awaited::Any(group), .. })) => group.rank(process),
                Some(State::Receive(receive)) => receive.pattern.source.map(|rank| rank as usize),
                _ => None,
            };
            match self.requests.get(request).map(|r| &r.state) {
                // What was wrong is known, but for what the sender called its type.
                Some(State::Receive(ReceiveState { phase: ReceivePhase::Asking { .. }, status, .. })) => {
                    let name = self.types.name(status.signature);
                    self.name_arrived(request, name);
                }
                _ => {
                    let error = Error::PeerFailed { rank, process, cause: cause.clone() };
                    self.complete(request, Err(self.end_of_all().unwrap_or(error)));
                }
            }
        }
        self.some_awaited_is_gone();
        // What the dead had announced can't be fetched any more.
        let remote: Vec<usize> = self
            .unexpected
            .iter()
            .filter(|(_, _, message)| {
                message.peer == peer && matches!(message.body, crate::receive::Body::Remote { .. })
            })
            .map(|(place, ..)| place)
            .collect();
        for place in remote {
            if let Some((_, message)) = self.unexpected.remove(place) {
                self.count_unstored(&message);
            }
        }
    }

    fn peer_state(&mut self, peer: Peer) -> &mut crate::lane::PeerState {
        self.meet(peer);
        &mut self.peers[peer.0 as usize]
    }

    /// Takes a receive that waits out of matching. Returns whether it waited.
    fn withdraw_posted(&mut self, request: RequestId) -> bool {
        match self.requests.get(request).map(|r| &r.state) {
            Some(State::Receive(ReceiveState { pattern, phase: ReceivePhase::Posted, .. })) => {
                let pattern = *pattern;
                self.posted.withdraw(&pattern, request.word())
            }
            _ => false,
        }
    }

    /// Cancels an operation if nothing of it has begun: a receive without a match, a send that is queued or announced
    /// and unmatched. Anything else runs on; ask for its outcome in either case.
    pub fn cancel(&mut self, request: RequestId) {
        if self.withdraw_posted(request) {
            self.complete(request, Err(Error::Cancelled));
            return;
        }
        let Some(State::Send(SendState { peer, phase, .. })) = self.requests.get(request).map(|r| &r.state)
        else {
            return;
        };
        let peer = *peer;
        match phase {
            SendPhase::Queued => {
                let place = |o: &crate::lane::Outgoing| {
                    let crate::lane::Outgoing::Message(id) = o;
                    *id != request
                };
                self.peers[peer.0 as usize].backlog.retain(place);
                self.complete(request, Err(Error::Cancelled));
            }
            SendPhase::Announced => self.control(peer, RETRACT, [request.word(), 0, 0], &[]),
            SendPhase::Filling | SendPhase::Streaming { .. } => {}
        }
    }

    /// Refuses all later operations with this reason. Those under way go on.
    pub fn close(&mut self, why: &str) {
        self.closed.get_or_insert_with(|| why.to_owned());
    }

    /// Ends everything: pending operations fail with this reason, and so do all later ones. What nobody waits for any
    /// more keeps its buffer, which a peer may be reading.
    pub fn poison(&mut self, why: &str) {
        if !self.poisoned {
            (self.poisoned, self.closed) = (true, Some(why.to_owned()));
        }
        let pending: Vec<RequestId> = self
            .requests
            .iter()
            .filter(|(_, request)| !matches!(request.state, State::Done(_)) && request.owner != Owner::Nobody)
            .map(|(id, _)| id)
            .collect();
        for request in pending {
            self.withdraw_posted(request);
            match self.may_be_read_here(request) {
                true => self.cancel(request),
                false => self.complete(request, Err(Error::Revoked(why.to_owned()))),
            }
        }
    }

    /// Whether another rank of this process may be copying out of a send's buffer, at this moment or later. Between
    /// processes that is harmless: the kernel copies, and what it finds in a poisoned job is of no account.
    fn may_be_read_here(&mut self, request: RequestId) -> bool {
        match self.requests.get(request).map(|r| &r.state) {
            Some(State::Send(SendState {
                peer,
                phase: SendPhase::Announced,
                data: Data::Memory { .. },
                ..
            })) => {
                let peer = *peer;
                self.port.reader(peer).is_some_and(|reader| reader.is_same_space())
            }
            _ => false,
        }
    }

    /// Whether [`poison`](Lane::poison) has ended everything.
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }

    /// Why everything has ended, if it has: that is then what became of operations that end later.
    pub(crate) fn end_of_all(&self) -> Option<Error> {
        self.closed.clone().filter(|_| self.poisoned).map(Error::Revoked)
    }

    /// Whether operations can be started.
    ///
    /// # Errors
    /// [`Error::Revoked`] with the reason of [`close`](Lane::close) or [`poison`](Lane::poison).
    pub fn check_open(&self) -> Result<(), Error> {
        match &self.closed {
            Some(why) => Err(Error::Revoked(why.clone())),
            None => Ok(()),
        }
    }

    /// Tells every peer met so far that this process starts nothing more.
    pub fn bid_farewell(&mut self) {
        for index in 0..self.peers.len() {
            if self.peers[index].failed.is_none() {
                self.control(Peer(index as u32), FAREWELL, [0; 3], &[]);
            }
        }
    }

    /// Whether every peer met has said farewell or is gone, and nothing waits to be sent.
    pub fn all_farewells_in(&self) -> bool {
        self.peers.iter().enumerate().all(|(index, peer)| {
            let me = self.port.process(Peer(index as u32)) == self.port.me();
            (me || peer.farewell || peer.failed.is_some()) && peer.control_backlog.is_empty()
        })
    }

    /// Whether anything that was sent still waits in this process for room.
    pub fn all_sent(&self) -> bool {
        self.peers
            .iter()
            .all(|peer| peer.failed.is_some() || (peer.backlog.is_empty() && peer.control_backlog.is_empty()))
            && !self.requests.iter().any(|(_, request)| matches!(request.state, State::Send(_)))
    }
}
