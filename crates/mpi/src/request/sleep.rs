//! Waiting for whichever of several requests comes first.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

use super::{Moved, Object, Standing};
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
    /// One more. Look afterwards whether it has happened: who was added later than [`wake`](Wakers::wake) isn't woken. Who has waited here
    /// before is still there: there are no more than threads that wait at once.
    pub fn add(&self, waker: &Waker) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.iter().any(|known| known.will_wake(waker)) {
            all.push(waker.clone());
        }
    }

    /// It has happened.
    pub fn wake(&self) {
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        all.into_iter().for_each(Waker::wake);
    }
}

/// Flags that no thread waits by now. Used again and again: where a waker was left nobody leaves another one.
static IDLE: Mutex<Vec<Arc<Flag>>> = Mutex::new(Vec::new());

fn idle() -> MutexGuard<'static, Vec<Arc<Flag>>> {
    IDLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until one of these is complete, sleeping while nothing moves. None of them is inactive. For none it doesn't wait.
pub(crate) fn wait_for_any(objects: &[&Object]) {
    let is_any_complete = || {
        let mut moved = Moved::default();
        objects.iter().any(|object| object.standing(&mut moved) != Standing::UnderWay)
    };
    if objects.is_empty() || is_any_complete() {
        return;
    }
    let Some(process) = instance::joined() else { return };
    let new = || Arc::new(Flag { set: AtomicBool::new(false), comm: process.world() });
    let flag = idle().pop().unwrap_or_else(new);
    let waker = Waker::from(flag.clone());
    while !is_any_complete() {
        // Relaxed: whatever was complete before is seen below, by whoever watches it.
        flag.set.store(false, Ordering::Relaxed);
        let all_watched = objects.iter().all(|object| object.state().watch(&waker));
        if all_watched {
            flag.comm.wait_until(&|| flag.set.load(Ordering::Acquire));
        }
    }
    idle().push(flag);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_again_and_again_is_known() {
        let (wakers, waker) = (Wakers::default(), Waker::noop());
        for _ in 0..10 {
            wakers.add(waker);
        }
        assert_eq!(wakers.0.lock().unwrap().len(), 1);
    }
}
