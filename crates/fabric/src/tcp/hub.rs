//! The one place where a process with sockets sleeps.

use os::epoll::{Epoll, Interest};
use os::eventfd::EventFd;
use os::poll::PollSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::time::Duration;

/// What the owner of a port shares with those who may wake it.
pub(super) struct Hub {
    pub(super) epoll: Epoll,
    pub(super) wake: EventFd,
    /// Somebody wants the owner to look. Set by anybody, taken by the owner.
    called: AtomicBool,
    /// The owner sleeps or is about to. Set and cleared by the owner.
    sleeping: AtomicBool,
}

/// The token of the eventfd in the epoll set.
pub(super) const WAKE: u64 = u64::MAX;

/// The token of what only ends sleeps: its news are read elsewhere.
pub(super) const NEWS: u64 = u64::MAX - 1;

impl Hub {
    pub(super) fn new() -> io::Result<Arc<Hub>> {
        let hub = Hub {
            epoll: Epoll::new()?,
            wake: EventFd::new()?,
            called: AtomicBool::new(false),
            sleeping: AtomicBool::new(false),
        };
        hub.epoll.add(&hub.wake, WAKE, Interest::READ)?;
        Ok(Arc::new(hub))
    }

    /// Makes the owner look, waking it if it sleeps.
    pub(super) fn call(&self) {
        // Release: pairs with the Acquire in `take_call`, so that the owner sees what the caller did before.
        self.called.store(true, Ordering::Release);
        // Pairs with the fence in `arm`: either this reads `sleeping`, or the owner reads `called`.
        fence(Ordering::SeqCst);
        if self.sleeping.load(Ordering::Relaxed) {
            self.wake.notify();
        }
    }

    /// Whether somebody called since the last time. One load when nobody did.
    #[inline]
    pub(super) fn take_call(&self) -> bool {
        // Acquire: pairs with the Release in `call`.
        self.called.load(Ordering::Relaxed) && self.called.swap(false, Ordering::Acquire)
    }

    /// The owner is about to sleep. False: somebody has called, look first.
    pub(super) fn arm(&self) -> bool {
        self.sleeping.store(true, Ordering::Relaxed);
        // Pairs with the fence in `call`.
        fence(Ordering::SeqCst);
        if self.called.load(Ordering::Relaxed) {
            self.disarm();
            return false;
        }
        true
    }

    pub(super) fn disarm(&self) {
        self.sleeping.store(false, Ordering::Relaxed);
    }
}

/// Sleeps for a TCP port, and wakes the one who does.
#[derive(Clone)]
pub struct Sleeper {
    hub: Arc<Hub>,
}

impl Sleeper {
    pub(super) fn new(hub: Arc<Hub>) -> Sleeper {
        Sleeper { hub }
    }

    /// Sleeps until a socket is ready, somebody calls [`Sleeper::wake`], or `timeout_ns` are over. The port must have
    /// been armed. Returns whether something has ended the sleep.
    pub fn sleep(&self, timeout_ns: u64) -> bool {
        // What is ready stays so and is found by the next look.
        let mut some = false;
        let _ = self.hub.epoll.wait(timeout_ns, |_| some = true);
        some
    }

    /// Sleeps until any of these sleeps would end. False: the kernel refuses to wait for so many.
    pub fn sleep_any(sleepers: &[&Sleeper], timeout_ns: u64) -> bool {
        let mut set = PollSet::new();
        for sleeper in sleepers {
            // A set of descriptors can be waited for as a descriptor can.
            set.readable(&sleeper.hub.epoll);
        }
        set.wait(Some(Duration::from_nanos(timeout_ns))).is_ok()
    }

    /// Wakes the sleeper, or keeps it from falling asleep.
    pub fn wake(&self) {
        self.hub.call();
    }
}

impl std::fmt::Debug for Sleeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "tcp::Sleeper")
    }
}
