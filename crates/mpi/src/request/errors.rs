//! Who sees the errors of an operation.

use crate::comm::Communicator;
use crate::handler::Held;
use crate::number::ERRORS_ARE_FATAL;
use crate::{Comm, Errhandler, Error, On, comm};

/// Who sees the errors of an operation, also when its communicator has lost its name by then.
pub(crate) struct Errors {
    on: On,
    /// The handler of that communicator.
    handler: Held,
}

impl Errors {
    /// Those of an operation on a communicator.
    #[inline]
    pub fn of(name: Comm, comm: &Communicator) -> Errors {
        Errors { on: On::Comm(name), handler: comm.handler.share() }
    }

    /// Those of an operation on something that outlives it.
    pub fn on(on: On) -> Errors {
        Errors { on, handler: Held::predefined(Errhandler(ERRORS_ARE_FATAL)) }
    }

    /// The same once more.
    pub fn share(&self) -> Errors {
        Errors { on: self.on, handler: self.handler.share() }
    }

    /// The error, seen by who sees these.
    #[cold]
    pub fn raise(&self, error: Box<Error>) -> Box<Error> {
        match self.on {
            On::Comm(name) if comm::find(name).is_none() => {
                // The operation may be the last that has it, and is gone when the handler is called.
                let held = error.held.clone().or_else(|| Some(self.handler.share()));
                Box::new(Error { held, ..*error.on(On::Handler(self.handler.name())) })
            }
            on => error.on(on),
        }
    }
}
