//! A non-blocking operation, whoever owns its buffer: in a scope, owned, or persistent.

use std::task::{Context, Poll, Waker, ready};

use engine::collective::Operands;
use engine::{Mode, Pointer, RequestId};
use layout::{Failure, Operator, Placed};
use runtime::{Started, undisturbed};
use wire::{Form, Invalid, Wire, slice};

use crate::address::{Destination, Source};
use crate::collective::Described;
use crate::error::Spot;
use crate::transfer::{laid_out_of, type_of};
use crate::{Error, Result, raw};

/// An operation under way or complete. Dropping it neither waits nor cancels: its holder does.
pub(crate) struct Operation {
    state: State,
    spot: Spot,
    of: &'static OfType,
    /// Of a receive: where its bytes go.
    landing: Option<Landing>,
    /// Of a send or a collective: the encoding of what is given, if that is not the memory of the values.
    packed: Vec<u8>,
    /// Of a collective that combines: what tells of a failure in the user's function.
    operator: Option<Operator>,
}

enum State {
    Pending(RequestId),
    Done(std::result::Result<engine::Status, engine::Error>),
}

/// What an operation needs of the type of its values when it completes.
struct OfType {
    explain: fn(Spot, &runtime::Comm, engine::Error) -> Error,
    invalid: fn(Spot, &runtime::Comm, Invalid) -> Error,
    land: fn(&Landing, engine::Status, &runtime::Comm, Spot) -> Result<usize>,
}

const fn of_type<T: Wire>() -> &'static OfType {
    const { &OfType { explain: Spot::explain::<T>, invalid: Spot::invalid::<T>, land: Landing::land::<T> } }
}

impl Operation {
    /// Starts to send.
    ///
    /// # Safety
    /// The items are neither written nor gone until the operation is complete.
    pub unsafe fn send<T: Wire>(
        to: &Destination<'_>,
        operation: &'static str,
        mode: Mode,
        items: &[T],
    ) -> Operation {
        let packed = if T::FORM.sent_in_place() { Vec::new() } else { slice::pack_to_vec(items) };
        let bytes = slice::encoded(items).unwrap_or(&packed);
        let comm = &to.comm.untyped;
        // SAFETY: the caller's promise; the packed bytes stay where they are until the operation goes.
        let started =
            unsafe { comm.start_send(to.rank, to.tag, type_of::<T>(), bytes.as_ptr(), bytes.len(), mode) };
        Operation {
            state: State::of(started),
            spot: to.spot(operation),
            of: of_type::<T>(),
            landing: None,
            packed,
            operator: None,
        }
    }

    /// Starts to send what a layout selects.
    ///
    /// # Safety
    /// Neither the placed layout nor its memory is written or gone until the operation is complete.
    pub unsafe fn send_laid_out<T: Wire>(
        to: &Destination<'_>,
        operation: &'static str,
        mode: Mode,
        placed: &Placed,
        signature: u64,
    ) -> Operation {
        let (comm, of, bytes) = (&to.comm.untyped, laid_out_of::<T>(signature), placed.bytes());
        // SAFETY: the caller's promise.
        let started = unsafe { comm.start_send_from(to.rank, to.tag, of, raw::pointer(placed), bytes, mode) };
        Operation::in_place::<T>(started, to.spot(operation))
    }

    /// Starts to receive to where a layout has it.
    ///
    /// # Safety
    /// Neither the placed layout nor its memory is used or gone until the operation is complete.
    pub unsafe fn receive_laid_out<T: Wire>(
        from: &Source<'_>,
        operation: &'static str,
        placed: &Placed,
        signature: u64,
    ) -> Operation {
        let (comm, of, bytes) = (&from.comm.untyped, laid_out_of::<T>(signature), placed.bytes());
        // SAFETY: the caller's promise.
        let started =
            unsafe { comm.start_receive_into(from.source, from.tag, of, raw::pointer(placed), bytes) };
        Operation::in_place::<T>(started, from.spot(operation))
    }

    /// An operation that needs nothing of us when it completes.
    fn in_place<T: Wire>(started: std::result::Result<Started, engine::Error>, spot: Spot) -> Operation {
        Operation {
            state: State::of(started),
            spot,
            of: of_type::<T>(),
            landing: None,
            packed: Vec::new(),
            operator: None,
        }
    }

