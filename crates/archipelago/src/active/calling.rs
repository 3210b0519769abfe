//! Calls that are not waited for at once.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use engine::{RequestId, Status};
use runtime::undisturbed;

use super::handler::Payload;
use crate::error::Spot;
use crate::probe::Message;
use crate::{Comm, Result};

/// A call under way. As a future it gives what [`wait`](Calling::wait) gives, on any executor. Dropped, its answer is
/// dropped when it comes; the request is handled all the same.
#[must_use = "wait for it to get the answer; dropped, the answer is dropped"]
pub struct Calling<R> {
    comm: Comm,
    state: State,
    spot: Spot,
    of: PhantomData<fn() -> R>,
}

enum State {
    Pending(RequestId),
    Done(std::result::Result<(RequestId, Status), engine::Error>),
    Taken,
}

impl<R: Payload> Calling<R> {
    pub(super) fn new(
        comm: Comm,
        started: std::result::Result<RequestId, engine::Error>,
        spot: Spot,
    ) -> Calling<R> {
        let state = match started {
            Ok(call) => State::Pending(call),
            Err(error) => State::Done(Err(error)),
        };
        Calling { comm, state, spot, of: PhantomData }
    }

    /// Waits for the answer.
    ///
    /// # Errors
    /// As [`Address::call`](crate::Address::call).
    pub fn wait(mut self) -> Result<R> {
        if let State::Pending(call) = self.state {
            let comm = &self.comm.untyped;
            let outcome = match runtime::active::in_handler() {
                true => Err(engine::Error::InHandler),
                false => undisturbed(|| comm.wait(call)),
            };
            if outcome == Err(engine::Error::InHandler) {
                return Err(self.spot.explain::<R::Item>(comm, engine::Error::InHandler));
            }
            self.state = State::Done(outcome.map(|status| (call, status)));
        }
        self.take()
    }

    /// Whether it is complete, so that [`wait`](Calling::wait) returns at once. Moves things on, outside of handlers.
    pub fn test(&mut self) -> bool {
        if let State::Pending(call) = self.state
            && let Some(outcome) = self.comm.untyped.test(call)
        {
            self.state = State::Done(outcome.map(|status| (call, status)));
        }
        !matches!(self.state, State::Pending(_))
    }

    fn take(&mut self) -> Result<R> {
        let comm = &self.comm.untyped;
        match std::mem::replace(&mut self.state, State::Taken) {
            State::Done(Ok((call, status))) => {
                R::take(Message::answer(comm, comm.message(call), status, self.spot.operation))
            }
            State::Done(Err(error)) => Err(self.spot.explain::<R::Item>(comm, error)),
            State::Pending(_) | State::Taken => panic!("a call was polled after it had given its answer"),
        }
    }
}

impl<R: Payload> Future for Calling<R> {
    type Output = Result<R>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<R>> {
        if let State::Pending(call) = self.state {
            let outcome = ready!(self.comm.untyped.poll(call, context));
            self.state = State::Done(outcome.map(|status| (call, status)));
        }
        Poll::Ready(self.take())
    }
}

impl<R> Drop for Calling<R> {
    fn drop(&mut self) {
        match &self.state {
            State::Pending(call) | State::Done(Ok((call, _))) => self.comm.untyped.drop_call(*call),
            State::Done(Err(_)) | State::Taken => {}
        }
    }
}

impl<R> std::fmt::Debug for Calling<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Calling")
            .field("pending", &matches!(self.state, State::Pending(_)))
            .finish_non_exhaustive()
    }
}
