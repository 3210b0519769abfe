//! A call of a collective, described.
#![allow(unsafe_code)]

use std::sync::Arc;
use std::task::Waker;

use engine::collective::{Call, Collective, Lengths, Operands};
use engine::{Pointer, RequestId};
use layout::Operator;
use runtime::{Comm, inter};

use super::side::Row;
use super::{Root, Side};
use crate::comm::Communicator;
use crate::message::Bytes;
use crate::number::{ERR_BUFFER, ERR_ROOT};
use crate::request::{Outcome, Pending, State};
use crate::{Datatype, Error, Result, Status, instance};

/// A call of a collective. C promises that its buffers stay valid while it is under way.
#[derive(Clone)]
pub(crate) struct Job {
    call: Call,
    /// What the engine is given. A buffer that is packed first is not told there.
    operands: Operands,
    /// What is packed to a row, of the input and of the output.
    given: Option<Arc<[Bytes]>>,
    taken: Option<Arc<[Bytes]>>,
    /// Where the result goes that is found at the beginning of a packed output, if that is not all of the output.
    result: Option<Bytes>,
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

/// The rows to which a call's buffers are packed.
struct Rows {
    input: Option<Row>,
    output: Option<Row>,
}

// Written where it lies, and never moved: of a small collective's door the description is the largest part.
impl Job {
    /// Of which nothing is said yet.
    #[inline(always)]
    pub fn new(comm: &Communicator) -> Job {
        let case = comm.whole().case(Collective::Barrier, 0, 1);
        let call = Call::new(case, comm.whole().rank() as u32, 0);
        let (given, taken, result, misfit) = (None, None, None, None);
        Job { call, operands: Operands::NONE, given, taken, result, reads_output: false, misfit }
    }

    /// Which it is, of so many elements, in one vector or for each block.
    #[inline(always)]
    pub fn is(&mut self, comm: &Communicator, what: Collective, elements: usize, element_bytes: usize) {
        let (elements, element_bytes) = if element_bytes == 0 { (0, 1) } else { (elements, element_bytes) };
        let case = &mut self.call.case;
        (case.collective, case.elements, case.element_bytes) = (what, elements as u64, element_bytes as u64);
        if let Some(inter) = &comm.inter {
            case.sides = inter.case(what, 0, 1).sides;
        }
    }

    /// Of what its elements are: said where programs are checked, in one group; sides may give each other different ones.
    #[inline(always)]
    pub fn of(&mut self, comm: &Communicator, datatype: Datatype) {
        // Nothing is of any datatype.
        if instance::is_checking() && comm.inter.is_none() && self.call.case.elements > 0 {
            self.call.of = datatype.stated_in_collectives();
        }
    }

    /// Refuses an input that is the output (MPI 5.0 §6.1: no buffers may be aliased, unless a call says so). Looks at where they begin, and
    /// only if the engine finds them there.
    ///
    /// # Errors
    /// `ERR_BUFFER`.
    #[inline(always)]
    pub fn check_aliases(&self) -> Result {
        match self.operands.input == self.operands.output && self.operands.input != Pointer::NULL {
            true => self.refuse_aliases(),
            false => Ok(()),
        }
    }

    #[cold]
    #[inline(never)]
    fn refuse_aliases(&self) -> Result {
        let Call { case, input, output, .. } = &self.call;
        let has_any = |lengths: &Lengths| match lengths {
            Lengths::Alike => case.elements > 0,
            Lengths::Bytes(bytes) => *bytes > 0,
            Lengths::Listed(blocks) => blocks.bytes() > 0,
        };
        // Where there is nothing nobody reads or writes, whatever the addresses are.
        if !has_any(input) || !has_any(output) {
            return Ok(());
        }
        let text = "the buffer that is sent is the one that is received into: give MPI_IN_PLACE for it, or another one";
        Err(Error::new(ERR_BUFFER, text))
    }

    /// What the engine is told.
    #[inline(always)]
    pub fn call(&mut self) -> &mut Call {
        &mut self.call
    }

