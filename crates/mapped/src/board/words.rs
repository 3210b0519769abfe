//! The words of an entry, and how a sleeper and a publisher don't miss one another.

use crate::sync::{AtomicU32, AtomicU64, Ordering, fence};

/// Instead of an epoch: the member has left the board.
const LEFT: u64 = u64::MAX;

/// A word on a line of its own.
#[repr(C, align(64))]
#[derive(Debug, Default)]
struct Line<T>(T);

/// The words of one member's entry.
#[repr(C)]
#[derive(Debug, Default)]
pub struct Words {
    /// Members that sleep for the board; used in the entry of member 0 alone, written by all.
    sleepers: Line<AtomicU32>,
    /// The last epoch that this member needs nothing more of; [`LEFT`] once it has left the board. Written by this member.
    done: Line<AtomicU64>,
    /// 0, or 1 + the member that this one sleeps for. Written by this member.
    wants: Line<AtomicU32>,
    /// How often the entry has been taken: it tells its owner's next board from this one. Written by this member.
    generation: Line<AtomicU32>,
}

impl Words {
    /// Prepares an entry to be used for the `generation`-th time.
    pub fn clear(&self, generation: u32) {
        self.generation.0.store(generation, Ordering::Relaxed);
        self.sleepers.0.store(0, Ordering::Relaxed);
        self.wants.0.store(0, Ordering::Relaxed);
        // Release: pairs with the Acquire in `done`: who sees this sees the new generation.
        self.done.0.store(0, Ordering::Release);
    }

    /// Whether the owner has left the board for which it took the entry the `generation`-th time: it says so, or has gone on to
    /// use the entry for another. Then it touches no other member's entry for that board any more.
    pub fn has_left(&self, generation: u32) -> bool {
        self.done() == LEFT || self.generation.0.load(Ordering::Relaxed) != generation
    }

    /// States that the owner looks at nothing of the board any more, and writes nothing there.
    pub fn leave(&self) {
        self.set_done(LEFT);
    }

    /// The last epoch that the member needs nothing more of.
    pub fn done(&self) -> u64 {
        // Acquire: pairs with the Release in `set_done`: what that member read it has read before we overwrite it.
        self.done.0.load(Ordering::Acquire)
    }

    /// States that the owner needs nothing more of this epoch and those before.
    pub fn set_done(&self, epoch: u64) {
        // Release: pairs with the Acquire in `done`.
        self.done.0.store(epoch, Ordering::Release);
    }

    /// States, before a sleep, that the owner of these words waits for `member`. `first` are the words of member 0. The
    /// caller looks once more after this.
    pub fn arm(&self, first: &Words, member: u32) {
        self.wants.0.store(member + 1, Ordering::Relaxed);
        first.sleepers.0.fetch_add(1, Ordering::Relaxed);
        // Pairs with the fence in `anybody_sleeps`: either this member sees what was published, or the publisher sees
        // that it sleeps.
        fence(Ordering::SeqCst);
    }

    /// Takes back what [`arm`](Words::arm) stated.
    pub fn disarm(&self, first: &Words) {
        self.wants.0.store(0, Ordering::Relaxed);
        first.sleepers.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether any member sleeps for the board; asked of member 0's words after something was published.
    pub fn anybody_sleeps(&self) -> bool {
        // Pairs with the fence in `arm`.
        fence(Ordering::SeqCst);
        self.sleepers.0.load(Ordering::Relaxed) != 0
    }

    /// Whom the owner of these words sleeps for.
    pub fn wanted(&self) -> Option<u32> {
        self.wants.0.load(Ordering::Relaxed).checked_sub(1)
    }

    /// Whether the owner of these words sleeps for `member`.
    pub fn wants(&self, member: u32) -> bool {
        self.wants.0.load(Ordering::Relaxed) == member + 1
    }
}
