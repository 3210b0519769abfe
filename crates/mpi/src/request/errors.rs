//! Who sees the errors of an operation.

use crate::comm::Communicator;
use crate::handler::Held;
use crate::{Comm, Error, On, comm};

/// Who sees the errors of an operation.
pub(crate) enum Errors {
    /// Who sees those of this communicator, also when it has lost its name by then: its handler.
    Of(Comm, Held),
    /// Who sees those of something else.
    On(On),
}

impl Errors {
    /// Of an operation on a communicator.
    #[inline]
    pub fn of(name: Comm, comm: &Communicator) -> Errors {
        Errors::Of(name, comm.handler.share())
    }

    /// The same once more.
    pub fn share(&self) -> Errors {
        match self {
            Errors::Of(name, handler) => Errors::Of(*name, handler.share()),
            Errors::On(on) => Errors::On(*on),
        }
    }

    /// The error, seen by who sees these.
    #[cold]
    pub fn raise(&self, error: Box<Error>) -> Box<Error> {
        match self {
            Errors::Of(name, handler) if comm::find(*name).is_none() => {
                // The operation may be the last that has it, and is gone when the handler is called.
                let held = error.held.clone().or_else(|| Some(handler.share()));
                Box::new(Error { held, ..*error.on(On::Handler(handler.name())) })
            }
            Errors::Of(name, _) => error.on(On::Comm(*name)),
            Errors::On(on) => error.on(*on),
        }
    }
}
