//! Who is gone, and what of that a program has acknowledged.
//!
//! A receive from any rank can't know whose message it waits for. So from the end of a member on it is *interrupted*: it stays
//! posted, and whoever asks for it is told of the failure, until the program acknowledges it for that communicator. What is
//! acknowledged is a count: all that the lane had learnt until then.

use std::sync::atomic::Ordering;

use fabric::Cause;
use wire::ProcessId;

use crate::receive::{Awaited, ReceivePhase, ReceiveState};
use crate::request::State;
use crate::{Communicator, Error, Lane, RequestId, Status};

impl Lane {
    /// The members of a communicator, on both sides, that are gone as far as this lane knows, in the order in which it learnt
    /// that. From the first call on it hears of the end of those that it has never met, as well.
    pub fn failed(&mut self, communicator: &Communicator) -> Vec<(ProcessId, Cause)> {
        self.port.watch_all();
        let cause = |peer| self.silenced(peer).unwrap_or(Cause::Left);
        let gone = self.gone.iter().map(|peer| (self.port.process(*peer), cause(*peer)));
        gone.filter(|(process, _)| communicator.concerns(*process)).collect()
    }

    /// Acknowledges the first `count` of [`failed`](Lane::failed): they interrupt no receive from any rank any more. Returns how
    /// many are acknowledged now, which may be more.
    pub fn acknowledge(&mut self, communicator: &Communicator, count: usize) -> usize {
        let gone = self.gone.iter().map(|peer| self.port.process(*peer));
        let concerned = gone.enumerate().filter(|(_, process)| communicator.concerns(*process));
        let places: Vec<usize> = concerned.map(|(place, _)| place).collect();
        let end = places[..count.min(places.len())].last().map_or(0, |last| last + 1);
        // Relaxed (here and elsewhere): it is read and written under the lane's lock.
        let before = communicator.acknowledged.fetch_max(end, Ordering::Relaxed);
        let acknowledged = end.max(before);
        places.iter().filter(|place| **place < acknowledged).count()
    }

    /// How many of those who are gone are acknowledged in a context: the first.
    pub(crate) fn acknowledged(&self, context: u64) -> usize {
        let communicator = self.registry.find(context);
        communicator.map_or(0, |communicator| communicator.acknowledged.load(Ordering::Relaxed))
    }

    /// [`Error::FailurePending`] if the request is a receive or a probe from any rank that a failure interrupts.
    pub fn interruption(&self, request: RequestId) -> Option<Error> {
        if self.gone.is_empty() {
            return None;
        }
        let State::Receive(ReceiveState { from, pattern, phase: ReceivePhase::Posted, .. }) =
            &self.requests.get(request)?.state
        else {
            return None;
        };
        match from {
            Awaited::One(_) => None,
            Awaited::Any(_) => self
                .may_still_come(from, pattern)
                .err()
                .filter(|error| matches!(error, Error::FailurePending { .. })),
        }
    }

    /// [`take`](Lane::take) for who can wait again: a receive that a failure interrupts stays posted, and
    /// [`Error::FailurePending`] tells of the failure.
    pub fn take_unless_interrupted(&mut self, request: RequestId) -> Option<Result<Status, Error>> {
        match self.interruption(request) {
            Some(error) => Some(Err(error)),
            None => self.take(request),
        }
    }

    /// Ends a receive that a failure interrupts, for who doesn't wait again.
    #[cold]
    pub(crate) fn take_interrupted(&mut self, request: RequestId) -> Option<Result<Status, Error>> {
        let Error::FailurePending { rank, process, cause } = self.interruption(request)? else { return None };
        if !self.withdraw_posted(request) {
            return None;
        }
        self.requests.remove(request);
        Some(Err(Error::PeerFailed { rank: Some(rank), process, cause }))
    }
}
