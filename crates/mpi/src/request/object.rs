//! Requests as objects.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Generalised, Outcome, PartitionedReceive, PartitionedSend, State};
use crate::handler::Held;
use crate::number::{ERR_OTHER, ERR_REQUEST, REQUEST_NULL};
use crate::table::{Ref, Table};
use crate::{Error, On, Request, Result, Status, comm, leaks};

/// A request.
pub(crate) struct Object {
    state: Mutex<State>,
    /// Starts it again, if it is persistent.
    start: Option<Box<Start>>,
    /// Who sees its errors.
    on: On,
    /// The handler of that communicator, which may lose its name before the operation ends.
    handler: Option<Held>,
    extra: Extra,
}

/// What is more than a state: it is reached without the request's lock.
pub(crate) enum Extra {
    /// Nothing.
    None,
    /// An operation of the program's.
    Generalised(Arc<Generalised>),
    /// A send in partitions.
    Send(Arc<PartitionedSend>),
    /// A receive in partitions.
    Receive(Arc<PartitionedReceive>),
}

/// Starts a persistent operation.
pub(crate) type Start = dyn Fn() -> Result<State> + Send + Sync;

static REQUESTS: Table<Object> = Table::new();

impl Object {
    /// Of an operation that was started.
    pub fn new(state: State, on: On) -> Object {
        let handler = match on {
            On::Comm(name) => comm::find(name).map(|comm| comm.handler.share()),
            _ => None,
        };
        Object { state: Mutex::new(state), start: None, on, handler, extra: Extra::None }
    }

    /// Of an operation that can be started again and again.
    pub fn persistent(on: On, start: impl Fn() -> Result<State> + Send + Sync + 'static) -> Object {
        Object { start: Some(Box::new(start)), ..Object::new(State::Inactive, on) }
    }

    /// With more than a state.
    pub fn with(self, extra: Extra) -> Object {
        Object { extra, ..self }
    }

    /// What is more than a state.
    pub fn extra(&self) -> &Extra {
        &self.extra
    }

    /// The error, seen by who sees its errors.
    pub fn raise(&self, error: Box<Error>) -> Box<Error> {
        match (self.on, &self.handler) {
            (On::Comm(name), Some(handler)) if comm::find(name).is_none() => {
                // The request may be the last that has it, and is gone when the handler is called.
                let held = error.held.clone().or_else(|| Some(handler.share()));
                Box::new(Error { held, ..*error.on(On::Handler(handler.name())) })
            }
            (on, _) => error.on(on),
        }
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
        self.start.is_some()
    }

    /// Starts it.
    ///
    /// # Errors
    /// `ERR_REQUEST`: it is not persistent, or active; the operation's own.
    pub fn start(&self) -> Result {
        let refuse = |why: &str| self.raise(Error::new(ERR_REQUEST, why));
        let Some(start) = &self.start else { return Err(refuse("the request is not a persistent one")) };
        if !matches!(*self.state(), State::Inactive) {
            return Err(refuse("the request is active: complete it before it is started again"));
        }
        let state = start().map_err(|error| self.raise(error))?;
        *self.state() = state;
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
            return operation.is_complete().then(|| {
                let (status, asked) = operation.query();
                asked.map(|()| status).map_err(|error| self.raise(error))
            });
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

    /// Moves it on; whether it is complete or inactive.
    pub fn is_complete(&self) -> bool {
        self.state().test()
    }

    /// Waits until it is complete or inactive. Others may cancel it meanwhile, or ask for it: it isn't locked.
    pub fn wait(&self) {
        let mut state = self.state();
        if state.test() {
            return;
        }
        let waits = State::Awaited(state.cancels());
        let mut awaited = std::mem::replace(&mut *state, waits);
        drop(state);
        awaited.wait();
        *self.state() = awaited;
    }

    /// The outcome of a complete one, which is inactive from now on; none of an inactive one.
    pub fn take(&self) -> Option<Outcome> {
        let mut state = self.state();
        match std::mem::replace(&mut *state, State::Inactive) {
            State::Done(outcome) => {
                drop(state);
                let outcome = match &self.extra {
                    Extra::Generalised(operation) => {
                        let (status, asked) = operation.query();
                        // MPI 5.0 §13.2: the code is that of the last function. Where that went well an error of the one
                        // before is told all the same: nobody else could.
                        let told = |error: Box<Error>| Box::new(Error { status: Some(status), ..*error });
                        operation.free().and(asked).map(|()| status).map_err(told)
                    }
                    _ => outcome,
                };
                Some(outcome.map_err(|error| self.raise(error)))
            }
            other => {
                *state = other;
                None
            }
        }
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
    pub(crate) fn get(self) -> Result<Option<Ref<'static, Object>>> {
        match self.0 {
            REQUEST_NULL => Ok(None),
            name => match REQUESTS.get(name) {
                Some(object) => Ok(Some(object)),
                None => {
                    let text = format!("{name:#x} is no request (was it completed or freed?)");
                    Err(Error::new(ERR_REQUEST, text))
                }
            },
        }
    }

    /// The request of this name, which must be one.
    ///
    /// # Errors
    /// `ERR_REQUEST`.
    pub(crate) fn get_one(self) -> Result<Ref<'static, Object>> {
        self.get()?.ok_or_else(|| Error::new(ERR_REQUEST, "the request is MPI_REQUEST_NULL"))
    }

    /// Takes the outcome of a complete request, and its name unless it is persistent. Returns what the name is then.
    pub(crate) fn take(self, object: &Object) -> (Request, Option<Outcome>) {
        let outcome = object.take();
        if object.is_persistent() {
            return (self, outcome);
        }
        REQUESTS.remove(self.0);
        (Request(REQUEST_NULL), outcome)
    }

    /// Frees the name.
    pub(crate) fn remove(self) -> bool {
        REQUESTS.remove(self.0)
    }
}
