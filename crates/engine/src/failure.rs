//! When a peer is gone, an operation is cancelled, or nothing more is to happen at all.

use fabric::{Cause, Peer};
use wire::ProcessId;

use crate::envelope::{FAREWELL, STEP_LABEL};
use crate::matching::Pattern;
use crate::receive::{Awaited, ReceivePhase, ReceiveState};
use crate::request::{Owner, Request, State};
use crate::send::{Data, SendPhase, SendState};
use crate::{Error, Lane, RequestId, Work};

impl Lane {
    /// A peer is gone: what waits for it ends with an error that says how it went.
    pub(crate) fn peer_failed(&mut self, peer: Peer, cause: Cause) {
        let process = self.port.process(peer);
        self.peer_state(peer).failed = Some(cause.clone());
        self.drop_backlog(peer);
        let hit = |(id, request): (RequestId, &Request)| {
            let is_hit = match &request.state {
                State::Send(send) => send.peer == peer,
                State::Receive(ReceiveState { phase, .. }) => match phase {
                    ReceivePhase::Posted | ReceivePhase::Delivering => false,
                    ReceivePhase::Streaming { peer: from, .. } | ReceivePhase::Reading { peer: from, .. } => {
                        *from == peer
                    }
                },
                State::Call(call) => call.ends_with(peer, &cause),
                State::Collective(_) | State::Agreement(_) | State::Concluding | State::Done(_) => false,
            };
            is_hit.then_some(id)
        };
        let hit: Vec<RequestId> = self.requests.iter().filter_map(hit).collect();
        for request in hit {
            let rank = match self.requests.get(request).map(|r| &r.state) {
                Some(State::Receive(receive)) => Some(receive.status.source),
                Some(State::Send(send)) => send.rank,
                Some(State::Call(call)) => Some(call.rank as usize),
                _ => None,
            };
            let error = Error::PeerFailed { rank, process, cause: cause.clone() };
            self.complete(request, Err(self.end_of_all().unwrap_or(error)));
        }
        self.no_more_from(peer);
        self.some_awaited_is_gone();
        self.no_call_from(peer);
        // What the dead had announced can't be fetched any more, and whoever receives it is told so: what was sent after it
        // must not be taken in its place. Steps of collectives are not taken in order.
        let steps: Vec<usize> = self
            .unexpected
            .iter()
            .filter(|(_, key, message)| {
                let is_remote = matches!(message.body, crate::receive::Body::Remote { .. });
                message.peer == peer && is_remote && key.label & STEP_LABEL != 0
            })
            .map(|(place, ..)| place)
            .collect();
        for place in steps {
            if let Some((_, message)) = self.unexpected.remove(place) {
                self.count_unstored(&message);
            }
        }
    }

    /// Whether this lane knows that a process is gone.
    pub fn knows_gone(&mut self, process: ProcessId) -> bool {
        let peer = self.port.connect(process);
        self.peer_state(peer).failed.is_some()
    }

    /// A peer has said that no message of it follows. It still takes messages.
    pub(crate) fn farewell_arrived(&mut self, peer: Peer) {
        self.peers[peer.0 as usize].farewell = true;
        if self.has_bid_farewell {
            // It has met this process and waits for its farewell, but was not known here when that was said to all.
            self.bid_farewell_to(peer);
        }
        self.no_more_from(peer);
        self.some_awaited_is_gone();
        self.no_call_from(peer);
    }

    /// Ends the receives that wait for a peer of which nothing more comes.
    fn no_more_from(&mut self, peer: Peer) {
        if !std::mem::replace(&mut self.peers[peer.0 as usize].is_gone, true) {
            self.gone.push(peer);
        }
        self.reclaim_credit(peer);
        let process = self.port.process(peer);
        let hit = |(id, request): (RequestId, &Request)| match &request.state {
            State::Receive(ReceiveState { from, phase: ReceivePhase::Posted, .. }) => match from {
                Awaited::One(from) => (*from == peer).then_some(id),
                Awaited::Any(group) => group.rank(process).map(|_| id),
            },
            _ => None,
        };
        // At the end of a program everybody says farewell, and nothing is posted.
        let hit: Vec<RequestId> = match self.posted.is_empty() {
            true => Vec::new(),
            false => self.requests.iter().filter_map(hit).collect(),
        };
        for request in hit {
            self.end_if_in_vain(request, false);
        }
        self.agreements_lose(peer);
        self.no_answer_from(peer);
    }

    /// Ends a posted receive for which nothing can come any more. One from any rank that has only this process left to hear
    /// from ends when it is waited for: until then the process may send to itself.
    pub(crate) fn end_if_in_vain(&mut self, request: RequestId, is_waited_for: bool) -> bool {
        let Some(found) = self.requests.get(request) else { return false };
        let State::Receive(ReceiveState { from, phase: ReceivePhase::Posted, pattern, .. }) = &found.state
        else {
            return false;
        };
        let is_waited_for = is_waited_for || found.waiter.is_some();
        let error = match self.may_still_come(from, pattern) {
            Ok(()) => return false,
            Err(Error::Deserted { .. }) if !is_waited_for => return false,
            // It stays: whoever waits for it is told.
            Err(Error::FailurePending { .. }) => {
                let waiter = self.requests.get_mut(request).and_then(|found| found.waiter.take());
                self.work.extend(waiter.map(Work::Wake));
                return false;
            }
            Err(error) => error,
        };
        // What was matched already is on its way through other lists.
        if !self.withdraw_posted(request) {
            return false;
        }
        self.complete(request, Err(self.end_of_all().unwrap_or(error)));
        true
    }

