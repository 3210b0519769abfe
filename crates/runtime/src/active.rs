//! Active messages: their verbs, and what surrounds a handler while it runs.

use std::cell::Cell as ThreadCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Weak;

use engine::active::{
    ActiveCounters, CALLS_MAX, DIRECT_REQUEST_BYTES, Delivered, Handler, ObjectId, Outcome, Owed, Parcel,
    Target, Unanswered,
};
use engine::{Data, Error, Pointer, RequestId, Sent, Status, TypeTag};
use mapped::Guard;

use crate::cell::Inside;
use crate::harness::panic_text;
use crate::{Comm, Process};

thread_local! {
    /// How many handlers this thread is in: one, or several of different communicators.
    static HANDLERS: ThreadCell<u32> = const { ThreadCell::new(0) };
}

/// Whether this thread runs a handler.
pub fn in_handler() -> bool {
    HANDLERS.get() > 0
}

/// The answer to a call.
#[derive(Clone, Copy, Debug)]
pub enum Answered {
    /// A small one.
    Small([u8; fabric::INLINE_BYTES], Status),
    /// The message that [`message`](Comm::message) names of this call.
    Held(RequestId, Status),
}

impl Comm {
    /// Registers an object (see [`engine::Lane::register_object`]). Returns its id.
    ///
    /// # Errors
    /// An id that is taken, or was; the process has left.
    pub fn register(&self, id: ObjectId, of: TypeTag, handler: Box<dyn Handler>) -> Result<u64, Error> {
        let process = std::sync::Arc::downgrade(self.process());
        let handler = Box::new(Surrounded { handler, process });
        let cell = self.cell();
        let mut inside = cell.lock();
        let object = inside.lane.register_object(self.inner(), id, of, handler)?;
        cell.nudge(&inside);
        Ok(object)
    }

    /// Removes an object: what comes for it is refused.
    pub fn remove_object(&self, object: u64) {
        let cell = self.cell();
        let mut inside = cell.lock();
        inside.lane.remove_object(self.inner(), object);
        self.move_kept(inside);
    }

    /// Sends a one-way message, and returns when the buffer can be used again. In a handler the message is copied into the
    /// outgoing queue.
    ///
    /// # Errors
    /// As [`engine::Lane::tell_object`]; in a handler, that the queue is full.
    ///
    /// # Safety
    /// `from` is valid for reads of `bytes` initialised bytes.
    pub unsafe fn tell(&self, to: Target, of: TypeTag, from: *const u8, bytes: usize) -> Result<(), Error> {
        if in_handler() {
            // SAFETY: as promised by the caller.
            let parcel = unsafe { copied(of, from, bytes) };
            let mut inside = self.cell().lock();
            let told = inside.lane.tell_kept(self.inner(), to, parcel, true);
            // The communicator may be of another lane than the handler's.
            self.move_kept(inside);
            return told;
        }
        if bytes <= fabric::INLINE_BYTES && !self.process().is_checking() {
            let mut small = [0; fabric::INLINE_BYTES];
            // SAFETY: `from` is valid for `bytes` reads; `small` has room for them.
            unsafe { layout::copy(from, small.as_mut_ptr(), bytes) };
            if self.cell().lock().lane.tell_directly(self.inner(), to, of, &small[..bytes]) {
                return Ok(());
            }
        }
        // SAFETY: as promised by the caller.
        let data = unsafe { borrowed(from, bytes) };
        let sent = self.cell().lock().lane.tell_object(self.inner(), to, of, data)?;
        self.finish_send(sent)
    }

