//! Who waits for what: threads that stand in line, tasks that are pending. A lane knows both by a number.
//!
//! A task's is never given again: the name of one who waits no more wakes and removes nobody else. A thread's is that of its seat,
//! which others have after it: they may be called for nothing, and look again.

use std::sync::{Mutex, MutexGuard};
use std::task::Waker;

use engine::Waiter;
use mapped::Seat;

use crate::line::Number;
use crate::seats::Seats;

/// What marks a thread's name. Generations of tasks never get that far: they count to 2^31.
const THREAD: u64 = 1 << 63;

/// The waiters of one lane.
#[derive(Default)]
pub(crate) struct Waiters {
    seats: Seats,
    tasks: Mutex<Table>,
    /// The seats of threads that wait for no request of the lane.
    lookers: Mutex<Vec<Number>>,
}

/// The name of the thread that has this seat.
pub(crate) fn thread(number: Number) -> Waiter {
    Waiter(THREAD | u64::from(number))
}

#[derive(Default)]
struct Table {
    /// Each with its generation, which counts its uses.
    slots: Vec<(u32, Option<Waker>)>,
    free: Vec<u32>,
}

impl Table {
    fn insert(&mut self, waker: Waker) -> Waiter {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push((0, None));
            self.slots.len() as u32 - 1
        });
        let slot = &mut self.slots[index as usize];
        slot.1 = Some(waker);
        Waiter((slot.0 as u64) << 32 | index as u64)
    }

    fn take(&mut self, waiter: Waiter) -> Option<Waker> {
        let slot = self.slots.get_mut(waiter.0 as u32 as usize)?;
        if u64::from(slot.0) != waiter.0 >> 32 {
            return None;
        }
        let waker = slot.1.take()?;
        slot.0 = slot.0.wrapping_add(1) & !((THREAD >> 32) as u32);
        self.free.push(waiter.0 as u32);
        Some(waker)
    }
}

impl Waiters {
    /// Where a thread waits.
    pub fn seat(&self, number: Number) -> &Seat {
        self.seats.at(number)
    }

    /// Registers a task; it is removed when it is woken.
    pub fn task(&self, waker: Waker) -> Waiter {
        self.tasks().insert(waker)
    }

    /// Forgets a task and gives its waker back, to be dropped when nothing is locked: that may run users' code.
    pub fn remove(&self, waiter: Waiter) -> Option<Waker> {
        if waiter.0 & THREAD != 0 { None } else { self.tasks().take(waiter) }
    }

    /// Wakes a waiter, if it is still there.
    pub fn wake(&self, waiter: Waiter) {
        if waiter.0 & THREAD != 0 {
            return self.seats.at(waiter.0 as Number).call();
        }
        let task = self.tasks().take(waiter);
        // Users' code (a waker) runs without our lock.
        if let Some(waker) = task {
            waker.wake();
        }
    }

    /// Wakes a waiter if it is a thread that is awake: no system call, no users' code. Returns whether it did.
    #[inline]
    pub fn wake_awake(&self, waiter: Waiter) -> bool {
        waiter.0 & THREAD != 0 && self.seats.at(waiter.0 as Number).call_awake()
    }

    /// A thread that stands in line waits for something that no request tells of: it is called to look again by
    /// [`call_lookers`](Waiters::call_lookers). Then it sits down, and looks before it sleeps.
    pub fn looks(&self, number: Number) {
        self.lookers().push(number);
    }

    /// It does so no more.
    pub fn looks_no_more(&self, number: Number) {
        self.lookers().retain(|other| *other != number);
    }

    /// Has those look who wait for no request: what they wait for may have come about.
    pub fn call_lookers(&self) {
        self.lookers().iter().for_each(|number| self.seats.at(*number).call());
    }

    fn lookers(&self) -> MutexGuard<'_, Vec<Number>> {
        self.lookers.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn tasks(&self) -> MutexGuard<'_, Table> {
        self.tasks.lock().unwrap_or_else(|e| e.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::Wake;

    use super::*;

    struct Count(AtomicU32);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_stale_name_wakes_and_removes_nobody() {
        let (waiters, count) = (Waiters::default(), Arc::new(Count(AtomicU32::new(0))));
        let stale = waiters.task(Waker::from(count.clone()));
        assert!(waiters.remove(stale).is_some());
        let task = waiters.task(Waker::from(count.clone()));
        waiters.wake(stale);
        assert!(waiters.remove(stale).is_none());
        assert_eq!(count.0.load(Ordering::Relaxed), 0);
        waiters.wake(task);
        waiters.wake(task);
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn those_without_a_request_are_called_until_they_look_no_more() {
        let waiters = Waiters::default();
        let is_called = || [0, 1, 2].map(|number| waiters.seat(number).is_called());
        waiters.looks(0);
        waiters.looks(2);
        waiters.call_lookers();
        assert_eq!(is_called(), [true, false, true]);
        [0, 1, 2].iter().for_each(|number| waiters.seat(*number).sit());
        waiters.looks_no_more(0);
        waiters.call_lookers();
        assert_eq!(is_called(), [false, false, true]);
    }
}
