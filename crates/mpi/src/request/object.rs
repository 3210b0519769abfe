//! Requests as objects.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Errors, Generalised, Moved, Outcome, PartitionedReceive, PartitionedSend, State, Waiting};
use crate::number::{ERR_OTHER, ERR_REQUEST, REQUEST_NULL};
use crate::table::{Ref, Table};
use crate::{Error, Request, Result, Status, leaks};

/// A request.
pub(crate) struct Object {
    state: Mutex<State>,
    errors: Errors,
    extra: Extra,
}

/// What is more than a state: it is reached without the request's lock.
pub(crate) enum Extra {
    /// Nothing.
    None,
    /// A persistent operation, which this starts again and again.
    Again(Box<Start>),
    /// An operation of the program's.
    Generalised(Arc<Generalised>),
    /// A send in partitions.
    Send(Arc<PartitionedSend>),
    /// A receive in partitions.
    Receive(Arc<PartitionedReceive>),
}

/// How a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Persistent, and not started.
    Inactive,
    /// Not complete yet.
    UnderWay,
    /// Its outcome can be taken.
    Complete,
}

/// Starts a persistent operation.
pub(crate) type Start = dyn Fn() -> Result<State> + Send + Sync;

static REQUESTS: Table<Object> = Table::new();

impl Object {
    /// Of an operation that was started.
    #[inline]
    pub fn new(state: State, errors: Errors) -> Object {
        Object { state: Mutex::new(state), errors, extra: Extra::None }
    }

    /// Of an operation of the program's.
    pub fn generalised(operation: Arc<Generalised>, errors: Errors) -> Object {
        let state = State::Other(Box::new(Waiting(operation.clone())));
        Object { extra: Extra::Generalised(operation), ..Object::new(state, errors) }
    }

    /// Of an operation that can be started again and again.
    pub fn persistent(errors: Errors, start: impl Fn() -> Result<State> + Send + Sync + 'static) -> Object {
        Object { extra: Extra::Again(Box::new(start)), ..Object::new(State::Inactive, errors) }
    }

    /// Of a message in partitions.
    pub fn partitioned(operation: Extra, errors: Errors) -> Object {
        Object { extra: operation, ..Object::new(State::Inactive, errors) }
    }

    /// What is more than a state.
    pub fn extra(&self) -> &Extra {
        &self.extra
    }

    /// The error, seen by who sees its errors.
    pub fn raise(&self, error: Box<Error>) -> Box<Error> {
        self.errors.raise(error)
    }

    /// Wishes it to end without effect.
    pub fn cancel(&self) -> Result {
        match &self.extra {
            Extra::Generalised(operation) => operation.cancel(),
            _ => {
                self.state().cancel();
                Ok(())
            }
        }
    }

    /// Gives it a name for the program.
    ///
    /// # Errors
    /// There are too many. What is under way goes on without a name: it uses what the request holds.
    pub fn register(self) -> Result<Request> {
        let name = REQUESTS.try_insert(self, []).map_err(|object| {
            let text = "there are too many requests: complete some";
            object.detach().err().unwrap_or_else(|| Error::new(ERR_OTHER, text))
        })?;
        leaks::made(leaks::Kind::Request, name);
        Ok(Request(name))
    }

    /// Where it stands.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it can be started again.
    pub fn is_persistent(&self) -> bool {
        !matches!(self.extra, Extra::None | Extra::Generalised(_))
    }

    /// Starts it.
    ///
    /// # Errors
    /// `ERR_REQUEST`: it is not persistent, or active; the operation's own.
    pub fn start(&self) -> Result {
        let refuse = |why: &str| Err(self.raise(Error::new(ERR_REQUEST, why)));
        if self.is_persistent() && !self.is_inactive() {
            return refuse("the request is active: complete it before it is started again");
        }
        let state = match &self.extra {
            Extra::Again(start) => start(),
            Extra::Send(operation) => operation.start(),
            Extra::Receive(operation) => operation.start(),
            Extra::None | Extra::Generalised(_) => return refuse("the request is not a persistent one"),
        };
        *self.state() = state.map_err(|error| self.raise(error))?;
        Ok(())
    }

    /// Whether it is persistent, and not started.
    pub fn is_inactive(&self) -> bool {
        matches!(*self.state(), State::Inactive)
    }

