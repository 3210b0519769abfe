//! The untyped verbs: what the typed API, and later the C ABI, stand on.

use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use engine::{
    Communicator, Data, Error, Message, Mode, Pointer, Received, RequestId, Sent, Source, Status, TagPattern,
    TypeTag,
};

use wire::ContextId;

use crate::Process;
use crate::cell::Cell;
use crate::checked::Writes;

/// A communicator, as this process holds it. Cheap to clone; any thread may use it.
#[derive(Clone)]
pub struct Comm {
    process: Arc<Process>,
    inner: Arc<Communicator>,
}

/// A non-blocking operation, as far as it came at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// Complete.
    Done(Status),
    /// Under way.
    Pending(RequestId),
}

impl Comm {
    /// The communicator `inner` in `process`.
    pub fn new(process: Arc<Process>, inner: Arc<Communicator>) -> Comm {
        process.open_lane(inner.lane());
        process.cell(inner.lane()).lock().lane.register(&inner);
        process.names.note(&inner);
        Comm { process, inner }
    }

    /// A communicator of which this process has a handle already: costs nothing.
    pub fn known(process: Arc<Process>, inner: Arc<Communicator>) -> Comm {
        Comm { process, inner }
    }

    /// The same members, of an inter-communicator on both sides, in a context that all of them know and nobody else uses. It is on
    /// the same lane and is revoked with this one. Local.
    pub fn beside(&self, context: ContextId) -> Comm {
        Comm::new(self.process.clone(), Arc::new(self.inner.beside(context)))
    }

    /// The process that holds it.
    pub fn process(&self) -> &Arc<Process> {
        &self.process
    }

    /// Context, group, name.
    #[inline]
    pub fn inner(&self) -> &Arc<Communicator> {
        &self.inner
    }

    /// This process's rank.
    #[inline]
    pub fn rank(&self) -> usize {
        self.inner.rank
    }

    /// How many ranks.
    #[inline]
    pub fn size(&self) -> usize {
        self.inner.size()
    }

    /// How people call it.
    pub fn name(&self) -> Arc<str> {
        self.inner.name()
    }

    #[inline]
    pub(crate) fn cell(&self) -> &Cell {
        self.process.cell(self.inner.lane())
    }

    /// Sends `bytes` bytes to rank `to` and returns when the buffer can be used again (`Mode::Standard`) or, besides,
    /// the receive was matched (`Mode::Synchronous`).
    ///
    /// # Errors
    /// As [`engine::Lane::send`], or the peer's failure.
    ///
    /// # Safety
    /// `from` is valid for reads of `bytes` bytes, none of them uninitialised.
    pub unsafe fn send(
        &self,
        to: usize,
        tag: i32,
        of: TypeTag,
        from: *const u8,
        bytes: usize,
        mode: Mode,
    ) -> Result<(), Error> {
        if bytes <= fabric::INLINE_BYTES && mode == Mode::Standard && !self.process.is_checking() {
            let mut small = [0; fabric::INLINE_BYTES];
            // SAFETY: `from` is valid for `bytes` reads; `small` has room for them.
            unsafe { layout::copy(from, small.as_mut_ptr(), bytes) };
            if self.cell().lock().lane.send_directly(&self.inner, to, tag, of, &small[..bytes]) {
                return Ok(());
            }
        }
        // SAFETY: as promised by the caller, who waits here.
        match unsafe { self.start_send(to, tag, of, from, bytes, mode)? } {
            Started::Done(_) => Ok(()),
            Started::Pending(request) => self.wait(request).map(drop),
        }
    }

    /// Starts to send; see [`send`](Comm::send).
    ///
    /// # Errors
    /// As [`engine::Lane::send`]: nothing was started.
    ///
    /// # Safety
    /// `from` is valid for reads of `bytes` initialised bytes, and nobody writes them, until the request completes.
    #[inline]
    pub unsafe fn start_send(
        &self,
        to: usize,
        tag: i32,
        of: TypeTag,
        from: *const u8,
        bytes: usize,
        mode: Mode,
    ) -> Result<Started, Error> {
        // SAFETY: as promised by the caller.
        unsafe { self.start_send_from(to, tag, of, Pointer::reading(from), bytes, mode) }
    }