    /// Starts to receive.
    ///
    /// # Safety
    /// The items are neither used nor gone until the operation is complete and has been waited for.
    pub unsafe fn receive<T: Wire>(from: &Source<'_>, operation: &'static str, items: *mut [T]) -> Operation {
        let mut landing = Landing::new(items);
        let (to, capacity) = landing.room::<T>();
        let comm = &from.comm.untyped;
        // SAFETY: the caller's promise; scratch memory stays where it is until the operation goes.
        let started = unsafe { comm.start_receive(from.source, from.tag, type_of::<T>(), to, capacity) };
        let (spot, landing) = (from.spot(operation), Some(landing));
        Operation {
            state: State::of(started),
            spot,
            of: of_type::<T>(),
            landing,
            packed: Vec::new(),
            operator: None,
        }
    }

    /// Starts a collective on what `input` gives, or, in place, `output`, which gets the result.
    ///
    /// # Errors
    /// Buffers that are not as long as the call says: nothing was started.
    ///
    /// # Safety
    /// The input is neither written nor gone, and the output neither used nor gone, until the operation is complete and has
    /// been waited for.
    pub unsafe fn collective<T: Wire>(
        comm: &runtime::Comm,
        described: &Described,
        input: *const [T],
        output: *mut [T],
    ) -> Result<Operation> {
        // SAFETY: the caller's promise; nothing has started yet.
        let (given, held) = unsafe { (&*input, &*output) };
        described.check(comm, given, held)?;
        let packed = if T::FORM.sent_in_place() { Vec::new() } else { slice::pack_to_vec(given) };
        let from = slice::encoded(given).unwrap_or(&packed).as_ptr();
        let mut landing = Landing::holding::<T>(output, held);
        let (to, _) = landing.room::<T>();
        let Described { spot, ref call, ref operator, algorithm, gives_output, .. } = *described;
        let from = if gives_output { to } else { from };
        let (input, output) = (Pointer::reading(from), Pointer::new(to));
        let operands = Operands { input, output, operator: operator.clone() };
        // SAFETY: both are as long as the call says, which was checked, and stay where they are until the operation goes.
        let started = undisturbed(|| unsafe { comm.start_collective(call, algorithm, operands) });
        let state = match started {
            Ok(request) => State::Pending(request),
            Err(error) => State::Done(Err(error)),
        };
        let (of, operator, landing) = (of_type::<T>(), operator.clone(), Some(landing));
        Ok(Operation { state, spot, of, landing, packed, operator })
    }

    /// The error that kept it from starting, or that it has come to.
    pub fn failed(&self, comm: &runtime::Comm) -> Option<Error> {
        match &self.state {
            State::Done(Err(error)) => Some((self.of.explain)(self.spot, comm, error.clone())),
            _ => None,
        }
    }

    /// Waits until it is complete, and brings received values into their buffer. Returns how many they are.
    pub fn wait(&mut self, comm: &runtime::Comm) -> Result<(engine::Status, usize)> {
        if let State::Pending(request) = self.state {
            self.state = State::Done(undisturbed(|| comm.wait(request)));
        }
        self.outcome(comm)
    }

    /// Waits until it is complete. A receive from any rank that a failure interrupts stays under way, and that is told.
    pub fn ready(&mut self, comm: &runtime::Comm) -> Result<()> {
        if let State::Pending(request) = self.state {
            match undisturbed(|| comm.wait_unless_interrupted(request)) {
                Err(pending @ engine::Error::FailurePending { .. }) => {
                    return Err((self.of.explain)(self.spot, comm, pending));
                }
                outcome => self.state = State::Done(outcome),
            }
        }
        Ok(())
    }

    /// Whether it is complete. Moves things on.
    pub fn test(&mut self, comm: &runtime::Comm) -> bool {
        match self.state {
            State::Done(_) => true,
            State::Pending(request) => match comm.test(request) {
                Some(outcome) => {
                    self.state = State::Done(outcome);
                    true
                }
                None => false,
            },
        }
    }

    /// [`wait`](Operation::wait) for a task.
    pub fn poll(
        &mut self,
        comm: &runtime::Comm,
        context: &mut Context<'_>,
    ) -> Poll<Result<(engine::Status, usize)>> {
        if let State::Pending(request) = self.state {
            self.state = State::Done(ready!(comm.poll(request, context)));
        }
        Poll::Ready(self.outcome(comm))
    }

