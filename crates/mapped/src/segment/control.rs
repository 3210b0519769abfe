//! The words of a segment that tell who lives in it and how they fare.

use super::layout::Shape;
use crate::sync::{AtomicU32, AtomicU64, Ordering};

/// "ARCHIPEL" in little-endian ASCII.
const MAGIC: u64 = u64::from_le_bytes(*b"ARCHIPEL");
/// Raised with every change to what lies in a segment.
const VERSION: u32 = 3;

/// The start of a segment.
#[repr(C, align(64))]
#[derive(Debug)]
pub(super) struct ControlPage {
    magic: AtomicU64,
    version: AtomicU32,
    slots: AtomicU32,
    lanes: AtomicU32,
    cores: AtomicU32,
    board_bytes: AtomicU64,
    allocation_bytes: AtomicU64,
    _rest: [AtomicU64; 3],
    /// 0, or 1 << 32 | code.
    abort: AtomicU64,
    changes: AtomicU32,
}

impl ControlPage {
    pub(super) fn initialise(&self, shape: &Shape) {
        self.version.store(VERSION, Ordering::Relaxed);
        self.slots.store(shape.slots as u32, Ordering::Relaxed);
        self.lanes.store(shape.lanes as u32, Ordering::Relaxed);
        self.cores.store(shape.cores, Ordering::Relaxed);
        self.board_bytes.store(shape.board_bytes, Ordering::Relaxed);
        self.allocation_bytes.store(shape.allocation_bytes, Ordering::Relaxed);
        // Release: pairs with the Acquire in `shape`.
        self.magic.store(MAGIC, Ordering::Release);
    }

    pub(super) fn shape(&self) -> Result<Shape, &'static str> {
        // Acquire: pairs with the Release in `initialise`.
        if self.magic.load(Ordering::Acquire) != MAGIC {
            return Err("it doesn't start as a segment does");
        }
        if self.version.load(Ordering::Relaxed) != VERSION {
            return Err("it was made by another version of this library");
        }
        let small = |word: &AtomicU32| u16::try_from(word.load(Ordering::Relaxed));
        Ok(Shape {
            slots: small(&self.slots).map_err(|_| "its number of slots is out of range")?,
            lanes: small(&self.lanes).map_err(|_| "its number of lanes is out of range")?,
            cores: self.cores.load(Ordering::Relaxed),
            board_bytes: self.board_bytes.load(Ordering::Relaxed),
            allocation_bytes: self.allocation_bytes.load(Ordering::Relaxed),
        })
    }

    pub(super) fn bump_changes(&self) {
        // Release: pairs with the Acquire in `changes`.
        self.changes.fetch_add(1, Ordering::Release);
    }

    #[inline]
    pub(super) fn changes(&self) -> u32 {
        // Acquire: pairs with the Release in `bump_changes`: a new count comes with the new state.
        self.changes.load(Ordering::Acquire)
    }

    pub(super) fn abort(&self, code: i32) {
        let word = 1 << 32 | code as u32 as u64;
        // Relaxed: the word says all; the doorbell that follows orders it.
        let _ = self.abort.compare_exchange(0, word, Ordering::Relaxed, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn aborted(&self) -> Option<i32> {
        match self.abort.load(Ordering::Relaxed) {
            0 => None,
            word => Some(word as u32 as i32),
        }
    }
}

/// How a slot's process fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessState {
    /// Nobody was ever here.
    Empty,
    /// It was started.
    Running,
    /// It has finalised: it sends nothing more and reads nothing more.
    Left,
    /// Its process ended with this status without finalising.
    Exited(i32),
    /// A signal ended its process.
    Killed(i32),
    /// Its process ended without finalising; how, only its parent knows, which is not ours.
    Ended,
}

impl std::fmt::Display for ProcessState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ProcessState::Empty => write!(f, "not started"),
            ProcessState::Running => write!(f, "running"),
            ProcessState::Left => write!(f, "finalised"),
            ProcessState::Exited(status) => write!(f, "exited with status {status} without finalising"),
            ProcessState::Ended => write!(f, "it had not finalised"),
            ProcessState::Killed(signal) => match signal_name(*signal) {
                Some(name) => write!(f, "killed by signal {signal} ({name})"),
                None => write!(f, "killed by signal {signal}"),
            },
        }
    }
}

fn signal_name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        _ => return None,
    })
}

/// A [`ProcessState`] as a word: the state in the upper half, status or signal in the lower.
#[repr(transparent)]
#[derive(Debug)]
pub(super) struct StateWord(AtomicU64);