    /// Starts to send a message that is in a row or as a layout has it.
    ///
    /// # Errors
    /// As [`engine::Lane::send`]: nothing was started.
    ///
    /// # Safety
    /// `from` is valid for reads of `bytes` initialised bytes, and nobody writes them, until the request completes; so is the
    /// layout.
    #[inline]
    pub unsafe fn start_send_from(
        &self,
        to: usize,
        tag: i32,
        of: TypeTag,
        from: Pointer,
        bytes: usize,
        mode: Mode,
    ) -> Result<Started, Error> {
        let data = match bytes <= fabric::INLINE_BYTES {
            true => {
                let mut small = [0; fabric::INLINE_BYTES];
                // SAFETY: `from` is valid for `bytes` reads; `small` has room for them.
                unsafe { from.read(small.as_mut_ptr(), bytes) };
                Data::Small { bytes: small, length: bytes as u8 }
            }
            false => Data::Memory { from, bytes },
        };
        let watched = self.process.watched(from, bytes);
        let cell = self.cell();
        let mut inside = cell.lock();
        self.process.check_use(&mut inside.lane, from, bytes, Writes::Nothing)?;
        match inside.lane.send(&self.inner, to, tag, of, data, mode)? {
            Sent::Done => Ok(Started::Done(Status::default())),
            Sent::Work(work) => {
                drop(inside);
                let finished = cell.work(work);
                debug_assert!(finished.is_none());
                Ok(Started::Done(Status::default()))
            }
            Sent::Pending(request) => {
                inside.lane.note_request(request);
                self.process.watch_buffer(self.inner.lane(), request, watched);
                cell.nudge(&inside);
                Ok(Started::Pending(request))
            }
        }
    }

    /// Receives a message of at most `capacity` bytes and returns its status.
    ///
    /// # Errors
    /// As [`engine::Lane::receive`].
    ///
    /// # Safety
    /// `to` is valid for writes of `capacity` bytes.
    pub unsafe fn receive(
        &self,
        source: Source,
        tag: TagPattern,
        of: TypeTag,
        to: *mut u8,
        capacity: usize,
    ) -> Result<Status, Error> {
        let cell = self.cell();
        let mut inside = cell.lock();
        if self.process.is_checking() {
            drop(inside);
            // SAFETY: as promised by the caller, who waits here.
            let started = unsafe { self.start_receive(source, tag, of, to, capacity)? };
            return self.finish_checked(started);
        }
        match cell.receive_directly(inside, &self.inner, source, tag, of, capacity) {
            Ok((bytes, status)) => {
                // SAFETY: `to` is valid for `capacity` bytes, which is no less than the status says.
                unsafe { layout::copy(bytes.as_ptr(), to, status.bytes) };
                return Ok(status);
            }
            Err(back) => inside = back,
        }
        match inside.lane.receive(&self.inner, source, tag, of, Pointer::new(to), capacity)? {
            // One visit to the lane for the whole call.
            Received::Pending(request) => cell.wait(inside, request, &self.process.house),
            done => match self.take_received(inside, done) {
                Started::Done(status) => Ok(status),
                Started::Pending(request) => self.wait(request),
            },
        }
    }

    /// Starts to receive; see [`receive`](Comm::receive).
    ///
    /// # Errors
    /// As [`engine::Lane::receive`]: nothing was started.
    ///
    /// # Safety
    /// `to` is valid for writes of `capacity` bytes, and nobody else uses them, until the request completes.
    #[inline]
    pub unsafe fn start_receive(
        &self,
        source: Source,
        tag: TagPattern,
        of: TypeTag,
        to: *mut u8,
        capacity: usize,
    ) -> Result<Started, Error> {
        // SAFETY: as promised by the caller.
        unsafe { self.start_receive_into(source, tag, of, Pointer::new(to), capacity) }
    }