    /// Why nothing more comes from a peer, if that is so.
    pub(crate) fn silenced(&self, peer: Peer) -> Option<Cause> {
        let state = &self.peers[peer.0 as usize];
        state.failed.clone().or(state.farewell.then_some(Cause::Left))
    }

    /// Whether a message can still come from there. From any: that is pending when a member has died and nobody has acknowledged
    /// it, since it may have been the one that is waited for; nor can it when nobody is left but this process.
    pub(crate) fn may_still_come(&self, from: &Awaited, pattern: &Pattern) -> Result<(), Error> {
        match from {
            Awaited::One(peer) => match self.silenced(*peer) {
                Some(cause) => {
                    let (rank, process) =
                        (pattern.source.map(|rank| rank as usize), self.port.process(*peer));
                    Err(Error::PeerFailed { rank, process, cause })
                }
                None => Ok(()),
            },
            Awaited::Any(_) if self.gone.is_empty() => Ok(()),
            Awaited::Any(group) => {
                let acknowledged = self.acknowledged(pattern.context);
                let mut ranks = Vec::new();
                for (place, peer) in self.gone.iter().enumerate() {
                    let process = self.port.process(*peer);
                    let Some(rank) = group.rank(process) else { continue };
                    match self.silenced(*peer) {
                        Some(cause) if cause != Cause::Left && place >= acknowledged => {
                            return Err(Error::FailurePending { rank, process, cause });
                        }
                        _ => ranks.push(rank),
                    }
                }
                let others = group.size() - usize::from(group.rank(self.port.me()).is_some());
                if others == 0 || ranks.len() < others {
                    return Ok(());
                }
                ranks.sort_unstable();
                Err(Error::Deserted { ranks })
            }
        }
    }

    fn peer_state(&mut self, peer: Peer) -> &mut crate::lane::PeerState {
        self.meet(peer);
        &mut self.peers[peer.0 as usize]
    }

    /// Takes a receive that waits out of matching. Returns whether it waited.
    pub(crate) fn withdraw_posted(&mut self, request: RequestId) -> bool {
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
        } else if !self.give_up_collective(request) {
            self.cancel_send(request);
        }
    }

    /// Refuses all later operations with this reason. Those under way go on; what others have announced and nobody here
    /// has matched is refused.
    pub fn close(&mut self, why: &str) {
        self.closed.get_or_insert_with(|| why.to_owned());
    }

    /// Ends everything: pending operations fail with this reason, and so do all later ones. A message that nobody waits for any
    /// more keeps its buffer, which a peer may be reading; a collective doesn't go on, since others may stand behind it.
    pub fn poison(&mut self, why: &str) {
        if !self.poisoned {
            (self.poisoned, self.closed) = (true, Some(why.to_owned()));
        }
        let ends = |(id, request): (RequestId, &Request)| match &request.state {
            State::Done(_) => None,
            State::Collective(_) => Some(id),
            _ => (request.owner != Owner::Nobody).then_some(id),
        };
        let pending: Vec<RequestId> = self.requests.iter().filter_map(ends).collect();
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
    pub(crate) fn may_be_read_here(&mut self, request: RequestId) -> bool {
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

    /// Tells every peer met so far that no message of this process follows.
    pub fn bid_farewell(&mut self) {
        self.has_bid_farewell = true;
        (0..self.peers.len() as u32).for_each(|index| self.bid_farewell_to(Peer(index)));
    }

    /// Tells a peer, once.
    fn bid_farewell_to(&mut self, peer: Peer) {
        let is_me = self.port.process(peer) == self.port.me();
        let state = &mut self.peers[peer.0 as usize];
        if !is_me && state.failed.is_none() && !std::mem::replace(&mut state.is_bid_farewell, true) {
            self.control(peer, FAREWELL, [0; 3], &[]);
        }
    }

    /// Whether every peer met has said farewell or is gone, and nothing waits to be sent.
    pub fn all_farewells_in(&self) -> bool {
        self.peers.iter().enumerate().all(|(index, peer)| {
            let me = self.port.process(Peer(index as u32)) == self.port.me();
            (me || peer.farewell || peer.failed.is_some()) && peer.control_backlog.is_empty()
        })
    }

    /// Whether all that this process has sent is out of its hands: nothing waits for room, every announced message was
    /// taken, and no collective has anything to send.
    pub fn all_sent(&self) -> bool {
        self.peers.iter().all(|peer| peer.failed.is_some() || !peer.waits_for_room())
            && !self.requests.iter().any(|(_, r)| matches!(r.state, State::Send(_) | State::Collective(_)))
    }

    /// Whether some send is not complete: then a receiver may still be reading this process's memory.
    pub fn is_sending(&self) -> bool {
        self.requests.iter().any(|(_, request)| matches!(request.state, State::Send(_)))
    }
}
