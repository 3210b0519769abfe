//! A lock whose taking is one atomic exchange, and whose giving back is a plain store.
//!
//! The standard library's gives back by an exchange too, to learn whether anybody sleeps for it: on the machines that this was
//! measured on that is half of its price (docs/decisions/lanes.md). Here the holder stores, and then reads how many sleep. The
//! two may pass each other: a thread that falls asleep in just that moment is not woken. So nobody sleeps for longer than
//! [`SLEEP_NS`] without looking again.
//!
//! It is for a state that is held for a few microseconds at most. Who takes it first has it: it is not fair. That is what keeps
//! its price down where many want it: who looks at it looks ever more seldom, so that who has given it back mostly takes it again,
//! a few times over, before what it guards moves to another core.
//!
//! At most one sleeper at a time is on its way back to the lock: a wake-up takes longer than many takings, each of which would be a
//! system call otherwise.

use crate::sync::{AtomicU32, Ordering};

/// How long a thread sleeps before it looks again whether the lock is free.
#[cfg(not(loom))]
const SLEEP_NS: u64 = 1_000_000;

/// Pauses of the processor between looks at a lock that is held, and times that the core is given away, before sleeping for it.
#[cfg(not(loom))]
const PAUSES_IN_ALL: u32 = 1024;
#[cfg(not(loom))]
const YIELDS: u32 = 32;
/// One look of each kind: more are the same to a model, which counts its steps.
#[cfg(loom)]
const PAUSES_IN_ALL: u32 = 1;
#[cfg(loom)]
const YIELDS: u32 = 1;

/// The most pauses between two looks of one thread, by how many look (so many count): together they look about every two
/// microseconds. The first looks of each follow one another sooner.
const PAUSES_MAX: u32 = 48;
const WANTED_MAX: u32 = 8;

/// The words of a lock.
#[derive(Debug, Default)]
pub struct RawLock {
    /// 1 while somebody holds it.
    held: AtomicU32,
    /// Threads that want it and don't have it.
    wanted: AtomicU32,
    /// Those of them that sleep for it, or are about to.
    sleepers: AtomicU32,
    /// 1 while one that was woken has not looked yet.
    called: AtomicU32,
}

impl RawLock {
    /// Takes it if it is free.
    #[inline]
    pub fn try_lock(&self) -> bool {
        // Acquire: pairs with the Release in `unlock`.
        self.held.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Takes it, when it is free.
    #[inline]
    pub fn lock(&self) {
        if !self.try_lock() {
            self.lock_contended();
        }
    }

    /// Whether others want it. A hint.
    #[inline]
    pub fn is_wanted(&self) -> bool {
        // Relaxed: it orders nothing.
        self.wanted.load(Ordering::Relaxed) > 0
    }

    #[cold]
    fn lock_contended(&self) {
        // Relaxed (both): a hint.
        let wanted = self.wanted.fetch_add(1, Ordering::Relaxed) + 1;
        if !self.lock_awake(wanted) {
            self.lock_asleep();
        }
        self.wanted.fetch_sub(1, Ordering::Relaxed);
    }

    /// Takes it if it is free at one of some looks.
    fn lock_awake(&self, wanted: u32) -> bool {
        let most = PAUSES_MAX * wanted.min(WANTED_MAX);
        let (mut pauses, mut paused) = (1, 0);
        while paused < PAUSES_IN_ALL {
            if self.lock_if_free() {
                return true;
            }
            pause(pauses);
            paused += pauses;
            pauses = (2 * pauses).min(most);
        }
        (0..YIELDS).any(|_| {
            yield_core();
            self.lock_if_free()
        })
    }

    fn lock_asleep(&self) {
        // Relaxed (all): whoever misses one of these leaves a sleeper that looks again by itself.
        self.sleepers.fetch_add(1, Ordering::Relaxed);
        while !self.lock_if_free() {
            self.sleep();
            self.called.store(0, Ordering::Relaxed);
        }
        self.sleepers.fetch_sub(1, Ordering::Relaxed);
        self.called.store(0, Ordering::Relaxed);
    }

    fn lock_if_free(&self) -> bool {
        // Relaxed: a look that leaves the line with its holder.
        self.held.load(Ordering::Relaxed) == 0 && self.try_lock()
    }

    /// Gives it back. Only who holds it may.
    #[inline]
    pub fn unlock(&self) {
        // Release: pairs with the Acquire in `try_lock`.
        self.held.store(0, Ordering::Release);
        // Relaxed (both): as in `lock_asleep`.
        if self.sleepers.load(Ordering::Relaxed) > 0 && self.called.load(Ordering::Relaxed) == 0 {
            self.wake();
        }
    }

    #[cfg(not(loom))]
    fn sleep(&self) {
        os::futex::wait(&self.held, 1, SLEEP_NS);
    }

    #[cold]
    fn wake(&self) {
        // Relaxed: as above; who loses against another's wake-up need not do it as well.
        if self.called.swap(1, Ordering::Relaxed) == 0 {
            // Who is not asleep yet is not on its way either: the next one that gives the lock back tries again.
            #[cfg(not(loom))]
            if os::futex::wake(&self.held, 1) == 0 {
                self.called.store(0, Ordering::Relaxed);
            }
        }
    }

    #[cfg(loom)]
    fn sleep(&self) {
        loom::thread::yield_now();
    }
}

#[cfg(not(loom))]
fn pause(times: u32) {
    (0..times).for_each(|_| std::hint::spin_loop());
}

#[cfg(loom)]
fn pause(_: u32) {
    loom::thread::yield_now();
}

#[cfg(not(loom))]
fn yield_core() {
    std::thread::yield_now();
}

#[cfg(loom)]
fn yield_core() {
    loom::thread::yield_now();
}

#[cfg(not(loom))]
pub use guarded::{Guard, Lock};

#[cfg(not(loom))]
mod guarded {
    use std::cell::UnsafeCell;
    use std::ops::{Deref, DerefMut};
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::RawLock;

