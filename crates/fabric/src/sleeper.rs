//! The one place where a process sleeps.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use crate::{sim, tcp};
use mapped::Segment;

/// No sleep lasts longer without a look at failures, deadlines and revocations.
pub const SLEEP_NS_MAX: u64 = 250_000_000;

/// How often one who can't sleep in several places looks at those that it does not sleep in.
const LOOK_NS: u64 = 1_000_000;

/// The permission to sleep that [`Port::arm`](crate::Port::arm) gives: nothing was there at that moment, and whatever comes later
/// ends the sleep.
#[derive(Debug)]
pub struct Armed {
    /// Of the doorbell, if that is slept on.
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
    /// The epoll set with all sockets.
    Sockets(tcp::Sleeper),
    /// Virtual time.
    World(sim::Sleeper),
    /// Nothing ever arrives.
    Nowhere,
}

impl Sleeper {
    pub(crate) fn on_doorbell(segment: Arc<Segment>, slot: u16, lane: u16) -> Sleeper {
        Sleeper { bed: Bed::Doorbell { segment, slot, lane } }
    }

    pub(crate) fn on_sockets(sleeper: tcp::Sleeper) -> Sleeper {
        Sleeper { bed: Bed::Sockets(sleeper) }
    }

    pub(crate) fn in_world(sleeper: sim::Sleeper) -> Sleeper {
        Sleeper { bed: Bed::World(sleeper) }
    }

    pub(crate) fn nowhere() -> Sleeper {
        Sleeper { bed: Bed::Nowhere }
    }

    /// The way out of real time, if this process is simulated: its time is the world's, and polling is pointless, since
    /// nothing changes while it runs.
    pub fn simulated(&self) -> Option<&sim::Sleeper> {
        match &self.bed {
            Bed::World(sleeper) => Some(sleeper),
            _ => None,
        }
    }

    /// Sleeps until something arrives, [`wake`](Sleeper::wake) is called, or `timeout_ns` (at most [`SLEEP_NS_MAX`]) are over.
    pub fn sleep(&self, armed: Armed, timeout_ns: u64) {
        let timeout_ns = timeout_ns.min(SLEEP_NS_MAX);
        match &self.bed {
            Bed::Doorbell { segment, slot, lane } => {
                os::futex::wait(segment.doorbell(*slot, *lane).word(), armed.sequence, timeout_ns);
            }
            Bed::Sockets(sleeper) => {
                sleeper.sleep(timeout_ns);
            }
            Bed::World(sleeper) => sleeper.sleep(timeout_ns),
            Bed::Nowhere => std::thread::sleep(Duration::from_nanos(timeout_ns.min(LOOK_NS))),
        }
    }

    /// Sleeps until any of these sleeps would end, in one place.
    pub fn sleep_any(beds: &[(Sleeper, Armed)], timeout_ns: u64) {
        let timeout_ns = timeout_ns.min(SLEEP_NS_MAX);
        let Some((first, armed)) = beds.first() else { return };
        if beds.len() > 1 {
            let words: Option<Vec<_>> = beds.iter().map(|(sleeper, armed)| sleeper.word(armed)).collect();
            if words.and_then(|words| os::futex::wait_any(words, timeout_ns)).is_some() {
                return;
            }
            let sockets: Option<Vec<_>> = beds.iter().map(|(sleeper, _)| sleeper.sockets()).collect();
            if sockets.is_some_and(|sockets| tcp::Sleeper::sleep_any(&sockets, timeout_ns)) {
                return;
            }
        }
        // Who can sleep in one place only looks at the others often.
        let timeout_ns = if beds.len() > 1 { timeout_ns.min(LOOK_NS) } else { timeout_ns };
        first.sleep(Armed { sequence: armed.sequence }, timeout_ns);
    }

    /// The word that this sleep is on, and what it must be.
    fn word(&self, armed: &Armed) -> Option<(&AtomicU32, u32)> {
        match &self.bed {
            Bed::Doorbell { segment, slot, lane } => {
                Some((segment.doorbell(*slot, *lane).word(), armed.sequence))
            }
            Bed::Sockets(_) | Bed::World(_) | Bed::Nowhere => None,
        }
    }

    /// Its sockets, if it sleeps on some.
    fn sockets(&self) -> Option<&tcp::Sleeper> {
        match &self.bed {
            Bed::Sockets(sleeper) => Some(sleeper),
            _ => None,
        }
    }

    /// Ends a sleep, or the next one for which the port is already armed. From any thread.
    pub fn wake(&self) {
        match &self.bed {
            Bed::Doorbell { segment, slot, lane } => {
                segment.nudge(*slot, *lane);
            }
            Bed::Sockets(sleeper) => sleeper.wake(),
            Bed::World(sleeper) => sleeper.wake(),
            Bed::Nowhere => {}
        }
    }
}
