//! Where a request stands, and what an operation under way can be asked.

use std::sync::{Mutex, PoisonError};
use std::task::Waker;

use super::{Cancels, Moved, Transfer};
use crate::{Result, Status};

/// What a completed operation tells.
pub(crate) type Outcome = Result<Status>;

/// An operation under way that is no plain message: a collective, a partitioned send, a generalised request.
pub(crate) trait Pending: Send {
    /// Moves it on; the outcome if it is complete. It is asked once more at most after that.
    fn test(&mut self) -> Option<Outcome>;

    /// Waits for the outcome.
    fn wait(&mut self) -> Outcome;

    /// Has the waker woken when it may have become complete; false: it may be so already.
    fn watch(&mut self, waker: &Waker) -> bool;

    /// Wishes it to end without effect.
    fn cancel(&mut self) {}

    /// Lets it go on without a name.
    fn detach(self: Box<Self>);
}

/// Where a request stands.
pub(crate) enum State {
    /// Persistent, and not started.
    Inactive,
    /// A message under way.
    Transfer(Transfer),
    /// Something else under way.
    Other(Box<dyn Pending>),
    /// Under way, and in the hands of a thread that waits for it; by this it is cancelled.
    Awaited(Option<Cancels>),
    /// Complete.
    Done(Outcome),
}

/// Operations whose requests were freed, and that must be moved on here.
static ORPHANS: Mutex<Vec<Box<dyn Pending>>> = Mutex::new(Vec::new());

impl State {
    /// Moves it on; whether it is complete or inactive.
    pub fn test(&mut self) -> bool {
        self.test_beside(&mut Moved::default())
    }

    /// The same, of one of several that are looked at one after the other.
    pub fn test_beside(&mut self, moved: &mut Moved) -> bool {
        let outcome = match self {
            State::Inactive | State::Done(_) => return true,
            State::Transfer(transfer) => transfer.test(moved),
            State::Other(pending) => pending.test(),
            State::Awaited(_) => None,
        };
        let Some(outcome) = outcome else { return false };
        *self = State::Done(outcome);
        true
    }

    /// Waits until it is complete or inactive.
    pub fn wait(&mut self) {
        let outcome = match self {
            State::Inactive | State::Done(_) | State::Awaited(_) => return,
            State::Transfer(transfer) => transfer.wait(),
            State::Other(pending) => pending.wait(),
        };
        *self = State::Done(outcome);
    }

    /// Has the waker woken when it may have become complete; false: it may be so already.
    pub fn watch(&mut self, waker: &Waker) -> bool {
        match self {
            State::Inactive | State::Done(_) => false,
            State::Awaited(_) => true,
            State::Transfer(transfer) => transfer.watch(waker),
            State::Other(pending) => pending.watch(waker),
        }
    }

    /// Wishes it to end without effect.
    pub fn cancel(&mut self) {
        match self {
            State::Inactive | State::Done(_) | State::Awaited(None) => {}
            State::Transfer(transfer) => transfer.cancels().cancel(),
            State::Other(pending) => pending.cancel(),
            State::Awaited(Some(cancels)) => cancels.cancel(),
        }
    }

    /// By what it is cancelled while a thread waits for it.
    pub fn cancels(&self) -> Option<Cancels> {
        match self {
            State::Transfer(transfer) => Some(transfer.cancels()),
            _ => None,
        }
    }

    /// Lets it go on without a name.
    pub fn detach(self) {
        match self {
            State::Inactive | State::Done(_) | State::Awaited(_) => {}
            State::Transfer(transfer) => transfer.detach(),
            State::Other(pending) => pending.detach(),
        }
    }
}

/// Keeps an operation that nobody waits for until it is complete.
pub(crate) fn orphan(pending: Box<dyn Pending>) {
    let mut orphans = ORPHANS.lock().unwrap_or_else(PoisonError::into_inner);
    orphans.retain_mut(|orphan| orphan.test().is_none());
    orphans.push(pending);
}
