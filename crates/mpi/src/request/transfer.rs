//! A message under way.

use std::task::Waker;

use engine::{RequestId, Source, TagPattern};
use runtime::{Comm, Started};

use super::{Outcome, State};
use crate::Status;
use crate::message::Bytes;

/// A send or a receive under way, with what must stay until it is complete.
pub(crate) struct Transfer {
    comm: Comm,
    request: RequestId,
    bytes: Bytes,
    receives: bool,
    /// The memory that is sent, where it is a copy.
    copy: Option<Vec<u8>>,
}

/// The lane that was moved on last, when several requests are looked at one after the other: messages of the same lane are not asked to move it on
/// again.
#[derive(Default)]
pub(crate) struct Moved(Option<u16>);

/// By what a message is cancelled, by any thread.
pub(crate) struct Cancels {
    comm: Comm,
    request: RequestId,
}

impl Cancels {
    /// Wishes it to end without effect. One that is complete is left alone.
    pub fn cancel(&self) {
        self.comm.cancel(self.request);
    }
}

/// A send or receive, as far as it came at once.
pub(crate) fn started(comm: &Comm, started: Started, bytes: Bytes, receives: bool) -> State {
    match started {
        Started::Done(status) => State::Done(Ok(status_of(receives, &status))),
        Started::Pending(request) => {
            State::Transfer(Transfer { comm: comm.clone(), request, bytes, receives, copy: None })
        }
    }
}

fn status_of(receives: bool, status: &engine::Status) -> Status {
    if receives { Status::of(status) } else { Status::EMPTY }
}

impl Transfer {
    /// The same, with the memory that is sent.
    pub fn with_copy(self, copy: Option<Vec<u8>>) -> Transfer {
        Transfer { copy, ..self }
    }

    /// The outcome if it is complete. Its lane is moved on, unless it was when another one was looked at.
    pub fn test(&mut self, moved: &mut Moved) -> Option<Outcome> {
        let lane = Some(self.comm.inner().lane());
        let outcome = match moved.0 == lane {
            true => self.comm.take(self.request),
            false => self.comm.test(self.request),
        };
        if outcome.is_none() {
            moved.0 = lane;
        }
        outcome.map(|outcome| self.outcome(outcome))
    }

    pub fn wait(&mut self) -> Outcome {
        let outcome = self.comm.wait(self.request);
        self.outcome(outcome)
    }

    pub fn watch(&mut self, waker: &Waker) -> bool {
        self.comm.watch(self.request, waker.clone())
    }

    /// By what it is cancelled.
    pub fn cancels(&self) -> Cancels {
        Cancels { comm: self.comm.clone(), request: self.request }
    }

    pub fn detach(self) {
        self.comm.detach(self.request, Some(Box::new((self.bytes, self.copy))));
    }

    fn outcome(&self, outcome: Result<engine::Status, engine::Error>) -> Outcome {
        match outcome {
            Ok(status) => Ok(status_of(self.receives, &status)),
            Err(engine::Error::Cancelled) => Ok(Status::EMPTY.with_cancelled(true)),
            Err(error) => Err(error.into()),
        }
    }
}

/// From whom, as the engine says it: any rank, or this one.
#[inline]
pub(crate) fn source(rank: Option<usize>) -> Source {
    rank.map_or(Source::Any, Source::Rank)
}

/// Which tags, as the engine says it.
#[inline]
pub(crate) fn pattern(tag: Option<i32>) -> TagPattern {
    tag.map_or(TagPattern::Any, TagPattern::Tag)
}
