//! Waiting for whichever of several requests comes first.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};

use super::Object;
use crate::instance;

/// Set by whatever may have completed.
struct Flag {
    set: AtomicBool,
    /// On whose lane the waiter sleeps.
    comm: runtime::Comm,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        // Release: pairs with the Acquire of the waiter, which then looks at the requests.
        self.set.store(true, Ordering::Release);
        self.comm.wake();
    }
}

/// Those who sleep until something of the program's own making happens.
#[derive(Default)]
pub(crate) struct Wakers(Mutex<Vec<Waker>>);

impl Wakers {
    /// One more. Look afterwards whether it has happened: who was added later than [`wake`](Wakers::wake) isn't woken.
    pub fn add(&self, waker: &Waker) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(waker.clone());
    }

    /// It has happened.
    pub fn wake(&self) {
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        all.into_iter().for_each(Waker::wake);
    }
}

/// Waits until one of these is complete, sleeping while nothing moves. None of them is inactive.
pub(crate) fn wait_for_any(objects: &[&Object]) {
    loop {
        if objects.iter().any(|object| object.is_complete()) {
            return;
        }
        let Some(process) = instance::joined() else { return };
        let flag = Arc::new(Flag { set: AtomicBool::new(false), comm: process.world() });
        let waker = Waker::from(flag.clone());
        let all_watched = objects.iter().all(|object| object.state().watch(&waker));
        if all_watched {
            flag.comm.wait_until(&|| flag.set.load(Ordering::Acquire));
        }
    }
}
