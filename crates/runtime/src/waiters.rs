//! Who waits for what: threads that are parked, tasks that are pending. A lane knows them by a number that is never given
//! again: the name of one who waits no more wakes and removes nobody else.

use std::sync::{Mutex, MutexGuard};
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
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    /// Each with its generation, which counts its uses.
    slots: Vec<(u32, Option<Who>)>,
    free: Vec<u32>,
}

impl Table {
    fn insert(&mut self, who: Who) -> Waiter {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push((0, None));
            self.slots.len() as u32 - 1
        });
        let slot = &mut self.slots[index as usize];
        slot.1 = Some(who);
        Waiter((slot.0 as u64) << 32 | index as u64)
    }

    fn get(&self, waiter: Waiter) -> Option<&Who> {
        let (generation, who) = self.slots.get(waiter.0 as u32 as usize)?;
        who.as_ref().filter(|_| *generation as u64 == waiter.0 >> 32)
    }

    fn take(&mut self, waiter: Waiter) -> Option<Who> {
        self.get(waiter)?;
        let slot = &mut self.slots[waiter.0 as u32 as usize];
        slot.0 = slot.0.wrapping_add(1);
        self.free.push(waiter.0 as u32);
        slot.1.take()
    }
}

impl Waiters {
    /// Registers the calling thread.
    pub fn thread(&self) -> Waiter {
        self.lock().insert(Who::Thread(std::thread::current()))
    }

    /// Registers a task; it is removed when it is woken.
    pub fn task(&self, waker: Waker) -> Waiter {
        self.lock().insert(Who::Task(waker))
    }

    /// Forgets a waiter and gives it back, to be dropped when nothing is locked.
    pub fn remove(&self, waiter: Waiter) -> Option<Who> {
        self.lock().take(waiter)
    }

    /// Wakes a waiter, if it is still there.
    pub fn wake(&self, waiter: Waiter) {
        let mut table = self.lock();
        match table.get(waiter) {
            Some(Who::Thread(thread)) => thread.unpark(),
            Some(Who::Task(_)) => {
                let task = table.take(waiter);
                drop(table);
                // Users' code (a waker) runs without our lock.
                if let Some(Who::Task(waker)) = task {
                    waker.wake();
                }
            }
            None => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(|e| e.into_inner())
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
        let stale = waiters.thread();
        assert!(waiters.remove(stale).is_some());
        let task = waiters.task(Waker::from(count.clone()));
        waiters.wake(stale);
        assert!(waiters.remove(stale).is_none());
        assert_eq!(count.0.load(Ordering::Relaxed), 0);
        waiters.wake(task);
        waiters.wake(task);
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
    }
}