impl StateWord {
    /// Sets the state, unless its process has left or ended already: that stays, and only a new process in the slot makes it
    /// `Running`. So whoever left in order has left, however it ends after that.
    pub(super) fn set(&self, state: ProcessState) {
        let (tag, detail) = match state {
            ProcessState::Empty => (0, 0),
            ProcessState::Running => (1, 0),
            ProcessState::Left => (2, 0),
            ProcessState::Exited(status) => (3, status),
            ProcessState::Killed(signal) => (4, signal),
            ProcessState::Ended => (5, 0),
        };
        let word = tag << 32 | detail as u32 as u64;
        let mut seen = self.0.load(Ordering::Relaxed);
        while seen >> 32 < 2 || state == ProcessState::Running {
            // Release: pairs with the Acquire in `get`: who sees a process gone sees all that it had sent.
            match self.0.compare_exchange_weak(seen, word, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(other) => seen = other,
            }
        }
    }

    pub(super) fn get(&self) -> ProcessState {
        // Acquire: pairs with the Release in `set`.
        let word = self.0.load(Ordering::Acquire);
        let detail = word as u32 as i32;
        match word >> 32 {
            0 => ProcessState::Empty,
            1 => ProcessState::Running,
            2 => ProcessState::Left,
            3 => ProcessState::Exited(detail),
            4 => ProcessState::Killed(detail),
            _ => ProcessState::Ended,
        }
    }
}

/// Who lives in an area, and what others need to read its private memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AreaOwner {
    /// Its job, number and incarnation, as words.
    pub process: [u64; 2],
    /// Its process id, as it sees it itself.
    pub pid: u32,
    /// A random number that also lies at [`nonce_address`](AreaOwner::nonce_address) in its memory: who can read it there has found
    /// the right process.
    pub nonce: u64,
    /// See [`nonce`](AreaOwner::nonce).
    pub nonce_address: u64,
}

/// The start of an area: an [`AreaOwner`] in words.
#[repr(C, align(64))]
#[derive(Debug)]
pub(super) struct AreaHeader {
    /// 0 until the owner has moved in, then its pid with bit 32 set.
    pid: AtomicU64,
    process: [AtomicU64; 2],
    nonce: AtomicU64,
    nonce_address: AtomicU64,
    /// A bit for each lane that its owner has opened.
    lanes: AtomicU64,
}

impl AreaHeader {
    /// States that the owner looks at this lane's doorbell.
    pub(super) fn open_lane(&self, lane: u16) {
        // Relaxed: who misses it rings no bell of a lane that is looking around just then, for the first time.
        self.lanes.fetch_or(1 << lane, Ordering::Relaxed);
    }

    /// The lanes that the owner has opened, a bit each.
    pub(super) fn lanes(&self) -> u64 {
        self.lanes.load(Ordering::Relaxed)
    }

    pub(super) fn move_in(&self, owner: AreaOwner) {
        self.process[0].store(owner.process[0], Ordering::Relaxed);
        self.process[1].store(owner.process[1], Ordering::Relaxed);
        self.nonce.store(owner.nonce, Ordering::Relaxed);
        self.nonce_address.store(owner.nonce_address, Ordering::Relaxed);
        // Release: pairs with the Acquire in `owner`.
        self.pid.store(1 << 32 | owner.pid as u64, Ordering::Release);
    }

    pub(super) fn owner(&self) -> Option<AreaOwner> {
        // Acquire: pairs with the Release in `move_in`.
        let pid = self.pid.load(Ordering::Acquire);
        (pid != 0).then(|| AreaOwner {
            process: [self.process[0].load(Ordering::Relaxed), self.process[1].load(Ordering::Relaxed)],
            pid: pid as u32,
            nonce: self.nonce.load(Ordering::Relaxed),
            nonce_address: self.nonce_address.load(Ordering::Relaxed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_gone_stays_so_until_another_comes() {
        let gone = [ProcessState::Left, ProcessState::Exited(3), ProcessState::Killed(9)];
        for first in gone {
            let word = StateWord(AtomicU64::new(0));
            word.set(ProcessState::Running);
            word.set(first);
            for later in gone.into_iter().chain([ProcessState::Empty]) {
                word.set(later);
                assert_eq!(word.get(), first);
            }
            word.set(ProcessState::Running);
            assert_eq!(word.get(), ProcessState::Running);
        }
    }

    #[test]
    fn states_survive_their_word() {
        let fresh = || StateWord(AtomicU64::new(0));
        assert_eq!(fresh().get(), ProcessState::Empty);
        for state in [
            ProcessState::Running,
            ProcessState::Left,
            ProcessState::Exited(0),
            ProcessState::Exited(255),
            ProcessState::Exited(-1),
            ProcessState::Killed(9),
            ProcessState::Ended,
        ] {
            let word = fresh();
            word.set(state);
            assert_eq!(word.get(), state);
        }
    }

    #[test]
    fn states_read_well() {
        assert_eq!(ProcessState::Killed(9).to_string(), "killed by signal 9 (SIGKILL)");
        assert_eq!(ProcessState::Killed(64).to_string(), "killed by signal 64");
        assert_eq!(ProcessState::Exited(3).to_string(), "exited with status 3 without finalising");
    }
}
