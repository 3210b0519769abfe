//! Sends that are made of partitions, which threads declare ready one by one (MPI 5.0 §4.2).
//!
//! The message goes in one piece when its last partition is ready. Each pair of a send and a receive has a context of its own,
//! which both derive from the order of their calls: so they meet as they were made, whatever the order in which they start.
//! Declaring happens outside of the request's lock, since another thread may wait.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use engine::Mode;
use runtime::Comm;
use wire::ContextId;

use super::{Outcome, Pending, State, started};
use crate::message::Bytes;
use crate::number::{ERR_ARG, ERR_REQUEST};
use crate::{Error, Result, Status, instance};

/// How many of them were made for each (peer, tag, whether it sends).
pub(crate) type Made = HashMap<(usize, i32, bool), u64>;

/// Begins the words of which their contexts are derived.
const PARTITIONED: u64 = u64::MAX - 1;

/// The communicator of a pair: with this peer, the next under this tag.
pub(crate) fn pair(comm: &Comm, made: &Mutex<Made>, peer: usize, tag: i32, sends: bool) -> Comm {
    let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
    let number = made.entry((peer, tag, sends)).or_default();
    *number += 1;
    let me = comm.rank() as u64;
    let (from, to) = if sends { (me, peer as u64) } else { (peer as u64, me) };
    let words = [PARTITIONED, comm.inner().context.0, tag as u32 as u64, *number, from, to];
    comm.beside(ContextId::derived(words))
}

/// A send in partitions.
pub(crate) struct Partitioned {
    comm: Comm,
    to: Option<usize>,
    bytes: Bytes,
    progress: Mutex<Progress>,
    /// The message is under way, or that failed. Beside the lock: who waits asks with the lane locked, and who declares sends with
    /// the lock held.
    is_under_way: AtomicBool,
}

struct Progress {
    /// Which are ready; empty while it is not started.
    ready: Vec<bool>,
    missing: usize,
    /// The message, once all are ready.
    message: Option<State>,
}

/// What a started request holds of it.
pub(crate) struct Sending(pub Arc<Partitioned>);

impl Partitioned {
    pub fn new(comm: Comm, to: Option<usize>, bytes: Bytes) -> Partitioned {
        let progress = Mutex::new(Progress { ready: Vec::new(), missing: 0, message: None });
        Partitioned { comm, to, bytes, progress, is_under_way: AtomicBool::new(false) }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins anew, with so many partitions.
    pub fn start(self: &Arc<Self>, partitions: usize) -> Result<State> {
        let message = if partitions == 0 { Some(self.send()?) } else { None };
        // Release: pairs with the Acquire of who waits.
        self.is_under_way.store(message.is_some(), Ordering::Release);
        *self.progress() = Progress { ready: vec![false; partitions], missing: partitions, message };
        Ok(State::Other(Box::new(Sending(self.clone()))))
    }

    fn send(&self) -> Result<State> {
        match self.to {
            None => Ok(State::Done(Ok(Status::EMPTY))),
            Some(to) => {
                let sent = self.bytes.start_send(&self.comm, to, 0, Mode::Standard)?;
                Ok(started(&self.comm, sent, self.bytes.clone(), false))
            }
        }
    }

    /// A partition is ready.
    ///
    /// # Errors
    /// There is none of this number; it was ready before; the request is not started.
    pub fn ready(&self, partition: i64) -> Result {
        let mut progress = self.progress();
        if progress.ready.is_empty() {
            return Err(Error::new(ERR_REQUEST, "the partitioned send is not started"));
        }
        let there_are = progress.ready.len();
        let entry = usize::try_from(partition).ok().and_then(|at| progress.ready.get_mut(at));
        match entry {
            None => {
                let text = format!("there is no partition {partition}: there are {there_are}");
                return Err(Error::new(ERR_ARG, text));
            }
            Some(true) => {
                return Err(Error::new(ERR_ARG, format!("partition {partition} was declared ready before")));
            }
            Some(ready) => *ready = true,
        }
        progress.missing -= 1;
        if progress.missing == 0 {
            // Whoever waits for the request is told why it couldn't be sent.
            progress.message = Some(self.send().unwrap_or_else(|error| State::Done(Err(error))));
            drop(progress);
            // Release: as in `start`.
            self.is_under_way.store(true, Ordering::Release);
            if let Some(process) = instance::joined() {
                process.wake();
            }
        }
        Ok(())
    }

    /// The message, once all partitions are ready; the request is not started any more.
    fn take(&self) -> State {
        let mut progress = self.progress();
        progress.ready.clear();
        progress.message.take().unwrap_or(State::Done(Ok(Status::EMPTY)))
    }
}

fn outcome(state: State) -> Outcome {
    match state {
        State::Done(outcome) => outcome,
        _ => Ok(Status::EMPTY),
    }
}

impl Pending for Sending {
    fn test(&mut self) -> Option<Outcome> {
        let complete = self.0.progress().message.as_mut().is_some_and(State::test);
        if !complete {
            self.0.comm.progress();
        }
        complete.then(|| outcome(self.0.take()))
    }

    fn wait(&mut self) -> Outcome {
        // Acquire: pairs with the Release in `start` and `ready`.
        self.0.comm.wait_until(&|| self.0.is_under_way.load(Ordering::Acquire));
        let mut message = self.0.take();
        message.wait();
        outcome(message)
    }

    fn watch(&mut self, waker: &Waker) -> bool {
        self.0.progress().message.as_mut().is_some_and(|message| message.watch(waker))
    }

    fn detach(self: Box<Self>) {
        super::orphan(self);
    }
}
