//! A non-blocking operation, whoever owns its buffer: in a scope, owned, or persistent.

use std::task::{Context, Poll, Waker, ready};

use engine::collective::Call;
use engine::{Mode, RequestId};
use layout::{Failure, Operator, Placed};
use runtime::{Started, undisturbed};
use wire::{Invalid, Wire};

use crate::address::{Destination, Source};
use crate::collective::Described;
use crate::error::Spot;
use crate::lending::{Given, Landing, Lending};
use crate::transfer::{laid_out_of, type_of};
use crate::{Error, Result, raw};

/// An operation under way or complete. Dropping it neither waits nor cancels: its holder does.
pub(crate) struct Operation {
    state: State,
    spot: Spot,
    of: &'static OfType,
    memory: Memory,
    /// Of a collective that combines: what tells of a failure in the user's function.
    operator: Option<Operator>,
}

/// What it works on.
enum Memory {
    /// The buffer of somebody, as its layout has it.
    LaidOut,
    Given(#[expect(dead_code, reason = "it is kept, not used")] Given),
    Landing(Landing),
    Lending(Box<Lending>),
}

enum State {
    Pending(RequestId),
    Done(std::result::Result<engine::Status, engine::Error>),
}

/// What an operation needs of the type of its values when it completes.
struct OfType {
    explain: fn(Spot, &runtime::Comm, engine::Error) -> Error,
    invalid: fn(Spot, &runtime::Comm, Invalid) -> Error,
}

const fn of_type<T: Wire>() -> &'static OfType {
    const { &OfType { explain: Spot::explain::<T>, invalid: Spot::invalid::<T> } }
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
        let (given, comm) = (Given::row(items), &to.comm.untyped);
        let (from, bytes) = given.at();
        // SAFETY: the caller's promise; packed bytes stay where they are until the operation goes.
        let started = unsafe { comm.start_send(to.rank, to.tag, type_of::<T>(), from, bytes, mode) };
        Operation::of::<T>(State::of(started), to.spot(operation), Memory::Given(given))
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
        Operation::of::<T>(State::of(started), to.spot(operation), Memory::LaidOut)
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
        Operation::of::<T>(State::of(started), from.spot(operation), Memory::LaidOut)
    }

    fn of<T: Wire>(state: State, spot: Spot, memory: Memory) -> Operation {
        Operation { state, spot, of: of_type::<T>(), memory, operator: None }
    }

    /// Starts to receive.
    ///
    /// # Safety
    /// The items are neither used nor gone until the operation is complete and has been waited for.
    pub unsafe fn receive<T: Wire>(from: &Source<'_>, operation: &'static str, items: *mut [T]) -> Operation {
        let mut landing = Landing::new(items);
        let ((to, capacity), comm) = (landing.room(), &from.comm.untyped);
        // SAFETY: the caller's promise; scratch memory stays where it is until the operation goes.
        let started = unsafe { comm.start_receive(from.source, from.tag, type_of::<T>(), to, capacity) };
        Operation::of::<T>(State::of(started), from.spot(operation), Memory::Landing(landing))
    }

    /// Starts a collective.
    ///
    /// # Errors
    /// Buffers that are not as long as the call says: nothing was started.
    ///
    /// # Safety
    /// What is lent to be read is neither written nor gone, and what is lent to be written neither used nor gone, until the
    /// operation is complete and has been waited for.
    pub unsafe fn collective<T: Wire>(
        comm: &runtime::Comm,
        described: &Described,
        mut lending: Lending,
    ) -> Result<Operation> {
        described.check::<T>(comm, &lending)?;
        let Described { spot, algorithm, gives_output, ref operator, .. } = *described;
        let operands = lending.operands(gives_output, operator.clone());
        let listed = lending.listed().map(|(input, output)| Call { input, output, ..described.call.clone() });
        let call = listed.as_ref().unwrap_or(&described.call);
        // SAFETY: all are as long as the call says, which was checked, and stay where they are until the operation goes.
        let started = undisturbed(|| unsafe { comm.start_collective(call, algorithm, &operands) });
        let state = started.map_or_else(|error| State::Done(Err(error)), State::Pending);
        let operation = Operation::of::<T>(state, spot, Memory::Lending(Box::new(lending)));
        Ok(Operation { operator: operator.clone(), ..operation })
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
            comm.detach(request, Some(Box::new((buffer, self.memory))));
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
        let count = match &self.memory {
            Memory::Landing(landing) => landing.land(status, comm, self.spot)?,
            Memory::Lending(lending) => lending.land(comm, self.spot)?,
            Memory::LaidOut | Memory::Given(_) => 0,
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
