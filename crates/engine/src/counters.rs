//! Exact counts, always on: messages, bytes, copies, waits, per peer.

use fabric::Peer;

use crate::Lane;

/// What happened with one peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeerCounters {
    /// Messages sent, of any protocol.
    pub messages_sent: u64,
    /// Their payload in bytes.
    pub bytes_sent: u64,
    /// Messages received.
    pub messages_received: u64,
    /// Their payload in bytes.
    pub bytes_received: u64,
    /// Of those sent, how many went with their envelope.
    pub eager_sent: u64,
    /// Of those sent, how many were announced and fetched.
    pub rendezvous_sent: u64,
    /// Of those received, how many came before their receive was posted.
    pub unexpected: u64,
    /// Large messages read from the peer's memory in one copy.
    pub read_directly: u64,
    /// How often a frame found no room and waited.
    pub waited_for_room: u64,
}

impl PeerCounters {
    /// Adds another peer's counts.
    pub fn add(&mut self, other: &PeerCounters) {
        self.messages_sent += other.messages_sent;
        self.bytes_sent += other.bytes_sent;
        self.messages_received += other.messages_received;
        self.bytes_received += other.bytes_received;
        self.eager_sent += other.eager_sent;
        self.rendezvous_sent += other.rendezvous_sent;
        self.unexpected += other.unexpected;
        self.read_directly += other.read_directly;
        self.waited_for_room += other.waited_for_room;
    }
}

/// What happened in a lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// The sum over all peers.
    pub peers: PeerCounters,
    /// Copies between the transport's or the engine's memory and users' buffers.
    pub copies: u64,
    /// Bytes so copied.
    pub bytes_copied: u64,
    /// The most bytes that unexpected messages occupied at one time.
    pub unexpected_bytes_max: u64,
    /// Frames that made no sense and were dropped.
    pub frames_refused: u64,
    /// Messages that were sent in ready mode and that no receive waited for.
    pub ready_unposted: u64,
    /// Collectives completed.
    pub collectives: u64,
}

impl Lane {
    pub(crate) fn count_copy(&mut self, bytes: usize) {
        self.counters.copies += 1;
        self.counters.bytes_copied += bytes as u64;
    }

    pub(crate) fn count_received(&mut self, peer: Peer, bytes: usize) {
        let counters = &mut self.peers[peer.0 as usize].counters;
        counters.messages_received += 1;
        counters.bytes_received += bytes as u64;
    }
}
