//! How long frames travel.

use os::Time;
use wire::ProcessId;

/// One frame that sets out.
#[derive(Clone, Copy, Debug)]
pub struct Transfer {
    /// When it was sent.
    pub at: Time,
    /// Its sender.
    pub from: ProcessId,
    /// Its receiver.
    pub to: ProcessId,
    /// Its size, header included.
    pub bytes: usize,
    /// When the link of this ordered pair is free again: what the pair's last [`Journey`] said.
    pub link_free: Time,
}

/// How it fares.
#[derive(Clone, Copy, Debug)]
pub struct Journey {
    /// Until when it occupies the link of its ordered pair.
    pub link_free: Time,
    /// When it arrives. The world delays it further where an earlier frame of the same pair is still on its way.
    pub arrives: Time,
}

/// A model of the wires between processes. It is asked once for every frame, in the order of sending, and may keep
/// state (shared links, contention). It must be a function of what it was asked before: no clock, no other chance.
pub trait Network: Send {
    /// Says how one frame fares.
    fn travel(&mut self, transfer: Transfer) -> Journey;
}

/// Every ordered pair has a wire of its own, and all wires are alike.
#[derive(Clone, Copy, Debug)]
pub struct Uniform {
    /// Time on the way, apart from the frame's length.
    pub latency_ns: u64,
    /// Bandwidth; 0 means that length costs nothing.
    pub bytes_per_ns: u64,
}

impl Default for Uniform {
    /// A good cluster's network: 1.5 µs and 12 GB/s.
    fn default() -> Uniform {
        Uniform { latency_ns: 1_500, bytes_per_ns: 12 }
    }
}

impl Network for Uniform {
    fn travel(&mut self, transfer: Transfer) -> Journey {
        let start = transfer.at.max(transfer.link_free);
        let occupied_ns = (transfer.bytes as u64).checked_div(self.bytes_per_ns).unwrap_or(0);
        let link_free = start + occupied_ns;
        Journey { link_free, arrives: link_free + self.latency_ns }
    }
}