    /// A value behind a [`RawLock`].
    ///
    /// ```
    /// use archipelago_mapped::Lock;
    ///
    /// let sum = Lock::new(0);
    /// std::thread::scope(|scope| {
    ///     for part in 1..=4 {
    ///         let sum = &sum;
    ///         scope.spawn(move || *sum.lock() += part);
    ///     }
    /// });
    /// assert_eq!(*sum.lock(), 10);
    /// ```
    #[derive(Debug)]
    pub struct Lock<T> {
        raw: RawLock,
        /// A thread has panicked while it held the lock.
        poisoned: AtomicBool,
        value: UnsafeCell<T>,
    }

    // SAFETY: the value is reached by one thread at a time, that which holds the lock.
    unsafe impl<T: Send> Sync for Lock<T> {}

    impl<T> Lock<T> {
        /// A lock that nobody holds.
        pub fn new(value: T) -> Lock<T> {
            Lock { raw: RawLock::default(), poisoned: AtomicBool::new(false), value: UnsafeCell::new(value) }
        }

        /// Takes it if it is free.
        #[inline]
        pub fn try_lock(&self) -> Option<Guard<'_, T>> {
            self.raw.try_lock().then(|| self.guard())
        }

        /// Takes it, when it is free.
        #[inline]
        pub fn lock(&self) -> Guard<'_, T> {
            self.raw.lock();
            self.guard()
        }

        /// Whether other threads want it. A hint.
        #[inline]
        pub fn is_wanted(&self) -> bool {
            self.raw.is_wanted()
        }

        #[inline]
        fn guard(&self) -> Guard<'_, T> {
            let was_panicking = std::thread::panicking();
            Guard { lock: self, was_panicking, thread: std::marker::PhantomData }
        }

        /// Whether a thread has panicked while it held the lock: the value may be in the midst of a change.
        #[inline]
        pub fn is_poisoned(&self) -> bool {
            // Relaxed: written before the lock was given back, which orders it.
            self.poisoned.load(Ordering::Relaxed)
        }
    }

    /// The lock is held as long as this lives. It stays in its thread.
    #[derive(Debug)]
    pub struct Guard<'a, T> {
        lock: &'a Lock<T>,
        /// It was taken by what a panic drops on its way, which does not leave the value in the midst of a change.
        was_panicking: bool,
        thread: std::marker::PhantomData<*const ()>,
    }

    // SAFETY: through a shared guard only the value is shared.
    unsafe impl<T: Sync> Sync for Guard<'_, T> {}

    impl<T> Deref for Guard<'_, T> {
        type Target = T;

        #[inline]
        fn deref(&self) -> &T {
            // SAFETY: this guard's thread holds the lock, and the borrow is of the guard.
            unsafe { &*self.lock.value.get() }
        }
    }

    impl<T> DerefMut for Guard<'_, T> {
        #[inline]
        fn deref_mut(&mut self) -> &mut T {
            // SAFETY: this guard's thread holds the lock, and the borrow is of the guard, which nobody else has.
            unsafe { &mut *self.lock.value.get() }
        }
    }

    impl<T> Drop for Guard<'_, T> {
        #[inline]
        fn drop(&mut self) {
            if !self.was_panicking && std::thread::panicking() {
                self.lock.poisoned.store(true, Ordering::Relaxed);
            }
            self.lock.raw.unlock();
        }
    }
}
