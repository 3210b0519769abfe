//! What a lane holds at a moment: for tests and reports that nothing is kept which is over.

use crate::Lane;

/// Entries of a lane's tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Requests, complete or not, whose outcome nobody has asked for.
    pub requests: usize,
    /// Receives that wait for a message.
    pub posted: usize,
    /// Messages that wait for a receive.
    pub unexpected: usize,
    /// Messages that a matched probe holds.
    pub messages: usize,
    /// Pieces of work that wait to be run.
    pub work: usize,
    /// Collectives that wait on boards.
    pub watching: usize,
    /// Failures of collectives that were not started here yet.
    pub doomed: usize,
    /// Peers.
    pub peers: usize,
    /// Agreements under way or not asked for, and messages of those not begun here.
    pub agreements: usize,
    /// Communicators that frames could name.
    pub communicators: usize,
    /// Bytes of credit that peers were granted beyond what each has from the start.
    pub granted: u64,
}

impl Lane {
    /// What it holds now.
    pub fn holdings(&self) -> Holdings {
        Holdings {
            requests: self.requests.iter().count(),
            posted: self.posted.len(),
            unexpected: self.unexpected.len(),
            messages: self.messages.len(),
            work: self.work.len(),
            watching: self.watching.len(),
            doomed: self.doomed.len(),
            peers: self.peers.len(),
            agreements: self.agreements.len(),
            communicators: self.registry.len(),
            granted: self.granted(),
        }
    }
}
