//! Waiting for any, some or all of many operations.
//!
//! Each operation of a set has a waker that puts its key into the set's queue, so that every completion costs the same
//! however many are under way.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Wake, Waker};
use std::thread::ThreadId;

use layout::{Buffer, BufferMut};

use crate::address::Status;
use crate::owned::{ReceiveOwned, SendOwned, Watched};
use crate::{Comm, Failed};

/// An operation that a set can hold: one that owns its buffer.
pub trait Request: Watched {
    /// What waiting for it gives.
    type Outcome;

    /// Waits for it.
    fn outcome(self) -> Self::Outcome;

    /// Whether it is complete.
    fn test(&mut self) -> bool;
}

impl<B: Buffer + Send + 'static> Request for SendOwned<B> {
    type Outcome = Result<B, Failed<B>>;

    fn outcome(self) -> Self::Outcome {
        self.wait()
    }

    fn test(&mut self) -> bool {
        SendOwned::test(self)
    }
}

impl<B: BufferMut + Send + 'static> Request for ReceiveOwned<B> {
    type Outcome = Result<(B, Status), Failed<B>>;

    fn outcome(self) -> Self::Outcome {
        self.wait()
    }

    fn test(&mut self) -> bool {
        ReceiveOwned::test(self)
    }
}

/// Names an operation of a set. It is not given again before the operation has been taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub usize);

/// Operations under way, of which those that are complete are taken out first. Dropping it drops them: sends run on, receives
/// that have not been matched are cancelled.
///
/// ```
/// # archipelago::testing::run(4, |world| {
/// use archipelago::Requests;
/// if world.rank() > 0 {
///     world.to(0).send(&world.rank())?;
///     return Ok(());
/// }
/// let mut incoming: Requests<_> = (1..4).map(|rank| world.from(rank).receive_owned(0usize)).collect();
/// // In the order in which they come.
/// while let Some((key, received)) = incoming.wait_any() {
///     let (value, status) = received?;
///     assert_eq!((value, status.source), (key.0 + 1, key.0 + 1));
/// }
/// # Ok::<(), archipelago::Error>(())
/// # });
/// ```
pub struct Requests<R: Request> {
    slots: Vec<Slot<R>>,
    free: Vec<usize>,
    ready: Arc<Ready>,
    /// Where to wait: a communicator of the operations' process.
    comm: Option<Comm>,
}

struct Slot<R> {
    /// Counts the uses of the key: what a waker of an earlier use says is not heard.
    uses: u64,
    request: Option<R>,
}

impl<R: Request> Requests<R> {
    /// A set without operations.
    pub fn new() -> Requests<R> {
        Requests { slots: Vec::new(), free: Vec::new(), ready: Arc::default(), comm: None }
    }

    /// Takes an operation in. All operations of a set are of one process.
    pub fn insert(&mut self, request: R) -> Key {
        if self.ready.len() > 2 * self.slots.len() {
            self.forget_stale();
        }
        let key = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { uses: 0, request: None });
            self.slots.len() - 1
        });
        let slot = &mut self.slots[key];
        slot.uses += 1;
        let name = Name { key, uses: slot.uses };
        match request.watch(Waker::from(Arc::new(Completion { name, ready: self.ready.clone() }))) {
            Some(comm) => self.comm = Some(comm),
            None => self.ready.push(name),
        }
        slot.request = Some(request);
        Key(key)
    }

    /// How many operations it has.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits until an operation is complete and takes it out; `None` if there is none. In the order of completion.
    pub fn wait_any(&mut self) -> Option<(Key, R::Outcome)> {
        loop {
            if let Some(taken) = self.take_ready() {
                return Some(taken);
            }
            if self.is_empty() {
                return None;
            }
            // Whatever is neither complete nor taken out was watched, hence there is a communicator.
            let ready = &self.ready;
            let comm = &self.comm.as_ref()?.untyped;
            ready.lock().waiting = Some((std::thread::current().id(), comm.clone()));
            comm.wait_until(&|| !ready.is_empty());
            ready.lock().waiting = None;
        }
    }

    /// Waits until an operation is complete and takes out all that are; none if there are none.
    pub fn wait_some(&mut self) -> Vec<(Key, R::Outcome)> {
        let first = self.wait_any();
        first.into_iter().chain(std::iter::from_fn(|| self.take_ready())).collect()
    }

    /// Waits for all and takes them out, in the order of their keys.
    pub fn wait_all(&mut self) -> Vec<(Key, R::Outcome)> {
        let slots = std::mem::take(self).slots.into_iter().enumerate();
        slots.filter_map(|(key, slot)| Some((Key(key), slot.request?.outcome()))).collect()
    }

    /// Takes out an operation that is complete, if one is. Moves things on first.
    pub fn test_any(&mut self) -> Option<(Key, R::Outcome)> {
        self.take_ready().or_else(|| {
            self.progress();
            self.take_ready()
        })
    }

    /// Takes out all operations that are complete. Moves things on first.
    pub fn test_some(&mut self) -> Vec<(Key, R::Outcome)> {
        self.progress();
        std::iter::from_fn(|| self.take_ready()).collect()
    }

    /// Whether all are complete; takes none out. Moves things on.
    pub fn test_all(&mut self) -> bool {
        self.progress();
        self.slots.iter_mut().filter_map(|slot| slot.request.as_mut()).all(R::test)
    }

    /// Takes an operation out, complete or not.
    pub fn remove(&mut self, key: Key) -> Option<R> {
        let request = self.slots.get_mut(key.0)?.request.take()?;
        self.free.push(key.0);
        Some(request)
    }

    fn progress(&self) {
        if let Some(comm) = &self.comm {
            comm.untyped.progress();
        }
    }

    /// The queue has each operation of the set once at most; what is more was taken out by its key since it was complete.
    fn forget_stale(&self) {
        let is_there = |name: &Name| {
            let slot = &self.slots[name.key];
            slot.uses == name.uses && slot.request.is_some()
        };
        self.ready.retain(is_there);
    }

    fn take_ready(&mut self) -> Option<(Key, R::Outcome)> {
        loop {
            let Name { key, uses } = self.ready.pop()?;
            let slot = &mut self.slots[key];
            if slot.uses == uses
                && let Some(request) = slot.request.take()
            {
                self.free.push(key);
                return Some((Key(key), request.outcome()));
            }
        }
    }
}