    /// With a root.
    ///
    /// # Errors
    /// One that the communicator can't have.
    #[inline(always)]
    pub fn root(&mut self, comm: &Communicator, root: Root) -> Result {
        let rank = match (root, &comm.inter) {
            (Root::Rank(rank), _) => rank,
            (Root::Here, Some(inter)) => inter.root(inter::Root::Here)?,
            (Root::There(rank), Some(inter)) => inter.root(inter::Root::There(rank))?,
            (_, Some(inter)) => inter.root(inter::Root::Beside)?,
            (_, None) => return Err(Error::new(ERR_ROOT, "the communicator can't have such a root")),
        };
        self.call.root = rank as u32;
        Ok(())
    }

    /// What this member gives.
    #[inline(always)]
    pub fn input(&mut self, input: Side) {
        match input {
            Side::Row(at) => self.operands.input = at,
            Side::Packed(blocks) => self.given = Some(blocks),
        }
    }

    /// What this member gets.
    #[inline(always)]
    pub fn output(&mut self, output: Side) {
        match output {
            Side::Row(at) => self.operands.output = at,
            Side::Packed(blocks) => self.taken = Some(blocks),
        }
    }

    /// Where the result goes, if that is not all of the output. In a row it is where the engine leaves it.
    pub fn result(&mut self, result: Bytes) {
        self.result = Some(result);
    }

    /// What is in the output before counts.
    #[inline(always)]
    pub fn reads_output(&mut self) {
        self.reads_output = true;
    }

    /// This member gives what lies in its output.
    #[inline(always)]
    pub fn in_place(&mut self) {
        self.call.in_place = true;
        self.reads_output();
    }

    /// All members give what lies in their outputs.
    #[inline(always)]
    pub fn all_in_place(&mut self) {
        self.call.case.in_place = true;
        self.in_place();
    }

    /// This member's share of itself doesn't fit. It takes part all the same, since the others wait for it, leaves that share as it
    /// is, and ends with the error.
    #[cold]
    pub fn misfit(&mut self, error: Box<Error>) {
        self.misfit = Some(error);
    }

    /// Combines with an operator.
    #[inline(always)]
    pub fn operator(&mut self, operator: Operator) {
        self.call.case.commutative = operator.is_commutative();
        self.operands.operator = Some(operator);
    }

    /// Elsewhere, among the same members, where there is no board.
    pub fn over(mut self, comm: Comm) -> Elsewhere {
        self.call.case.board = None;
        Elsewhere { job: self, comm }
    }

    /// Performs it on a communicator.
    #[inline(always)]
    pub fn run(&self, on: &Communicator) -> Result {
        if self.given.is_some() || self.taken.is_some() || self.misfit.is_some() {
            return self.run_unusual(on);
        }
        // SAFETY: C promises the buffers.
        Ok(unsafe { on.whole().collective(&self.call, None, &self.operands) }?)
    }

    #[cold]
    #[inline(never)]
    fn run_unusual(&self, on: &Communicator) -> Result {
        let mut rows = self.pack();
        let operands = self.operands(&mut rows);
        // SAFETY: C promises the buffers, and the rows outlive the call.
        unsafe { on.whole().collective(&self.call, None, &operands) }?;
        self.finish(&rows)
    }

    fn pack(&self) -> Rows {
        let pack = |blocks: &Option<Arc<[Bytes]>>, is_read| blocks.as_deref().map(|it| Row::of(it, is_read));
        Rows { input: pack(&self.given, true), output: pack(&self.taken, self.reads_output) }
    }

    fn operands(&self, rows: &mut Rows) -> Operands {
        let mut operands = self.operands.clone();
        if let Some(row) = &mut rows.input {
            operands.input = row.place();
        }
        if let Some(row) = &mut rows.output {
            operands.output = row.place();
        }
        operands
    }

    fn finish(&self, rows: &Rows) -> Result {
        if let (Some(row), Some(taken)) = (&rows.output, &self.taken) {
            row.unpack(self.result.as_ref().map_or(taken, std::slice::from_ref));
        }
        self.misfit.clone().map_or(Ok(()), Err)
    }
}

impl Elsewhere {
    /// Starts it.
    pub fn start(&self) -> Result<State> {
        let mut rows = self.job.pack();
        let operands = self.job.operands(&mut rows);
        // SAFETY: C promises the buffers, and the rows' memory lives in the request.
        let request = unsafe { self.comm.start_collective(&self.job.call, None, &operands) }?;
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
