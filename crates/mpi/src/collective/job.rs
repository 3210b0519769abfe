//! A call of a collective, described.
#![allow(unsafe_code)]

use std::task::Waker;

use engine::RequestId;
use engine::collective::{Call, Collective, Operands};
use layout::Operator;
use runtime::{Comm, inter};

use super::side::Row;
use super::{Root, Side};
use crate::comm::Communicator;
use crate::number::ERR_ROOT;
use crate::request::{Outcome, Pending, State};
use crate::{Error, Result, Status};

/// A call of a collective. C promises that its buffers stay valid while it is under way.
#[derive(Clone)]
pub(crate) struct Job {
    call: Call,
    operator: Option<Operator>,
    input: Side,
    output: Side,
    /// Where the result goes, if that is not all of the output.
    result: Option<Side>,
    /// Whether what is in the output before counts.
    reads_output: bool,
    /// What is wrong with this member's share of itself, which concerns no other: it is told at the end.
    misfit: Option<Box<Error>>,
}

/// A call that is made in a communicator of its own, among the same members.
pub(crate) struct Elsewhere {
    job: Job,
    comm: Comm,
}

/// The rows of a call under way.
struct Rows {
    input: Row,
    output: Row,
}

// Inlined, so that a description is written where it lies: a small collective's door is little else.
impl Job {
    /// Of so many elements, in one vector or for each block.
    #[inline(always)]
    pub fn new(comm: &Communicator, what: Collective, elements: usize, element_bytes: usize) -> Job {
        let (elements, element_bytes) = if element_bytes == 0 { (0, 1) } else { (elements, element_bytes) };
        let (elements, element_bytes) = (elements as u64, element_bytes as u64);
        let case = match &comm.inter {
            None => comm.comm.case(what, elements, element_bytes),
            Some(inter) => inter.case(what, elements, element_bytes),
        };
        let call = Call::new(case, comm.whole().rank() as u32, 0);
        let (input, output, result) = (Side::Absent, Side::Absent, None);
        Job { call, operator: None, input, output, result, reads_output: false, misfit: None }
    }

    /// Elsewhere, among the same members, where there is no board.
    pub fn over(self, comm: Comm) -> Elsewhere {
        Elsewhere { job: self.call(|call| call.case.board = None), comm }
    }

    /// Changes what the engine is told.
    #[inline(always)]
    pub fn call(mut self, change: impl FnOnce(&mut Call)) -> Job {
        change(&mut self.call);
        self
    }

    /// With a root.
    ///
    /// # Errors
    /// One that the communicator can't have.
    #[inline(always)]
    pub fn root(self, comm: &Communicator, root: Root) -> Result<Job> {
        let rank = match (root, &comm.inter) {
            (Root::Rank(rank), _) => rank,
            (Root::Here, Some(inter)) => inter.root(inter::Root::Here)?,
            (Root::There(rank), Some(inter)) => inter.root(inter::Root::There(rank))?,
            (_, Some(inter)) => inter.root(inter::Root::Beside)?,
            (_, None) => return Err(Error::new(ERR_ROOT, "the communicator can't have such a root")),
        };
        Ok(self.call(|call| call.root = rank as u32))
    }

    /// What this member gives.
    #[inline(always)]
    pub fn input(mut self, input: Side) -> Job {
        self.input = input;
        self
    }

    /// What this member gets.
    #[inline(always)]
    pub fn output(mut self, output: Side) -> Job {
        self.output = output;
        self
    }

    /// Where the result goes, if that is not all of the output.
    pub fn result(self, result: Side) -> Job {
        Job { result: Some(result), ..self }
    }

    /// What is in the output before counts.
    #[inline(always)]
    pub fn reads_output(mut self) -> Job {
        self.reads_output = true;
        self
    }

    /// This member gives what lies in its output.
    #[inline(always)]
    pub fn in_place(self, in_place: bool) -> Job {
        match in_place {
            true => self.call(|call| call.in_place = true).reads_output(),
            false => self,
        }
    }

    /// All members give what lies in their outputs.
    #[inline(always)]
    pub fn all_in_place(self, in_place: bool) -> Job {
        self.call(|call| call.case.in_place = in_place).in_place(in_place)
    }

    /// This member's share of itself doesn't fit. It takes part all the same, since the others wait for it, leaves that share as it
    /// is, and ends with the error.
    #[cold]
    pub fn misfit(self, error: Box<Error>) -> Job {
        Job { misfit: Some(error), ..self }
    }

    /// Combines with an operator.
    #[inline(always)]
    pub fn operator(mut self, operator: Operator) -> Job {
        self.call.case.commutative = operator.is_commutative();
        self.operator = Some(operator);
        self
    }

    /// Performs it on a communicator.
    #[inline]
    pub fn run(&self, on: &Communicator) -> Result {
        let rows = self.rows();
        // SAFETY: C promises the buffers, the rows outlive the call.
        unsafe { on.whole().collective(&self.call, None, self.operands(&rows)) }?;
        self.finish(&rows)
    }

    #[inline(always)]
    fn rows(&self) -> Rows {
        Rows { input: self.input.row(true), output: self.output.row(self.reads_output) }
    }

    fn operands(&self, rows: &Rows) -> Operands {
        Operands { input: rows.input.at, output: rows.output.at, operator: self.operator.clone() }
    }

    fn finish(&self, rows: &Rows) -> Result {
        self.result.as_ref().unwrap_or(&self.output).fill(&rows.output);
        self.misfit.clone().map_or(Ok(()), Err)
    }
}

impl Elsewhere {
    /// Starts it.
    pub fn start(&self) -> Result<State> {
        let rows = self.job.rows();
        // SAFETY: C promises the buffers, and the rows live in the request.
        let request = unsafe { self.comm.start_collective(&self.job.call, None, self.job.operands(&rows)) }?;
        let (job, comm) = (self.job.clone(), self.comm.clone());
        Ok(State::Other(Box::new(UnderWay { job, comm, rows, request })))
    }
}

/// A collective under way.
struct UnderWay {
    job: Job,
    comm: Comm,
    rows: Rows,
    request: RequestId,
}

impl UnderWay {
    fn outcome(&self, outcome: std::result::Result<engine::Status, engine::Error>) -> Outcome {
        outcome?;
        self.job.finish(&self.rows)?;
        Ok(Status::EMPTY)
    }
}

impl Pending for UnderWay {
    fn test(&mut self) -> Option<Outcome> {
        let outcome = self.comm.test(self.request)?;
        Some(self.outcome(outcome))
    }

    fn wait(&mut self) -> Outcome {
        let outcome = self.comm.wait(self.request);
        self.outcome(outcome)
    }

    fn watch(&mut self, waker: &Waker) -> bool {
        self.comm.watch(self.request, waker.clone())
    }

    fn detach(self: Box<Self>) {
        crate::request::orphan(self);
    }
}

/// The bytes of such memory.
pub(super) fn bytes_of(room: &[u128]) -> &[u8] {
    // SAFETY: any memory can be read as bytes.
    unsafe { std::slice::from_raw_parts(room.as_ptr().cast(), size_of_val(room)) }
}

/// The same, to be written.
pub(super) fn bytes_of_mut(room: &mut [u128]) -> &mut [u8] {
    // SAFETY: any bytes are numbers.
    unsafe { std::slice::from_raw_parts_mut(room.as_mut_ptr().cast(), size_of_val(room)) }
}