    /// Has a waker woken when it is complete; false: it is.
    pub fn watch(&self, comm: &runtime::Comm, waker: Waker) -> bool {
        match self.state {
            State::Pending(request) => comm.watch(request, waker),
            State::Done(_) => false,
        }
    }

    /// Asks for its end if nothing of it has begun; wait for it afterwards.
    pub fn cancel(&self, comm: &runtime::Comm) {
        if let State::Pending(request) = self.state {
            comm.cancel(request);
        }
    }

    /// Lets it run on, with all that its bytes are in.
    pub fn detach(self, comm: &runtime::Comm, buffer: impl Send + 'static) {
        if let State::Pending(request) = self.state {
            comm.detach(request, Some(Box::new((buffer, self.landing, self.packed))));
        }
    }

    fn outcome(&mut self, comm: &runtime::Comm) -> Result<(engine::Status, usize)> {
        match self.operator.as_ref().and_then(Operator::take_failure) {
            Some(Failure::Panicked(panic)) => std::panic::resume_unwind(panic),
            Some(Failure::Invalid(invalid)) => return Err((self.of.invalid)(self.spot, comm, invalid)),
            None => {}
        }
        let status = match &self.state {
            State::Done(Ok(status)) => *status,
            State::Done(Err(error)) => return Err((self.of.explain)(self.spot, comm, error.clone())),
            State::Pending(_) => unreachable!("the callers have waited"),
        };
        let count = match &self.landing {
            Some(landing) => (self.of.land)(landing, status, comm, self.spot)?,
            None => 0,
        };
        Ok((status, count))
    }
}

impl State {
    fn of(started: std::result::Result<Started, engine::Error>) -> State {
        match started {
            Ok(Started::Pending(request)) => State::Pending(request),
            Ok(Started::Done(status)) => State::Done(Ok(status)),
            Err(error) => State::Done(Err(error)),
        }
    }
}

/// Where a message lands before its values are in the buffer: the buffer itself, or scratch memory.
pub(crate) struct Landing {
    items: *mut u8,
    count: usize,
    scratch: Option<Vec<u8>>,
    /// All of it is there in the end, however long a message was.
    whole: bool,
}

// SAFETY: it stands for the `&mut [T]` of a type that is Send.
unsafe impl Send for Landing {}

impl Landing {
    /// For a buffer, which the caller lends until the last use of the landing.
    pub fn new<T: Wire>(items: *mut [T]) -> Landing {
        let count = items.len();
        let scratch = (T::FORM != Form::Plain).then(|| vec![0; count * T::BYTES]);
        Landing { items: items.cast(), count, scratch, whole: false }
    }

    /// The same for a buffer whose values, `held`, count, and which is there as a whole in the end.
    pub fn holding<T: Wire>(items: *mut [T], held: &[T]) -> Landing {
        let scratch = (T::FORM != Form::Plain).then(|| slice::pack_to_vec(held));
        Landing { items: items.cast(), count: held.len(), scratch, whole: true }
    }

    /// Where the message's bytes go, and how many.
    pub fn room<T: Wire>(&mut self) -> (*mut u8, usize) {
        match &mut self.scratch {
            Some(scratch) => (scratch.as_mut_ptr(), scratch.len()),
            None => (self.items, self.count * T::BYTES),
        }
    }

    /// The message is there: its values go into the buffer. Returns how many.
    pub fn land<T: Wire>(&self, status: engine::Status, comm: &runtime::Comm, spot: Spot) -> Result<usize> {
        let bytes = if self.whole { self.count * T::BYTES } else { status.bytes };
        let count = match self.whole {
            true => self.count,
            false => bytes.checked_div(T::BYTES).unwrap_or(0).min(self.count),
        };
        if count * T::BYTES != bytes {
            let (found, expected) = (status.bytes, T::BYTES);
            return Err(Error::WrongCount { found, expected, place: spot.place::<T>(comm) });
        }
        if let Some(scratch) = &self.scratch {
            // SAFETY: by the contract of `new` the buffer has `count` values or more and nobody else uses it.
            let items = unsafe { std::slice::from_raw_parts_mut(self.items.cast::<T>(), count) };
            slice::unpack(&scratch[..bytes], items).map_err(|invalid| spot.invalid::<T>(comm, invalid))?;
        }
        Ok(count)
    }
}