impl<R: Request> Default for Requests<R> {
    fn default() -> Requests<R> {
        Requests::new()
    }
}

impl<R: Request> Extend<R> for Requests<R> {
    fn extend<I: IntoIterator<Item = R>>(&mut self, requests: I) {
        requests.into_iter().for_each(|request| {
            self.insert(request);
        });
    }
}

impl<R: Request> FromIterator<R> for Requests<R> {
    /// The operations' keys are their positions.
    fn from_iter<I: IntoIterator<Item = R>>(requests: I) -> Requests<R> {
        let mut set = Requests::new();
        set.extend(requests);
        set
    }
}

/// One use of a key.
#[derive(Clone, Copy)]
struct Name {
    key: usize,
    uses: u64,
}

/// What a set's operations have told of their completion.
#[derive(Default)]
struct Ready {
    inside: Mutex<Inside>,
    /// How many are in the queue: what a thread looks at while it waits.
    count: AtomicUsize,
}

#[derive(Default)]
struct Inside {
    queue: VecDeque<Name>,
    /// The thread that waits for one of them, and the communicator on whose lane: it may sleep there while another thread completes
    /// one, there or on another lane.
    waiting: Option<(ThreadId, runtime::Comm)>,
}

impl Ready {
    fn push(&self, name: Name) {
        let mut inside = self.lock();
        inside.queue.push_back(name);
        // Relaxed (all): the lock orders what counts; the waiting thread looks again after every move.
        self.count.store(inside.queue.len(), Ordering::Relaxed);
        if let Some((thread, comm)) = &inside.waiting
            && *thread != std::thread::current().id()
        {
            comm.wake();
        }
    }

    fn pop(&self) -> Option<Name> {
        let mut inside = self.lock();
        let name = inside.queue.pop_front();
        self.count.store(inside.queue.len(), Ordering::Relaxed);
        name
    }

    fn retain(&self, is_there: impl Fn(&Name) -> bool) {
        let mut inside = self.lock();
        inside.queue.retain(is_there);
        self.count.store(inside.queue.len(), Ordering::Relaxed);
    }

    fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// An operation's waker.
struct Completion {
    name: Name,
    ready: Arc<Ready>,
}

impl Wake for Completion {
    fn wake(self: Arc<Self>) {
        self.ready.push(self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An operation that is complete from the start.
    struct Complete(u32);

    impl Watched for Complete {
        fn watch(&self, _: Waker) -> Option<Comm> {
            None
        }
    }

    impl Request for Complete {
        type Outcome = u32;

        fn outcome(self) -> u32 {
            self.0
        }

        fn test(&mut self) -> bool {
            true
        }
    }

    #[test]
    fn what_is_taken_out_by_its_key_is_forgotten() {
        let mut set = Requests::new();
        let kept = set.insert(Complete(7));
        for value in 0..1000 {
            let key = set.insert(Complete(value));
            assert_eq!(set.remove(key).map(|request| request.0), Some(value));
            assert!(set.ready.len() <= 5, "{} names of {} operations", set.ready.len(), set.len());
        }
        assert_eq!(set.wait_some(), [(kept, 7)]);
        assert!(set.is_empty());
    }
}
