//! Who waits for what: threads that are parked, tasks that are pending. A lane knows them by number.

use std::sync::Mutex;
use std::task::Waker;
use std::thread::Thread;

use engine::Waiter;

/// Who waits. Dropping it may run users' code (a waker's).
pub(crate) enum Who {
    Thread(Thread),
    Task(Waker),
}

/// The waiters of one process.
#[derive(Default)]
pub(crate) struct Waiters {
    slots: Mutex<(Vec<Option<Who>>, Vec<u32>)>,
}

impl Waiters {
    /// Registers the calling thread.
    pub fn thread(&self) -> Waiter {
        self.insert(Who::Thread(std::thread::current()))
    }

    /// Registers a task; it is removed when it is woken.
    pub fn task(&self, waker: Waker) -> Waiter {
        self.insert(Who::Task(waker))
    }

    /// Forgets a waiter and gives it back, to be dropped when nothing is locked.
    pub fn remove(&self, waiter: Waiter) -> Option<Who> {
        let mut slots = self.slots.lock().unwrap_or_else(|e| e.into_inner());
        let who = slots.0.get_mut(waiter.0 as usize).and_then(Option::take)?;
        slots.1.push(waiter.0);
        Some(who)
    }

    /// Wakes a waiter, if it is still there.
    pub fn wake(&self, waiter: Waiter) {
        let mut slots = self.slots.lock().unwrap_or_else(|e| e.into_inner());
        let Some(slot) = slots.0.get_mut(waiter.0 as usize) else { return };
        match slot {
            Some(Who::Thread(thread)) => thread.unpark(),
            Some(Who::Task(_)) => {
                let task = slot.take();
                slots.1.push(waiter.0);
                drop(slots);
                // Users' code (a waker) runs without our lock.
                if let Some(Who::Task(waker)) = task {
                    waker.wake();
                }
            }
            None => {}
        }
    }

    fn insert(&self, who: Who) -> Waiter {
        let mut slots = self.slots.lock().unwrap_or_else(|e| e.into_inner());
        match slots.1.pop() {
            Some(free) => {
                slots.0[free as usize] = Some(who);
                Waiter(free)
            }
            None => {
                slots.0.push(Some(who));
                Waiter(slots.0.len() as u32 - 1)
            }
        }
    }
}