    /// Calls an object, and returns its answer. `takes` says whether the caller can use a small one of this status as it is; others
    /// are held as messages.
    ///
    /// # Errors
    /// A rank that can't be, a peer that is gone; in a handler always; what came instead of an answer.
    ///
    /// # Safety
    /// `from` is valid for reads of `bytes` initialised bytes.
    pub unsafe fn call(
        &self,
        to: Target,
        of: TypeTag,
        from: *const u8,
        bytes: usize,
        takes: impl Fn(&Status) -> bool,
    ) -> Result<Answered, Error> {
        if in_handler() {
            return Err(Error::InHandler);
        }
        if bytes <= DIRECT_REQUEST_BYTES && !self.process().is_checking() {
            let mut small = [0; DIRECT_REQUEST_BYTES];
            // SAFETY: `from` is valid for `bytes` reads; `small` has room for them.
            unsafe { layout::copy(from, small.as_mut_ptr(), bytes) };
            let cell = self.cell();
            let mut inside = cell.lock();
            if let Some(call) = inside.lane.call_directly(self.inner(), to, of, &small[..bytes]) {
                return match cell.answer_directly(inside, call, takes) {
                    Ok((bytes, status)) => Ok(Answered::Small(bytes, status)),
                    Err(inside) => {
                        let status = cell.wait(inside, call, &self.process().house)?;
                        Ok(Answered::Held(call, status))
                    }
                };
            }
        }
        // SAFETY: as promised by the caller.
        let data = unsafe { borrowed(from, bytes) };
        let (call, sent) = loop {
            let started = self.cell().lock().lane.call(self.inner(), to, of, data);
            match started {
                Err(Error::TooManyCalls) => self.wait_for_calls(),
                started => break started?,
            }
        };
        if let Err(error) = self.finish_send(sent) {
            self.drop_call(call);
            return Err(error);
        }
        self.wait(call).map(|status| Answered::Held(call, status))
    }

    /// Starts a call whose bytes the lane keeps. In a handler the request goes into the outgoing queue.
    ///
    /// # Errors
    /// A rank that can't be, a peer that is gone; in a handler, that the queue is full or too many calls wait.
    pub fn start_call(&self, to: Target, parcel: Parcel) -> Result<RequestId, Error> {
        let in_turn = in_handler();
        let mut inside = self.cell().lock();
        while !in_turn
            && inside.lane.calls_open() >= CALLS_MAX
            && inside.lane.check_serves(self.inner()).is_ok()
        {
            drop(inside);
            self.wait_for_calls();
            inside = self.cell().lock();
        }
        let call = inside.lane.call_kept(self.inner(), to, parcel, in_turn);
        self.move_kept(inside);
        call
    }

    /// Lets a call go: its answer is dropped when it comes.
    pub fn drop_call(&self, call: RequestId) {
        let cell = self.cell();
        let mut inside = cell.lock();
        let waiter = inside.lane.watcher(call).and_then(|waiter| cell.waiters.remove(waiter));
        inside.blocked.has_come(call);
        inside.lane.drop_call(call);
        self.move_kept(inside);
        // Users' code: the lane is not locked.
        drop(waiter);
    }

    /// Answers a request.
    pub fn answer(&self, owed: Owed, parcel: Parcel) {
        let mut inside = self.cell().lock();
        inside.lane.answer(owed, parcel);
        self.move_kept(inside);
    }

    /// Tells who asked that there will be no answer.
    pub fn leave_unanswered(&self, owed: Owed, why: &str) {
        let mut inside = self.cell().lock();
        inside.lane.leave_unanswered(owed, &Unanswered::Refused(why.to_owned()));
        self.move_kept(inside);
    }

    /// Hands a request on, with the obligation to answer it.
    ///
    /// # Errors
    /// As [`engine::Lane::forward`]: the obligation is still the caller's.
    pub fn forward(&self, owed: Owed, to: Target, parcel: Parcel) -> Result<(), Error> {
        let mut inside = self.cell().lock();
        let size = self.inner().peers().size();
        if to.rank >= size {
            return Err(Error::NoSuchRank { rank: to.rank, size });
        }
        inside.lane.forward(owed, to, parcel)?;
        self.move_kept(inside);
        Ok(())
    }

    /// The counts of active messages on this communicator.
    pub fn active_counters(&self) -> ActiveCounters {
        self.cell().lock().lane.active_counters(self.inner())
    }

    /// One-way messages that were refused here since [`take_refusal`](Comm::take_refusal).
    pub fn unreported(&self) -> u64 {
        self.cell().lock().lane.unreported_refusals(self.inner())
    }

    /// Why the first one-way message was refused here, of those since this was asked last.
    pub fn take_refusal(&self) -> Option<String> {
        self.cell().lock().lane.take_refusal(self.inner())
    }

    /// Refuses what waits for objects that are not registered.
    pub fn refuse_early(&self) {
        let mut inside = self.cell().lock();
        inside.lane.refuse_early(self.inner());
        self.move_kept(inside);
    }