    /// Starts to receive a message into a row of bytes or to where a layout has them.
    ///
    /// # Errors
    /// As [`engine::Lane::receive`]: nothing was started.
    ///
    /// # Safety
    /// `to` is valid for writes of `capacity` bytes, and nobody else uses them, until the request completes; the layout is
    /// valid as long.
    #[inline]
    pub unsafe fn start_receive_into(
        &self,
        source: Source,
        tag: TagPattern,
        of: TypeTag,
        to: Pointer,
        capacity: usize,
    ) -> Result<Started, Error> {
        let mut inside = self.cell().lock();
        self.process.check_use(&mut inside.lane, to, capacity, Writes::All)?;
        let received = inside.lane.receive(&self.inner, source, tag, of, to, capacity)?;
        Ok(self.take_received(inside, received))
    }

    /// The end of a blocking receive where programs are checked.
    fn finish_checked(&self, started: Started) -> Result<Status, Error> {
        let outcome = match started {
            Started::Done(status) => Ok(status),
            Started::Pending(request) => self.wait(request),
        };
        self.process.tell_findings();
        outcome
    }

    fn take_received(&self, inside: mapped::Guard<'_, crate::cell::Inside>, received: Received) -> Started {
        let cell = self.cell();
        match received {
            Received::Pending(request) => {
                let mut inside = inside;
                inside.lane.note_request(request);
                cell.nudge(&inside);
                Started::Pending(request)
            }
            Received::Work(work, status) => {
                drop(inside);
                if let Some(finished) = cell.work(work) {
                    cell.lock().lane.finish(finished);
                }
                Started::Done(status)
            }
        }
    }

    /// Waits for an operation. Costs no CPU while nothing happens.
    ///
    /// # Errors
    /// The operation's.
    #[inline]
    pub fn wait(&self, request: RequestId) -> Result<Status, Error> {
        let cell = self.cell();
        let outcome = cell.wait(cell.lock(), request, &self.process.house);
        self.process.is_over(self.inner.lane(), request);
        outcome
    }

    /// What is told of an operation that was asked for. No lane is locked.
    pub(crate) fn told<T>(&self, request: RequestId, outcome: Option<T>) -> Option<T> {
        if outcome.is_some() {
            self.process.is_over(self.inner.lane(), request);
        }
        outcome
    }

    /// The outcome of an operation if it is complete, as far as things have been moved on.
    pub fn take(&self, request: RequestId) -> Option<Result<Status, Error>> {
        let outcome = self.cell().lock().lane.take(request);
        self.told(request, outcome)
    }

    /// The outcome of an operation if it is complete; moves things on first.
    pub fn test(&self, request: RequestId) -> Option<Result<Status, Error>> {
        let cell = self.cell();
        let mut inside = cell.lock();
        let outcome = match inside.lane.take(request) {
            Some(outcome) => Some(outcome),
            None => {
                inside = cell.progress(inside, &self.process.house);
                inside.lane.take(request)
            }
        };
        drop(inside);
        self.told(request, outcome)
    }

    /// The outcome of an operation if it is complete; else the task is woken when it is. Starts the progress thread; where the
    /// system gives none, the task is woken at once, to poll again.
    pub fn poll(&self, request: RequestId, context: &mut Context<'_>) -> Poll<Result<Status, Error>> {
        let is_served = self.process.start_progress_thread().is_ok();
        let waker = context.waker().clone();
        let cell = self.cell();
        let mut inside = cell.progress(cell.lock(), &self.process.house);
        if let Some(outcome) = inside.lane.take(request) {
            inside.blocked.has_come(request);
            drop(inside);
            self.process.is_over(self.inner.lane(), request);
            return Poll::Ready(outcome);
        }
        // A task may be polled often before its operation is complete: only its last waker counts.
        let earlier = inside.lane.watcher(request).and_then(|earlier| cell.waiters.remove(earlier));
        let waiter = cell.waiters.task(waker);
        // Not if it is in vain: then it has just ended.
        let outcome = match inside.lane.watch(request, Some(waiter)) {
            true => None,
            false => inside.lane.take(request),
        };
        match outcome.is_none() {
            true => cell.awaits(&mut inside, request, &self.process.house),
            false => inside.blocked.has_come(request),
        }
        cell.nudge(&inside);
        drop(inside);
        let outcome = self.told(request, outcome);
        // Users' code, like the clone of a waker: the lane is not locked.
        drop(earlier);
        if outcome.is_some() {
            drop(cell.waiters.remove(waiter));
        } else if !is_served {
            context.waker().wake_by_ref();
        }
        outcome.map_or(Poll::Pending, Poll::Ready)
    }