    /// What it tells, and stays: the outcome of a complete one, an empty one of an inactive one.
    pub fn look(&self) -> Option<Outcome> {
        // MPI 5.0 §13.2: the program is asked each time.
        if let Extra::Generalised(operation) = &self.extra {
            operation.progress();
            return operation.is_complete().then(|| operation.look().map_err(|error| self.raise(error)));
        }
        let mut state = self.state();
        state.test();
        match &*state {
            State::Inactive => Some(Ok(Status::EMPTY)),
            State::Done(Ok(status)) => Some(Ok(*status)),
            State::Done(Err(error)) => Some(Err(self.raise(error.clone()))),
            _ => None,
        }
    }

    /// Lets it go on without a name.
    pub fn detach(&self) -> Result {
        std::mem::replace(&mut *self.state(), State::Inactive).detach();
        match &self.extra {
            Extra::Generalised(operation) => operation.let_go(),
            _ => Ok(()),
        }
    }

    /// Moves it on, beside others that are looked at one after the other, and says how it stands.
    pub fn standing(&self, moved: &mut Moved) -> Standing {
        let mut state = self.state();
        if matches!(*state, State::Inactive) {
            return Standing::Inactive;
        }
        if state.test_beside(moved) { Standing::Complete } else { Standing::UnderWay }
    }

    /// Waits until it is complete or inactive, and returns it locked, so that nobody else takes its outcome. While it waits others may cancel
    /// it, or ask for it: it isn't locked then.
    fn wait(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        if matches!(*state, State::Done(_) | State::Inactive) {
            return state;
        }
        let waits = State::Awaited(state.cancels());
        let mut awaited = std::mem::replace(&mut *state, waits);
        drop(state);
        awaited.wait();
        let mut state = self.state();
        *state = awaited;
        state
    }

    /// Waits, and takes the outcome. It is inactive from now on; none: it was so before.
    pub fn complete(&self) -> Option<Outcome> {
        self.taken(self.wait())
    }

    /// Takes the outcome of a complete one, which is inactive from now on; none of an inactive one.
    pub fn take(&self) -> Option<Outcome> {
        self.taken(self.state())
    }

    fn taken(&self, mut state: MutexGuard<'_, State>) -> Option<Outcome> {
        // It is under way only where another thread has started it just now, or waits for it too, which it must not.
        let State::Done(_) = &*state else { return None };
        let done = std::mem::replace(&mut *state, State::Inactive);
        drop(state);
        let State::Done(outcome) = done else { return None };
        let outcome = match &self.extra {
            Extra::Generalised(operation) => operation.end(),
            _ => outcome,
        };
        Some(outcome.map_err(|error| self.raise(error)))
    }
}

/// The names that there are.
pub(crate) fn names() -> Vec<usize> {
    REQUESTS.names()
}

impl Request {
    /// The request of this name; none of the null request.
    ///
    /// # Errors
    /// `ERR_REQUEST`.
    #[inline]
    pub(crate) fn get(self) -> Result<Option<Ref<'static, Object>>> {
        match self.0 {
            REQUEST_NULL => Ok(None),
            name => REQUESTS.get(name).map(Some).ok_or_else(|| self.missing()),
        }
    }

    /// Checks that it is a request, or the null request.
    ///
    /// # Errors
    /// `ERR_REQUEST`.
    #[inline]
    pub(crate) fn check(self) -> Result {
        let is_known = self.0 == REQUEST_NULL || REQUESTS.has(self.0);
        if is_known { Ok(()) } else { Err(self.missing()) }
    }

    #[cold]
    fn missing(self) -> Box<Error> {
        Error::new(ERR_REQUEST, format!("{:#x} is no request (was it completed or freed?)", self.0))
    }

    /// The request of this name, which must be one.
    ///
    /// # Errors
    /// `ERR_REQUEST`.
    pub(crate) fn get_one(self) -> Result<Ref<'static, Object>> {
        self.get()?.ok_or_else(|| Error::new(ERR_REQUEST, "the request is MPI_REQUEST_NULL"))
    }

    /// Ends a request whose outcome was taken, unless it is persistent. Returns what its name is then.
    #[inline]
    pub(crate) fn end(self, object: Ref<'static, Object>) -> Request {
        if object.is_persistent() {
            return self;
        }
        object.close();
        Request(REQUEST_NULL)
    }

    /// Frees the name.
    pub(crate) fn remove(self) -> bool {
        REQUESTS.remove(self.0)
    }
}
