//! What will happen, in the order of virtual time.

use super::world::Fault;
use os::Time;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// One thing to come. Indices are those of the world's table of processes and of a process's table of links.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Happening {
    /// The next frame on the way to `process` over its `link` is there.
    Arrive { process: u32, link: u32 },
    /// Room for `frames` and `bytes` is back at the sender `process` for its `link`.
    Credit { process: u32, link: u32, frames: u32, bytes: u32 },
    /// `process` notices that the peer behind `link` is gone.
    Fail { process: u32, link: u32 },
    /// A cut link was not healed in time, if it is still the same cut.
    CutExpires { process: u32, link: u32, cut: u32 },
    /// The caller of `World::step` asked to look at `process` now.
    Look { process: u32 },
    /// A sleep of `process` ends, if it is still the same sleep.
    Alarm { process: u32, sleep: u64 },
    /// A planned fault strikes.
    Strike(Box<Fault>),
}

/// A priority queue over virtual time. What is due at the same moment comes in the order of a random key, then in
/// the order of planning; so that a seed decides races, and the same seed decides them alike.
#[derive(Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Reverse<(Time, u32, u64, Happening)>>,
    planned: u64,
}

impl Agenda {
    pub(super) fn plan(&mut self, at: Time, key: u32, what: Happening) {
        self.planned += 1;
        self.heap.push(Reverse((at, key, self.planned, what)));
    }

    pub(super) fn next(&mut self) -> Option<(Time, Happening)> {
        self.heap.pop().map(|Reverse((at, _, _, what))| (at, what))
    }

    pub(super) fn next_at(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse(first)| first.0)
    }
}
