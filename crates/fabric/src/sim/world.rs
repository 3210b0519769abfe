//! The simulated world: its settings, its time, its faults.

use super::agenda::Happening;
use super::network::{Network, Uniform};
use super::port::Port;
use super::state::State;
use crate::{Class, Counters};
use os::Time;
use std::sync::{Arc, Mutex, MutexGuard};
use wire::ProcessId;

/// What a world is like. All times are virtual.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Decides every race; the same seed gives the same run.
    pub seed: u64,
    /// Up to this much, chosen by the seed, is added to each frame's time on the way; it reorders what different pairs
    /// send. (Within a pair a late frame delays those behind it.)
    pub jitter_ns: u64,
    /// The largest payload of a frame.
    pub frame_bytes_max: usize,
    /// Frames of one link that may be unread before senders are refused.
    pub room_frames: usize,
    /// Their payloads, in bytes; at least `frame_bytes_max`.
    pub room_bytes: usize,
    /// Frames beyond `room_frames` that [`Class::Control`] may use.
    pub control_frames: usize,
    /// How long it takes until a sender learns of freed room.
    pub credit_ns: u64,
    /// How long it takes until peers notice a process's end.
    pub detect_ns: u64,
    /// After this long a cut link counts as unreachable.
    pub link_timeout_ns: u64,
    /// In the token form: nothing but alarms for this long is a deadlock.
    pub deadlock_ns: u64,
    /// In the token form: stack of a rank's thread.
    pub stack_bytes: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            seed: 1,
            jitter_ns: 0,
            frame_bytes_max: 16 << 10,
            room_frames: 64,
            room_bytes: 64 << 10,
            control_frames: 8,
            credit_ns: 1_000,
            detect_ns: 1_000_000,
            link_timeout_ns: 10_000_000_000,
            deadlock_ns: 60_000_000_000,
            stack_bytes: 1 << 20,
        }
    }
}

impl Settings {
    /// The defaults with another seed and some jitter, for tests over many seeds.
    pub fn shaken(seed: u64) -> Settings {
        Settings { seed, jitter_ns: 5_000, ..Settings::default() }
    }

    /// Frames and bytes that a link holds for a class. A control frame may carry what fits in its line.
    pub(super) fn room(&self, class: Class) -> (u32, usize) {
        match class {
            Class::Data => (self.room_frames as u32, self.room_bytes),
            Class::Control => (
                (self.room_frames + self.control_frames) as u32,
                self.room_bytes + (self.room_frames + self.control_frames) * crate::INLINE_BYTES,
            ),
        }
    }
}

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The process ends here and now. What it sent and what is on its way arrives, then its peers notice.
    Kill {
        /// Who.
        process: ProcessId,
        /// What its peers are told, for example "killed by signal 9 (SIGKILL)".
        how: String,
    },
    /// Nothing gets through between the two until [`Fault::Heal`]; nothing is lost either. After
    /// [`Settings::link_timeout_ns`] each fails for the other.
    Cut {
        /// One end.
        a: ProcessId,
        /// The other end.
        b: ProcessId,
    },
    /// Ends a cut.
    Heal {
        /// One end.
        a: ProcessId,
        /// The other end.
        b: ProcessId,
    },
}

/// A simulated world. Clones are handles to the same one.
#[derive(Clone)]
pub struct World {
    shared: Arc<Shared>,
}

pub(super) struct Shared {
    state: Mutex<State>,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // A rank that panics may do so in here; the others only want to end.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl World {
    /// A world whose pairs all have a wire like [`Uniform::default`].
    pub fn new(settings: Settings) -> World {
        World::with_network(settings, Box::new(Uniform::default()))
    }

    /// A world with the given wires.
    ///
    /// # Panics
    /// If a link's room cannot hold one largest frame.
    pub fn with_network(settings: Settings, network: Box<dyn Network>) -> World {
        assert!(settings.room_bytes >= settings.frame_bytes_max && settings.room_frames > 0);
        World { shared: Arc::new(Shared { state: Mutex::new(State::new(settings, network)) }) }
    }

    /// Makes the port of a process. Others may have sent to it before.
    ///
    /// # Panics
    /// If that process has or had a port. (A restarted process has another incarnation.)
    pub fn port(&self, process: ProcessId) -> Port {
        Port::new(self.shared.clone(), process)
    }

    /// Virtual now. It moves only in [`World::step`] and when a rank sleeps.
    pub fn now(&self) -> Time {
        self.shared.lock().now
    }

    /// Moves virtual time to the next event that gives a process something to look at, and returns that process:
    /// poll its ports until they have no more. `None`: nothing is planned, and nothing will ever happen by itself.
    pub fn step(&self) -> Option<ProcessId> {
        let mut state = self.shared.lock();
        loop {
            if let Some(process) = state.step()? {
                return Some(state.processes[process as usize].id);
            }
        }
    }

    /// When the next event is due.
    pub fn next_at(&self) -> Option<Time> {
        self.shared.lock().agenda.next_at()
    }

    /// Makes [`World::step`] return `process` at `at`, for example at its engine's next deadline.
    pub fn look_at(&self, process: ProcessId, at: Time) {
        let mut state = self.shared.lock();
        let process = state.number(process);
        let key = state.chance.bits() as u32;
        state.agenda.plan(at, key, Happening::Look { process });
    }

    /// Lets a fault strike now.
    pub fn strike(&self, fault: Fault) {
        self.shared.lock().strike(&fault);
    }

    /// Lets a fault strike at a time to come.
    pub fn strike_at(&self, at: Time, fault: Fault) {
        self.shared.lock().agenda.plan(at, 0, Happening::Strike(Box::new(fault)));
    }

    /// What all ports together have sent and received.
    pub fn totals(&self) -> Counters {
        self.shared.lock().totals
    }

    /// Frames that were sent and not yet taken or given back.
    pub fn frames_underway(&self) -> usize {
        self.shared.lock().entries.count()
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(super) fn from_shared(shared: Arc<Shared>) -> World {
        World { shared }
    }
}
