//! Calls: requests of this process that wait for their answers.

use fabric::{Cause, Peer};

use super::frames::{Head, Kind, envelope};
use super::outgoing::{CALLS_MAX, Parcel, Target};
use crate::request::{Owner, RequestId, State};
use crate::send::{Sent, error_at_rank};
use crate::{Communicator, Error, Lane, TypeTag};
use std::sync::Arc;

/// A call under way.
pub(crate) struct CallState {
    pub context: u64,
    /// Who has the request, as far as is known.
    pub peer: Peer,
    pub rank: u32,
    /// The object that it was sent to.
    pub object: u64,
    /// How often it was forwarded, as far as is known, and by whom.
    pub hops: u16,
    pub forwarders: Vec<Peer>,
}

impl CallState {
    /// Whether the answer can't come any more, or may not, when a peer is gone: who has the request, or a forwarder that died,
    /// perhaps before the request was out.
    pub fn ends_with(&self, peer: Peer, cause: &Cause) -> bool {
        self.peer == peer || *cause != Cause::Left && self.forwarders.contains(&peer)
    }
}

/// The word of a MOVED frame.
pub(crate) fn moved_word(hops: u16, rank: usize) -> u64 {
    u64::from(hops) << 32 | rank as u64 & 0xffff_ffff
}

impl Lane {
    /// Starts a call: sends a request whose bytes are `data`, valid until the send is complete. Returns the call, which is
    /// complete when its answer has come, and how far the send is.
    ///
    /// # Errors
    /// A rank that can't be, a peer that is gone, more than [`CALLS_MAX`] calls without an answer.
    pub fn call(
        &mut self,
        communicator: &Arc<Communicator>,
        to: Target,
        of: TypeTag,
        data: crate::Data,
    ) -> Result<(RequestId, Sent), Error> {
        let (call, peer, head) = self.open_call(communicator, to)?;
        self.introduce(peer, of);
        let envelope = envelope(communicator.context.0, Kind::Request, to.object, of.signature);
        match self.send_headed(peer, envelope, head, data, Owner::User) {
            Ok(sent) => Ok((call, sent)),
            Err(error) => {
                self.complete(call, Err(error.clone()));
                self.requests.remove(call);
                Err(error_at_rank(error, to.rank))
            }
        }
    }

    /// The same with bytes that the lane keeps. In a turn the request goes into the outgoing queue.
    ///
    /// # Errors
    /// As [`call`](Lane::call); in a turn, that the outgoing queue is full.
    pub fn call_kept(
        &mut self,
        communicator: &Arc<Communicator>,
        to: Target,
        parcel: Parcel,
        in_turn: bool,
    ) -> Result<RequestId, Error> {
        let (call, peer, head) = self.open_call(communicator, to)?;
        let sent = self.send_or_queue(communicator, peer, to, Kind::Request, head, parcel, in_turn);
        if let Err(error) = sent {
            self.complete(call, Err(error.clone()));
            self.requests.remove(call);
            return Err(error_at_rank(error, to.rank));
        }
        Ok(call)
    }

    fn open_call(
        &mut self,
        communicator: &Arc<Communicator>,
        to: Target,
    ) -> Result<(RequestId, Peer, Head), Error> {
        self.check_serves(communicator)?;
        let peer = self.peer(communicator, to.rank)?;
        if let Some(cause) = self.silenced(peer) {
            return Err(Error::PeerFailed { rank: Some(to.rank), process: self.port.process(peer), cause });
        }
        if self.calls_open >= CALLS_MAX {
            return Err(Error::TooManyCalls);
        }
        self.calls_open += 1;
        let counters = &mut self.channel(communicator).counters;
        counters.calls += 1;
        counters.sent += 1;
        let (context, rank) = (communicator.context.0, to.rank as u32);
        let object = to.object & super::frames::OBJECT_MASK;
        let state = CallState { context, peer, rank, object, hops: 0, forwarders: Vec::new() };
        let call = self.requests.insert(Owner::User, State::Call(state));
        let claim = super::frames::Claim { call: call.word(), ..super::frames::Claim::of(Kind::Request) };
        Ok((call, peer, claim.head()))
    }