    /// Has `waker` woken when an operation completes; false: it is complete already. Only its last waker counts.
    pub fn watch(&self, request: RequestId, waker: Waker) -> bool {
        let cell = self.cell();
        let mut inside = cell.lock();
        let earlier = inside.lane.watcher(request).and_then(|earlier| cell.waiters.remove(earlier));
        let waiter = cell.waiters.task(waker);
        let pending = inside.lane.watch(request, Some(waiter));
        drop(inside);
        // Users' code: the lane is not locked.
        drop(earlier);
        if !pending {
            drop(cell.waiters.remove(waiter));
        }
        pending
    }

    /// Moves this communicator's lane on, sleeping where nothing moves, until `done`: something that the wakers of
    /// operations that were named to [`watch`](Comm::watch) bring about.
    pub fn wait_until(&self, done: &dyn Fn() -> bool) {
        let cell = self.cell();
        cell.wait_until(cell.lock(), None, None, &self.process.house, |_| done());
    }

    /// Ends the sleep of the thread that waits on this communicator's lane: what it waits for may have come about elsewhere.
    pub fn wake(&self) {
        self.cell().wake();
    }

    /// Moves on what can move now.
    pub fn progress(&self) {
        let cell = self.cell();
        drop(cell.progress(cell.lock(), &self.process.house));
    }

    /// Cancels an operation of which nothing has begun (see [`engine::Lane::cancel`]); wait for its outcome.
    pub fn cancel(&self, request: RequestId) {
        let cell = self.cell();
        let mut inside = cell.lock();
        inside.lane.cancel(request);
        cell.nudge(&inside);
    }

    /// Lets an operation go: it runs on, and `keep` (what owns its buffer) lives until it is complete.
    pub fn detach(&self, request: RequestId, keep: Option<Box<dyn Send>>) {
        let cell = self.cell();
        let mut inside = cell.lock();
        let waiter = inside.lane.watcher(request).and_then(|waiter| cell.waiters.remove(waiter));
        self.process.lets_go(self.inner.lane(), request);
        inside.blocked.has_come(request);
        inside.lane.detach(request, keep);
        cell.nudge(&inside);
        drop(inside);
        // Users' code: the lane is not locked.
        drop(waiter);
    }

    /// Waits for a message and tells what it is; it stays where it is.
    ///
    /// # Errors
    /// As for a receive.
    pub fn probe(&self, source: Source, tag: TagPattern) -> Result<Status, Error> {
        self.process.check_call(&mut self.cell().lock().lane);
        let request = self.cell().lock().lane.probe(&self.inner, source, tag)?;
        self.wait(request)
    }

    /// Tells of a message that has arrived, if one has.
    ///
    /// # Errors
    /// As for a receive.
    pub fn try_probe(&self, source: Source, tag: TagPattern) -> Result<Option<Status>, Error> {
        let cell = self.cell();
        cell.progress(cell.lock(), &self.process.house).lane.try_probe(&self.inner, source, tag)
    }

    /// Waits for a message and takes it: only the holder of the returned name can receive it.
    ///
    /// # Errors
    /// As for a receive.
    pub fn matched_probe(&self, source: Source, tag: TagPattern) -> Result<(Message, Status), Error> {
        let request = self.start_matched_probe(source, tag)?;
        let status = self.wait(request)?;
        Ok((self.message(request), status))
    }

