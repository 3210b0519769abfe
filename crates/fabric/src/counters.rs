//! Exact counts of what went over a link.

use std::ops::AddAssign;

/// What one link, or a whole port, has carried since first contact. Frames of the transports' own kinds are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames taken by `send` and `reserve`.
    pub sent_frames: u64,
    /// Their payloads, in bytes.
    pub sent_bytes: u64,
    /// Frames delivered by `next`.
    pub received_frames: u64,
    /// Their payloads, in bytes.
    pub received_bytes: u64,
    /// Sends that were refused for lack of room.
    pub refused: u64,
    /// System calls made to wake the peer.
    pub wakes: u64,
}

impl AddAssign for Counters {
    fn add_assign(&mut self, other: Counters) {
        self.sent_frames += other.sent_frames;
        self.sent_bytes += other.sent_bytes;
        self.received_frames += other.received_frames;
        self.received_bytes += other.received_bytes;
        self.refused += other.refused;
        self.wakes += other.wakes;
    }
}
