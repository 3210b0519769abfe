//! The peers of a port: who they are and which transport leads to them.

use std::collections::HashMap;

use crate::{Arrival, Event, Peer};
use wire::ProcessId;

/// Which transport leads to a peer, and its index there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// Shared memory.
    Shm(u32),
    /// TCP.
    Tcp(u32),
    /// The simulated world.
    Sim(u32),
    /// None: it was reported as unreachable.
    Nowhere,
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

/// The peers of a transport that numbers its links itself, by link.
#[derive(Debug, Default)]
pub(crate) struct ByLink(Vec<Option<Peer>>);

impl ByLink {
    /// The peer behind the transport's `link`; on first contact that is `link_to` to `process()`.
    #[inline]
    pub(crate) fn peer(
        &mut self,
        link: u32,
        peers: &mut Peers,
        link_to: fn(u32) -> Link,
        process: impl FnOnce() -> ProcessId,
    ) -> Peer {
        if let Some(Some(peer)) = self.0.get(link as usize) {
            return *peer;
        }
        let process = process();
        let peer = peers.find(process).unwrap_or_else(|| peers.add(process, link_to(link)));
        if self.0.len() <= link as usize {
            self.0.resize(link as usize + 1, None);
        }
        self.0[link as usize] = Some(peer);
        peer
    }
}

/// `event` as it is for the port, given that its peer is `peer` there.
#[inline]
pub(crate) fn with_peer(event: Event, peer: Peer) -> Event {
    match event {
        Event::Arrival(arrival) => Event::Arrival(Arrival { peer, ..arrival }),
        Event::Failed(_, cause) => Event::Failed(peer, cause),
        Event::Room(_) => Event::Room(peer),
    }
}

/// The peer that a transport names in an event: its own link.
#[inline]
pub(crate) fn link_of(event: &Event) -> u32 {
    match event {
        Event::Arrival(arrival) => arrival.peer.0,
        Event::Failed(peer, _) | Event::Room(peer) => peer.0,
    }
}