    /// Starts a matched probe; when it has completed, [`message`](Comm::message) names what it found.
    ///
    /// # Errors
    /// As for a receive.
    pub fn start_matched_probe(&self, source: Source, tag: TagPattern) -> Result<RequestId, Error> {
        let cell = self.cell();
        let mut inside = cell.lock();
        self.process.check_call(&mut inside.lane);
        let request = inside.lane.matched_probe(&self.inner, source, tag)?;
        inside.lane.note_request(request);
        cell.nudge(&inside);
        Ok(request)
    }

    /// The message that a completed matched probe found.
    pub fn message(&self, probe: RequestId) -> Message {
        self.cell().lock().lane.message(probe)
    }

    /// Takes a message that has arrived, if one has.
    ///
    /// # Errors
    /// As for a receive.
    pub fn try_matched_probe(
        &self,
        source: Source,
        tag: TagPattern,
    ) -> Result<Option<(Message, Status)>, Error> {
        let cell = self.cell();
        let mut inside = cell.progress(cell.lock(), &self.process.house);
        if inside.lane.try_probe(&self.inner, source, tag)?.is_none() {
            return Ok(None);
        }
        let request = inside.lane.matched_probe(&self.inner, source, tag)?;
        let outcome = inside.lane.take(request).transpose()?;
        Ok(outcome.map(|status| (inside.lane.message(request), status)))
    }

    /// Receives a message that a matched probe holds.
    ///
    /// # Errors
    /// As [`engine::Lane::receive_message`]; the message stays with its holder.
    ///
    /// # Safety
    /// `to` is valid for writes of `capacity` bytes.
    pub unsafe fn receive_message(
        &self,
        message: Message,
        of: TypeTag,
        to: *mut u8,
        capacity: usize,
    ) -> Result<Status, Error> {
        // SAFETY: as promised by the caller, who waits here.
        match unsafe { self.start_receive_message(message, of, to, capacity)? } {
            Started::Done(status) => Ok(status),
            Started::Pending(request) => self.wait(request),
        }
    }

    /// Starts to receive a message that a matched probe holds.
    ///
    /// # Errors
    /// As [`receive_message`](Comm::receive_message).
    ///
    /// # Safety
    /// `to` is valid for writes of `capacity` bytes, and nobody else uses them, until the request completes.
    pub unsafe fn start_receive_message(
        &self,
        message: Message,
        of: TypeTag,
        to: *mut u8,
        capacity: usize,
    ) -> Result<Started, Error> {
        // SAFETY: as promised by the caller.
        unsafe { self.start_receive_message_into(message, of, Pointer::new(to), capacity) }
    }

    /// [`start_receive_message`](Comm::start_receive_message) into a row of bytes or to where a layout has them.
    ///
    /// # Errors
    /// As [`receive_message`](Comm::receive_message).
    ///
    /// # Safety
    /// As [`start_receive_into`](Comm::start_receive_into).
    pub unsafe fn start_receive_message_into(
        &self,
        message: Message,
        of: TypeTag,
        to: Pointer,
        capacity: usize,
    ) -> Result<Started, Error> {
        let mut inside = self.cell().lock();
        let received = inside.lane.receive_message(message, of, to, capacity)?;
        Ok(self.take_received(inside, received))
    }

    /// Gives a message that a matched probe holds back to matching.
    pub fn put_back(&self, message: Message) {
        let cell = self.cell();
        let mut inside = cell.lock();
        inside.lane.put_back(message);
        cell.nudge(&inside);
    }
}

/// A digest of a message's bytes, read piece by piece.
pub(crate) fn digest(from: Pointer, bytes: usize) -> u64 {
    let (mut piece, mut digest) = ([0; 4096], DefaultHasher::new());
    for at in (0..bytes).step_by(piece.len()) {
        let length = piece.len().min(bytes - at);
        // SAFETY: asked of buffers of operations alone, whose callers promise that they can be read from before they start until
        // they have heard that they are complete.
        unsafe { from.offset(at).read(piece.as_mut_ptr(), length) };
        digest.write(&piece[..length]);
    }
    digest.finish()
}

impl std::fmt::Debug for Comm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Comm({:?}, rank {} of {})", self.name(), self.rank(), self.size())
    }
}
