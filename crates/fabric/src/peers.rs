//! The peers of a port: who they are and which transport leads to them.

use std::collections::HashMap;

use crate::Peer;
use wire::ProcessId;

/// Which transport leads to a peer, and its index there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// Shared memory.
    Shm(u32),
    /// None yet: its card is wanted.
    Unresolved,
}

/// Grows with first contacts only.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    entries: Vec<(ProcessId, Link)>,
    by_process: HashMap<ProcessId, Peer>,
}

impl Peers {
    pub(crate) fn find(&self, process: ProcessId) -> Option<Peer> {
        self.by_process.get(&process).copied()
    }

    /// A new peer. `process` is not known yet.
    pub(crate) fn add(&mut self, process: ProcessId, link: Link) -> Peer {
        let peer = Peer(self.entries.len() as u32);
        self.entries.push((process, link));
        self.by_process.insert(process, peer);
        peer
    }

    #[inline]
    pub(crate) fn link(&self, peer: Peer) -> Link {
        self.entries[peer.0 as usize].1
    }

    pub(crate) fn process(&self, peer: Peer) -> ProcessId {
        self.entries[peer.0 as usize].0
    }
}