    /// What waits for objects that are not registered (see [`engine::Lane::early`]).
    pub fn early(&self) -> u64 {
        self.cell().lock().lane.early(self.inner())
    }

    /// Waits until no active message of this communicator is being handled here or waits to be; and then, for at most
    /// `calls_ns`, for the answers of its calls.
    ///
    /// # Errors
    /// The process has left or the job has ended; in a handler always.
    pub fn wait_until_passive(&self, calls_ns: u64) -> Result<(), Error> {
        if in_handler() {
            return Err(Error::InHandler);
        }
        let cell = self.cell();
        // What has arrived is taken in first: whoever asks again and again need not wait otherwise.
        let inside = cell.progress(cell.lock(), &self.process().house);
        cell.wait_until(inside, None, None, &self.process().house, |lane| {
            lane.check_serves(self.inner()).is_err() || lane.is_passive(self.inner())
        });
        if calls_ns > 0 {
            let deadline = self.process().clock().now() + calls_ns;
            cell.wait_until(cell.lock(), None, Some(deadline), &self.process().house, |lane| {
                lane.check_serves(self.inner()).is_err() || lane.active_counters(self.inner()).calls == 0
            });
        }
        cell.lock().lane.check_serves(self.inner())
    }

    fn wait_for_calls(&self) {
        let cell = self.cell();
        cell.wait_until(cell.lock(), None, None, &self.process().house, |lane| {
            lane.check_serves(self.inner()).is_err() || lane.calls_open() < CALLS_MAX
        });
    }

    fn finish_send(&self, sent: Sent) -> Result<(), Error> {
        match sent {
            Sent::Done => Ok(()),
            Sent::Work(work) => {
                let finished = self.cell().work(work);
                debug_assert!(finished.is_none());
                Ok(())
            }
            Sent::Pending(request) => self.wait(request).map(drop),
        }
    }

    /// Sees to it that what the lane has begun goes on: here, or where the lane is moved on; after the turn, in a handler.
    fn move_kept(&self, inside: Guard<'_, Inside>) {
        let cell = self.cell();
        cell.nudge(&inside);
        if inside.lane.has_work() && !in_handler() {
            drop(cell.progress(inside, &self.process().house));
        }
    }
}

/// # Safety
/// `from` is valid for reads of `bytes` bytes, for large messages until the send is complete.
unsafe fn borrowed(from: *const u8, bytes: usize) -> Data {
    if bytes > fabric::INLINE_BYTES {
        return Data::Memory { from: Pointer::reading(from), bytes };
    }
    let mut small = [0; fabric::INLINE_BYTES];
    // SAFETY: `from` by contract; `small` has room for them.
    unsafe { layout::copy(from, small.as_mut_ptr(), bytes) };
    Data::Small { bytes: small, length: bytes as u8 }
}

/// # Safety
/// `from` is valid for reads of `bytes` bytes.
unsafe fn copied(of: TypeTag, from: *const u8, bytes: usize) -> Parcel {
    if bytes <= fabric::INLINE_BYTES {
        // SAFETY: the contract.
        return Parcel { of, data: unsafe { borrowed(from, bytes) }, keep: None };
    }
    let mut copy = vec![0u8; bytes];
    // SAFETY: `from` by contract; the copy is as long.
    unsafe { layout::copy(from, copy.as_mut_ptr(), bytes) };
    let data = Data::Memory { from: Pointer::reading(copy.as_ptr()), bytes };
    Parcel { of, data, keep: Some(Box::new(copy)) }
}

/// A handler whose panics end the job, and whose thread knows that it is in one.
struct Surrounded {
    handler: Box<dyn Handler>,
    process: Weak<Process>,
}

// SAFETY: the room is the inner handler's, which lives as long.
unsafe impl Handler for Surrounded {
    fn room(&mut self, bytes: usize) -> Result<Pointer, String> {
        self.handler.room(bytes)
    }

    fn handle(&mut self, delivered: Delivered<'_>) -> Outcome {
        HANDLERS.set(HANDLERS.get() + 1);
        let outcome = catch_unwind(AssertUnwindSafe(|| self.handler.handle(delivered)));
        HANDLERS.set(HANDLERS.get() - 1);
        outcome.unwrap_or_else(|panic| {
            if let Some(process) = self.process.upgrade() {
                process.handler_panicked(&panic_text(&*panic));
            }
            Outcome::Kept
        })
    }
}
