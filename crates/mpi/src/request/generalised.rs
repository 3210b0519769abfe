//! Operations of the program's own that are completed by it (MPI 5.0 §13.2).
//!
//! Completion may come from a thread while another one waits: it is outside of the request's lock.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::Waker;

use super::{Outcome, Pending, Wakers};
use crate::number::SUCCESS;
use crate::pointer::{Address, Callback};
use crate::{Error, Result, Status, instance};

type Query = unsafe extern "C-unwind" fn(*mut c_void, *mut Status) -> c_int;
type Free = unsafe extern "C-unwind" fn(*mut c_void) -> c_int;
type Cancel = unsafe extern "C-unwind" fn(*mut c_void, c_int) -> c_int;

/// The program has said that it is complete.
const COMPLETE: u8 = 1;
/// The request was freed.
const LET_GO: u8 = 2;
/// The program's state was freed.
const FREED: u8 = 4;

/// An operation of the program's.
pub(crate) struct Generalised {
    query: usize,
    free: usize,
    cancel: usize,
    extra_state: usize,
    /// Which of these came: one word, so that of two threads the later one sees what the other has done.
    stage: AtomicU8,
    wakers: Wakers,
}

/// What a request holds of it.
pub(crate) struct Waiting(pub Arc<Generalised>);

impl Generalised {
    pub fn new(query: Callback, free: Callback, cancel: Callback, extra_state: Address) -> Generalised {
        Generalised {
            query: query.0,
            free: free.0,
            cancel: cancel.0,
            extra_state: extra_state.0.expose_provenance(),
            stage: AtomicU8::new(0),
            wakers: Wakers::default(),
        }
    }

    fn state(&self) -> *mut c_void {
        std::ptr::with_exposed_provenance_mut(self.extra_state)
    }

    /// Whether its request was freed.
    pub fn is_let_go(&self) -> bool {
        self.stage.load(Ordering::Acquire) & LET_GO != 0
    }

    pub fn is_complete(&self) -> bool {
        // Acquire: pairs with the Release of `complete`.
        self.stage.load(Ordering::Acquire) & COMPLETE != 0
    }

    /// The program says that it is complete.
    pub fn complete(&self) -> Result {
        let before = self.stage.fetch_or(COMPLETE, Ordering::AcqRel);
        self.wakers.wake();
        if let Some(process) = instance::joined() {
            process.wake();
        }
        if before & LET_GO != 0 { self.free() } else { Ok(()) }
    }

    /// Moves on what this process owes others, while it is not complete (MPI 5.0 §2.9).
    pub fn progress(&self) {
        if !self.is_complete()
            && let Some(process) = instance::joined()
        {
            process.world().progress();
        }
    }

    /// What the program says of it: a status, and whether its function went well.
    pub fn query(&self) -> (Status, Result) {
        let mut status = Status::EMPTY;
        if self.query == 0 {
            return (status, Ok(()));
        }
        // SAFETY: the program gave it as such a function.
        let query: Query = unsafe { std::mem::transmute(self.query) };
        // SAFETY: the state is the program's, the status ours.
        let code = unsafe { query(self.state(), &mut status) };
        (status, check(code, "query"))
    }

    /// What the program says of it now.
    pub fn look(&self) -> Outcome {
        let (status, asked) = self.query();
        asked.map(|()| status).map_err(|error| Box::new(Error { status: Some(status), ..*error }))
    }

    /// The outcome: the program says it, and frees its state.
    pub fn end(&self) -> Outcome {
        let (status, asked) = self.query();
        // MPI 5.0 §13.2 has the code of the last function alone. Where that went well an error of the one before is told all the same, as
        // other libraries do and mpi4py expects: nobody else could tell it.
        let told = |error: Box<Error>| Box::new(Error { status: Some(status), ..*error });
        self.free().and(asked).map(|()| status).map_err(told)
    }

    /// Has the program free its state, once.
    pub fn free(&self) -> Result {
        if self.stage.fetch_or(FREED, Ordering::AcqRel) & FREED != 0 || self.free == 0 {
            return Ok(());
        }
        // SAFETY: the program gave it as such a function.
        let free: Free = unsafe { std::mem::transmute(self.free) };
        // SAFETY: the state is the program's.
        check(unsafe { free(self.state()) }, "free")
    }

    /// The request was freed: the state is freed with the completion, or now.
    pub fn let_go(&self) -> Result {
        let before = self.stage.fetch_or(LET_GO, Ordering::AcqRel);
        if before & COMPLETE != 0 { self.free() } else { Ok(()) }
    }

    /// Tells the program that it is to be cancelled.
    pub fn cancel(&self) -> Result {
        if self.cancel == 0 {
            return Ok(());
        }
        // SAFETY: the program gave it as such a function.
        let cancel: Cancel = unsafe { std::mem::transmute(self.cancel) };
        // SAFETY: the state is the program's.
        check(unsafe { cancel(self.state(), c_int::from(self.is_complete())) }, "cancel")
    }
}

fn check(code: c_int, what: &str) -> Result {
    match code {
        SUCCESS => Ok(()),
        code => Err(Error::new(code, format!("the request's {what} function returned code {code}"))),
    }
}

impl Pending for Waiting {
    /// The program is asked for the status by whoever takes it (MPI 5.0 §13.2).
    fn test(&mut self) -> Option<Outcome> {
        self.0.progress();
        self.0.is_complete().then_some(Ok(Status::EMPTY))
    }

    fn wait(&mut self) -> Outcome {
        if let Some(process) = instance::joined() {
            process.world().wait_until(&|| self.0.is_complete());
        }
        Ok(Status::EMPTY)
    }

    fn watch(&mut self, waker: &Waker) -> bool {
        self.0.wakers.add(waker);
        !self.0.is_complete()
    }

    fn detach(self: Box<Self>) {}
}
