//! Where a thread waits to be called by another of its process: first awake, when a call is one exchange, then asleep.

#[cfg(not(loom))]
use os::futex;

use crate::sync::{AtomicU32, Ordering};

/// Nobody has called.
const WAITS: u32 = 0;
/// Somebody has.
const CALLED: u32 = 1;
/// Nobody has, and the thread sleeps or is about to.
const SLEEPS: u32 = 2;

/// One word. The thread that waits sits down, makes known where, looks once more whether it has to wait, and then looks at the word
/// or sleeps on it; whoever brings about what it waits for calls. A call is seen until the thread sits down again, so none is lost;
/// one that was meant for who sat there before is one for nothing.
///
/// ```
/// use archipelago_mapped::Seat;
///
/// let seat = Seat::default();
/// seat.sit();
/// std::thread::scope(|scope| {
///     scope.spawn(|| seat.call());
///     while !seat.is_called() {
///         seat.sleep(1_000_000_000);
///     }
/// });
/// ```
// Who waits looks at its own word alone (two lines are fetched together).
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Seat {
    /// Written by the thread that waits (to WAITS and SLEEPS), and by those who call (to CALLED).
    word: AtomicU32,
}

impl Seat {
    /// From now on calls are for this thread, and for what is still to come.
    pub fn sit(&self) {
        // An exchange, so that calls come before it or after it. Acquire: pairs with the Release in `call`. What was done before a
        // call that this wipes out is seen by the look that follows, also where no lock guards it.
        self.word.swap(WAITS, Ordering::Acquire);
    }

    /// Whether somebody has called.
    #[inline]
    pub fn is_called(&self) -> bool {
        // Acquire: pairs with the Release in `call`.
        self.word.load(Ordering::Acquire) == CALLED
    }

    /// Calls the thread, if that takes no system call. False: it sleeps, and was not called.
    #[inline]
    pub fn call_awake(&self) -> bool {
        // Release: pairs with the Acquire in `is_called`. Relaxed: nothing was done.
        match self.word.compare_exchange(WAITS, CALLED, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => true,
            Err(word) => word == CALLED,
        }
    }

    /// Calls the thread; wakes it if it sleeps.
    pub fn call(&self) {
        // Release: pairs with the Acquire in `is_called`.
        if self.word.swap(CALLED, Ordering::Release) == SLEEPS {
            self.wake();
        }
    }

    /// Sleeps until somebody calls, at most so long. It may end before either.
    pub fn sleep(&self, timeout_ns: u64) {
        // Relaxed (all): who was called learns it by `is_called`.
        if self.word.compare_exchange(WAITS, SLEEPS, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.doze(timeout_ns);
            // It is awake, unless it was called.
            let _ = self.word.compare_exchange(SLEEPS, WAITS, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    #[cfg(not(loom))]
    fn doze(&self, timeout_ns: u64) {
        futex::wait(&self.word, SLEEPS, timeout_ns);
    }

    #[cfg(not(loom))]
    fn wake(&self) {
        futex::wake(&self.word, 1);
    }

    /// In a model only a call ends it.
    #[cfg(loom)]
    fn doze(&self, _: u64) {
        while self.word.load(Ordering::Relaxed) == SLEEPS {
            loom::thread::yield_now();
        }
    }

    #[cfg(loom)]
    fn wake(&self) {}
}
