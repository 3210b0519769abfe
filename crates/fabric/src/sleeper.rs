//! The one place where a process sleeps.

use std::sync::Arc;

use mapped::Segment;

/// No sleep lasts longer without a look at failures, deadlines and revocations.
pub const SLEEP_NS_MAX: u64 = 250_000_000;

/// The permission to sleep that [`Port::arm`](crate::Port::arm) gives: nothing was there at that moment, and whatever comes later
/// ends the sleep.
#[derive(Debug)]
pub struct Armed {
    pub(crate) sequence: u32,
}

/// Where and how this process sleeps. Used without the lane's lock.
#[derive(Clone, Debug)]
pub struct Sleeper {
    bed: Bed,
}

/// What a sleeper sleeps on.
#[derive(Clone, Debug)]
enum Bed {
    /// The doorbell in the host's segment, as a futex.
    Doorbell { segment: Arc<Segment>, slot: u16, lane: u16 },
}

impl Sleeper {
    pub(crate) fn on_doorbell(segment: Arc<Segment>, slot: u16, lane: u16) -> Sleeper {
        Sleeper { bed: Bed::Doorbell { segment, slot, lane } }
    }

    /// Sleeps until something arrives, [`wake`](Sleeper::wake) is called, or `timeout_ns` (at most [`SLEEP_NS_MAX`]) are over.
    pub fn sleep(&self, armed: Armed, timeout_ns: u64) {
        let timeout_ns = timeout_ns.min(SLEEP_NS_MAX);
        match &self.bed {
            Bed::Doorbell { segment, slot, lane } => {
                os::futex::wait(segment.doorbell(*slot, *lane).word(), armed.sequence, timeout_ns);
            }
        }
    }

    /// Ends a sleep, or the next one for which the port is already armed. From any thread.
    pub fn wake(&self) {
        match &self.bed {
            Bed::Doorbell { segment, slot, lane } => {
                segment.nudge(*slot, *lane);
            }
        }
    }
}