    /// The peer of a rank that is so many forwards away. On an inter-communicator each of these crosses over: after an odd number
    /// the rank is one of this side.
    pub(super) fn across(
        &mut self,
        communicator: &Communicator,
        hops: u16,
        rank: usize,
    ) -> Result<Peer, Error> {
        if communicator.remote().is_none() || hops.is_multiple_of(2) {
            return self.peer(communicator, rank);
        }
        let no_such = || Error::NoSuchRank { rank, size: communicator.size() };
        communicator.group.process(rank).ok_or_else(no_such).map(|process| self.contact(process))
    }

    /// A call is over, in whatever way.
    pub(crate) fn count_call_ended(&mut self, context: u64) {
        self.calls_open -= 1;
        if let Some(channel) = self.channels.get_mut(&context) {
            channel.counters.calls -= 1;
            channel.counters.handled += 1;
        }
    }

    /// How many calls wait for their answers, on all communicators of the lane.
    pub fn calls_open(&self) -> usize {
        self.calls_open
    }

    /// Ends the calls whose answers were to come from a peer of which nothing more comes.
    pub(crate) fn no_answer_from(&mut self, peer: Peer) {
        let Some(cause) = self.silenced(peer) else { return };
        if self.calls_open == 0 {
            return;
        }
        let calls = self.requests.iter().filter_map(|(id, request)| match &request.state {
            State::Call(call) if call.peer == peer => Some((id, call.rank as usize)),
            _ => None,
        });
        for (call, rank) in calls.collect::<Vec<_>>() {
            let process = self.port.process(peer);
            let error = Error::PeerFailed { rank: Some(rank), process, cause: cause.clone() };
            self.complete(call, Err(self.end_of_all().unwrap_or(error)));
        }
    }

    /// Ends a call with an error. Returns whether it was one under way.
    pub(crate) fn end_call(&mut self, request: RequestId, error: &Error) -> bool {
        let is_call = matches!(self.requests.get(request).map(|r| &r.state), Some(State::Call(_)));
        if is_call {
            self.complete(request, Err(error.clone()));
        }
        is_call
    }

    /// Lets a call go: its answer is dropped when it comes.
    pub fn drop_call(&mut self, call: RequestId) {
        if let Some((_, answer)) = self.messages.remove(&crate::Message(call)) {
            self.discard(answer);
        }
        self.detach(call, None);
    }

    /// A request of ours was forwarded. Returns false for what no correct peer says.
    pub(crate) fn moved_arrived(&mut self, peer: Peer, call: u64, word: u64) -> bool {
        let (hops, rank) = ((word >> 32) as u16, word as u32);
        let request = RequestId::from_word(call);
        let Some(State::Call(state)) = self.requests.get(request).map(|r| &r.state) else { return true };
        let Some(channel) = self.channels.get(&state.context) else { return true };
        let communicator = channel.communicator.clone();
        if communicator.rank_of(self.port.process(peer)).is_none() {
            return false;
        }
        let Ok(to) = self.across(&communicator, hops, rank as usize) else { return false };
        let gone = self.silenced(to);
        if let Some(State::Call(state)) = self.requests.get_mut(request).map(|r| &mut r.state) {
            if !state.forwarders.contains(&peer) {
                state.forwarders.push(peer);
            }
            if hops <= state.hops {
                return true;
            }
            (state.hops, state.peer, state.rank) = (hops, to, rank);
            if let Some(cause) = gone {
                let process = self.port.process(to);
                let error = Error::PeerFailed { rank: Some(rank as usize), process, cause };
                self.complete(request, Err(error));
            }
        }
        true
    }

    /// A call gets no answer. Returns false for what no correct peer says.
    pub(crate) fn unanswered_arrived(&mut self, peer: Peer, header: [u64; 3], text: &[u8]) -> bool {
        let request = RequestId::from_word(header[0]);
        let Some(State::Call(state)) = self.requests.get(request).map(|r| &r.state) else { return true };
        let Some(channel) = self.channels.get(&state.context) else { return true };
        let Some(rank) = channel.communicator.rank_of(self.port.process(peer)) else { return false };
        let error = match header[1] {
            0 => Error::Unanswered { rank, why: String::from_utf8_lossy(text).into_owned() },
            object => Error::NoSuchObject { rank, object: object & super::frames::OBJECT_MASK },
        };
        self.complete(request, Err(error));
        true
    }
}
