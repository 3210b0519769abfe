//! The executor: a collective under way is a request whose steps are sends, receives, copies, reductions and board
//! operations. One for the blocking, the non-blocking and the persistent forms.
//!
//! A round's steps are started together; what is open is only counted. When the count falls to nothing the next round
//! is asked of the schedule. Messages bypass tags: context, sequence of the collective, round and sender name them.
//! Copies and reductions are [`Work`] like everything that touches a user's memory.

use std::sync::Arc;

use super::board::Use;
use super::{Algorithm, Buffer, Call, Mark, Order, Range, Schedule, Span, Step};
use crate::check::calls::Statement;
use crate::envelope::{Envelope, STEP_LABEL};
use crate::matching::Pattern;
use crate::names::scalar_of_mark;
use crate::receive::{Awaited, ReceiveState, Target};
use crate::request::{Owner, State};
use crate::work::{Part, Pointer, Ticket};
use crate::{Communicator, Data, Error, Lane, Received, RequestId, Sent, Status, TypeTag, Work};

/// Bits of a label that hold the round; those above hold the collective's sequence.
pub(super) const ROUND_BITS: u32 = 20;

/// Executions that a lane keeps for reuse, with their step buffers and scratch memory.
const IDLE_MAX: usize = 8;

/// Scratch memory that is kept with an idle execution, in bytes; more is given back.
const IDLE_SCRATCH_BYTES: usize = 256 << 10;

/// Where a member's data lie, and what combines them. The buffers are as large as the call says and stay valid until
/// the collective completes; `input` is not used in place, and neither where the call gives it no block.
#[derive(Clone, Debug)]
pub struct Operands {
    /// What the caller contributes.
    pub input: Pointer,
    /// What the caller gets.
    pub output: Pointer,
    /// The operator of a collective that reduces.
    pub operator: Option<layout::Operator>,
}

impl Operands {
    /// No buffers: for a barrier.
    pub const NONE: Operands = Operands { input: Pointer::NULL, output: Pointer::NULL, operator: None };
}

/// A collective under way.
pub(crate) struct Execution {
    /// `None` only while it lies idle: it must not keep a communicator alive then.
    communicator: Option<Arc<Communicator>>,
    schedule: Schedule,
    operands: Operands,
    /// Its memory, of which only the capacity is used; and where it lies.
    scratch: Vec<u64>,
    scratch_at: Pointer,
    label: u64,
    /// What its frames and cells say that this member calls, and the name of the elements' type.
    mark: Mark,
    of: TypeTag,
    /// The next round to ask for.
    pub(super) round: u32,
    pub(super) steps: Vec<Step>,
    /// Steps of this round that are not complete, and one more while the round is being started.
    pub(super) open: usize,
    error: Option<Error>,
    /// Its use of the communicator's board, if its algorithm uses that.
    pub(crate) usage: Option<Use>,
    /// What it has told the next member, where that is checked.
    pub(crate) statement: Option<Box<Statement>>,
}

/// From where, to where, and how many bytes.
type Copied = Result<(Pointer, Pointer, usize), Error>;

impl Execution {
    /// One that has not begun.
    fn of(schedule: Schedule) -> Execution {
        Execution {
            communicator: None,
            schedule,
            operands: Operands::NONE,
            scratch: Vec::new(),
            scratch_at: Pointer::NULL,
            label: 0,
            mark: Mark::NONE,
            of: TypeTag::BYTES,
            round: 0,
            steps: Vec::new(),
            open: 0,
            error: None,
            usage: None,
            statement: None,
        }
    }

    /// Where blocks lie in this process. The checker proves that blocks of messages and reductions exist and lie
    /// behind one another.
    pub(super) fn place(&self, blocks: Range) -> (Pointer, usize) {
        self.at(blocks.buffer, self.schedule.span(blocks).unwrap_or_default())
    }

    /// Asks for the steps of the round whose turn it is; false if there is none, or if it has failed.
    pub(super) fn next_steps(&mut self) -> bool {
        let more = self.error.is_none() && self.schedule.round(self.round, &mut self.steps);
        if more {
            self.enter_turn();
        }
        more
    }

    /// Context and label, by which members name it.
    pub(crate) fn name(&self) -> (u64, u64) {
        (self.communicator().context.0, self.label)
    }

    /// The copies that a step asks for: one, or one for each block where blocks don't lie behind one another. An error is one of what this
    /// member gives itself: that it doesn't have the length of what it takes.
    pub(super) fn copies(&self, from: Range, into: Range) -> impl Iterator<Item = Copied> {
        let runs = self.runs(from, into);
        (0..runs).map(move |run| self.copy(from, into, runs, run))
    }

    /// How many copies a step asks for.
    fn runs(&self, from: Range, into: Range) -> u32 {
        match (self.schedule.span(from), self.schedule.span(into)) {
            (Some(_), Some(_)) => 1,
            _ => from.count,
        }
    }

    /// One of so many.
    fn copy(&self, from: Range, into: Range, runs: u32, run: u32) -> Copied {
        let (from, into) = match runs == from.count {
            true => (from.buffer.block(from.first + run), into.buffer.block(into.first + run)),
            false => (from, into),
        };
        let ((from, found), (to, expected)) = (self.place(from), self.place(into));
        match found == expected {
            true => Ok((from, to, found)),
            false => Err(Error::Disagreement { rank: self.communicator().rank, expected, found }),
        }
    }

    /// A member that was seen on the board to call something else.
    pub(super) fn unlike(&self) -> Option<Error> {
        let (rank, bits) = self.usage.as_ref()?.unlike?;
        if self.has_failed() {
            return None;
        }
        let theirs = Mark::from_bits(bits).unwrap_or(Mark::NONE);
        let own = self.of.name.words();
        let is_own = |bits| Mark::type_bits(self.of.signature) == bits;
        let name = |bits| if is_own(bits) { Some(own.clone()) } else { scalar_of_mark(bits) };
        let (mine, theirs) = (self.mark.describe(theirs, name), theirs.describe(self.mark, name));
        Some(Error::OtherCall { rank, mine, theirs })
    }

    /// The type of its elements.
    pub(crate) fn type_tag(&self) -> TypeTag {
        self.of
    }

    pub(crate) fn mark(&self) -> Mark {
        self.mark
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    pub(crate) fn communicator(&self) -> &Arc<Communicator> {
        // Proof: `prepare` sets it, `retire` alone takes it, and gives nobody an idle one.
        self.communicator.as_ref().expect("a collective under way has a communicator")
    }

    pub(crate) fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    pub(super) fn operator(&self) -> Option<layout::Operator> {
        self.operands.operator.clone()
    }

    /// The turn of the board that the round about to start speaks of begins.
    fn enter_turn(&mut self) {
        if let Some(usage) = &mut self.usage
            && let Some(turn) = self.steps.iter().filter_map(Step::turn).min()
        {
            usage.enter(turn);
        }
    }

    /// The work of combining two runs, if they hold anything.
    pub(super) fn reducing(
        &self,
        from: Range,
        into: Range,
        order: Order,
        ticket: Option<Ticket>,
    ) -> Option<Work> {
        let operator = self.operator()?;
        let ((from, _), (into, bytes)) = (self.place(from), self.place(into));
        let count = bytes / operator.element_bytes().max(1);
        let from_is_left = order == Order::Before;
        (count > 0).then_some(Work::Reduce { operator, from, into, count, from_is_left, ticket })
    }

    pub(super) fn at(&self, buffer: Buffer, span: Span) -> (Pointer, usize) {
        let base = match buffer {
            Buffer::Input => self.operands.input,
            Buffer::Output => self.operands.output,
            Buffer::Scratch => self.scratch_at,
        };
        (base.offset(span.offset as usize), span.bytes as usize)
    }
}

impl Lane {
    /// Starts a collective. Every member of the communicator starts the same collectives in the same order, with the
    /// same algorithms.
    ///
    /// The returned request completes when this member's part is done: its input can be used again and its output is
    /// there. Messages and bytes as the algorithm's row of the table states.
    ///
    /// # Errors
    /// A root out of range, or a communicator that takes no more operations: before anything is sent.
    pub fn start_collective(
        &mut self,
        communicator: &Arc<Communicator>,
        call: &Call,
        algorithm: &'static Algorithm,
        operands: &Operands,
    ) -> Result<RequestId, Error> {
        let execution = self.prepare(communicator, call, algorithm, operands)?;
        Ok(self.start(execution))
    }

    /// A collective whose first round is still to start.
    pub(super) fn prepare(
        &mut self,
        communicator: &Arc<Communicator>,
        call: &Call,
        algorithm: &'static Algorithm,
        operands: &Operands,
    ) -> Result<Box<Execution>, Error> {
        self.check_serves(communicator)?;
        if communicator.remote().is_some() {
            let why = "collectives of an inter-communicator are made of parts on its two sides".to_owned();
            return Err(Error::Argument { name: "communicator", why });
        }
        let (rank, size) = (call.root as usize, communicator.size());
        if rank >= size {
            return Err(Error::NoSuchRank { rank, size });
        }
        debug_assert_eq!((call.case.size as usize, call.rank as usize), (size, communicator.rank));
        let board = communicator.board().filter(|_| algorithm.uses_board());
        // What is repeated has its schedule from the last time.
        let is_repeated =
            self.idle.last().is_some_and(|idle| idle.schedule.is_of(algorithm, call, communicator.hosts()));
        if !(is_repeated || algorithm.fits(&call.case)) || board.is_some() != algorithm.uses_board() {
            return Err(Error::Unfit(algorithm));
        }
        // In place, field by field: the steady state allocates nothing, and moves no more than it has to.
        let mut execution = match self.idle.pop() {
            Some(idle) if is_repeated => idle,
            Some(mut idle) => {
                idle.schedule = Schedule::across(algorithm, call, communicator.hosts());
                idle
            }
            None => Box::new(Execution::of(Schedule::across(algorithm, call, communicator.hosts()))),
        };
        execution.statement = self.statement(&execution, call, operands)?;
        let words = execution.schedule.scratch_bytes().div_ceil(8) as usize;
        execution.communicator = Some(communicator.clone());
        (execution.operands.input, execution.operands.output) = (operands.input, operands.output);
        execution.operands.operator = operands.operator.clone();
        execution.scratch.reserve_exact(words);
        execution.scratch_at = Pointer::new(execution.scratch.as_mut_ptr().cast());
        execution.label = STEP_LABEL | communicator.next_sequence() << ROUND_BITS;
        (execution.round, execution.open) = (0, 0);
        if !(is_repeated && execution.of.signature == call.of.signature) {
            execution.mark = Mark::of(call, algorithm);
        }
        execution.of = call.of;
        self.types.note(call.of);
        let (turns, mark) = (execution.schedule.turns(), execution.mark);
        execution.usage = board.map(|board| Use::begin(board.clone(), turns, mark));
        Ok(execution)
    }

    pub(crate) fn execution(&mut self, collective: RequestId) -> Option<&mut Execution> {
        match self.requests.get_mut(collective).map(|r| &mut r.state) {
            Some(State::Collective(execution)) => Some(execution),
            _ => None,
        }
    }

    /// Starts rounds until one has to wait; concludes after the last.
    pub(super) fn next_round(&mut self, collective: RequestId) {
        loop {
            let Some(execution) = self.execution(collective) else { return };
            if let Some(error) = execution.unlike() {
                return self.fail_collective(collective, error);
            }
            if !execution.next_steps() {
                return self.conclude(collective);
            }
            execution.open = 1;
            if !self.start_steps(collective, 0) {
                return;
            }
        }
    }

    /// Starts the steps of a round from number `first` on; one step counts as open meanwhile. True: all of the round are
    /// complete already.
    pub(super) fn start_steps(&mut self, collective: RequestId, first: usize) -> bool {
        let Some(execution) = self.execution(collective) else { return false };
        let (steps, communicator) = (execution.steps.len(), execution.communicator().clone());
        for number in first..steps {
            if let Err(error) = self.start_step(collective, &communicator, number) {
                self.fail_collective(collective, error);
            }
            // Also by what a step that has begun has found at once. Nobody would serve or cancel those behind it.
            if self.execution(collective).is_none_or(|execution| execution.has_failed()) {
                break;
            }
        }
        let Some(execution) = self.execution(collective) else { return false };
        execution.open -= 1;
        execution.round += 1;
        execution.open == 0
    }

    fn start_step(
        &mut self,
        collective: RequestId,
        communicator: &Communicator,
        number: usize,
    ) -> Result<(), Error> {
        let Some(execution) = self.execution(collective) else { return Ok(()) };
        let label = execution.label + execution.round as u64;
        match execution.steps[number] {
            Step::Send { to, blocks } => {
                let (from, bytes) = execution.place(blocks);
                let to = execution.schedule.member(to) as usize;
                self.start_send_step(collective, communicator, to, label, from, bytes)
            }
            Step::Receive { from, blocks } => {
                let (to, bytes) = execution.place(blocks);
                let from = execution.schedule.member(from) as usize;
                self.start_receive_step(collective, communicator, from, label, to, bytes)
            }
            Step::Reduce { from, into, order } => {
                let ticket = Some(Ticket { request: collective, part: Part::Step });
                if let Some(work) = execution.reducing(from, into, order, ticket) {
                    execution.open += 1;
                    self.work.push_back(work);
                }
                Ok(())
            }
            Step::Copy { from, into } => self.start_copy_step(collective, from, into),
            Step::Publish(publication) => {
                self.start_publish(collective, publication);
                Ok(())
            }
            Step::Await { turn, of, count } => {
                let of = execution.schedule.member(of) as usize;
                self.start_await(collective, turn, of, count as usize);
                Ok(())
            }
            Step::Fetch { turn, of, count, at, into } => {
                let of = execution.schedule.member(of) as usize;
                self.start_fetch(collective, turn, of, count as usize, at, into)
            }
        }
    }

    fn start_send_step(
        &mut self,
        collective: RequestId,
        communicator: &Communicator,
        to: usize,
        label: u64,
        from: Pointer,
        bytes: usize,
    ) -> Result<(), Error> {
        let peer = self.peer(communicator, to)?;
        let source = communicator.rank as u32;
        let signature = self.mark_of(collective).signature();
        let envelope = Envelope { context: communicator.context.0, source, label, signature, ready: false };
        let data = match bytes {
            0 => Data::Small { bytes: [0; fabric::INLINE_BYTES], length: 0 },
            bytes => Data::Memory { from, bytes },
        };
        match self.send_envelope(peer, envelope, data, false, Owner::Step { collective })? {
            Sent::Done => {}
            Sent::Work(work) => self.push_step_work(collective, work),
            Sent::Pending(_) => self.opened(collective),
        }
        Ok(())
    }

    fn start_receive_step(
        &mut self,
        collective: RequestId,
        communicator: &Communicator,
        from: usize,
        label: u64,
        to: Pointer,
        bytes: usize,
    ) -> Result<(), Error> {
        let peer = self.peer(communicator, from)?;
        let pattern =
            Pattern { context: communicator.context.0, source: Some(from as u32), label: Some(label) };
        let of = TypeTag { signature: self.mark_of(collective).signature(), ..TypeTag::BYTES };
        let target = Target::Buffer { to, capacity: bytes, of };
        // Counted before it is posted: an announced message of no bytes completes at once.
        self.opened(collective);
        let received = self.post(pattern, Awaited::One(peer), target, Owner::Step { collective });
        if !matches!(received, Ok(Received::Pending(_))) {
            self.closed(collective);
        }
        match received? {
            Received::Pending(_) => Ok(()),
            Received::Work(work, status) => {
                check_length(&status, bytes)?;
                self.push_step_work(collective, work);
                Ok(())
            }
        }
    }

    /// Proof that the steps of a collective are started while it is under way stands where they are.
    fn mark_of(&mut self, collective: RequestId) -> Mark {
        self.execution(collective).map_or(Mark::NONE, |execution| execution.mark)
    }

    fn start_copy_step(&mut self, collective: RequestId, from: Range, into: Range) -> Result<(), Error> {
        let Some(execution) = self.execution(collective) else { return Ok(()) };
        let runs = execution.runs(from, into);
        // All of them, or none.
        if runs > 1 {
            execution.copies(from, into).try_for_each(|copy| copy.map(drop))?;
        }
        for run in 0..runs {
            let Some(execution) = self.execution(collective) else { return Ok(()) };
            let (from, to, bytes) = execution.copy(from, into, runs, run)?;
            if bytes > 0 {
                execution.open += 1;
                self.count_copy(bytes);
                let ticket = Some(Ticket { request: collective, part: Part::Step });
                self.work.push_back(Work::Copy { from, to, bytes, ticket });
            }
        }
        Ok(())
    }

    /// Lets a step's work be run, and counts it until it is back.
    fn push_step_work(&mut self, collective: RequestId, work: Work) {
        let step = Some(Ticket { request: collective, part: Part::Step });
        let work = match work {
            Work::Fill { room, head, from, .. } => Work::Fill { room, head, from, ticket: step },
            Work::Deliver { from, to, bytes, .. } => Work::Deliver { from, to, bytes, ticket: step },
            other => other,
        };
        self.opened(collective);
        self.work.push_back(work);
    }

    fn opened(&mut self, collective: RequestId) {
        if let Some(execution) = self.execution(collective) {
            execution.open += 1;
        }
    }

    fn closed(&mut self, collective: RequestId) -> bool {
        let Some(execution) = self.execution(collective) else { return false };
        execution.open -= 1;
        execution.open == 0
    }

    /// A send or receive that belongs to a collective has completed; `ended` is its last state.
    pub(crate) fn step_completed(
        &mut self,
        collective: RequestId,
        ended: Option<State>,
        outcome: Result<Status, Error>,
    ) {
        let outcome = match (&ended, outcome) {
            (
                Some(State::Receive(ReceiveState { target: Target::Buffer { capacity, .. }, .. })),
                Ok(status),
            ) => check_length(&status, *capacity),
            (_, outcome) => outcome.map(drop),
        };
        if let Err(error) = outcome {
            self.fail_collective(collective, error);
        }
        if self.closed(collective) {
            self.next_round(collective);
        }
    }

    /// A copy, reduction, payload or delivery of a collective has been done.
    pub(crate) fn step_finished(&mut self, collective: RequestId) {
        if self.closed(collective) {
            self.next_round(collective);
        }
    }

    /// Lets a collective end with an error once nothing of it is under way any more: no later round starts, and what
    /// has not begun is cancelled.
    /// All other members are told.
    pub(crate) fn fail_collective(&mut self, collective: RequestId, error: Error) {
        let Some(execution) = self.execution(collective) else { return };
        if execution.error.is_some() {
            return;
        }
        let (communicator, label) = (execution.communicator().clone(), execution.label);
        self.end_collective(collective, error.clone());
        self.tell_members(&communicator, label, &error);
    }

    /// The same, telling nobody.
    pub(crate) fn end_collective(&mut self, collective: RequestId, error: Error) {
        let Some(execution) = self.execution(collective) else { return };
        if execution.error.is_some() {
            return;
        }
        let rank = match &error {
            Error::PeerFailed { process, .. } => execution.communicator().group.rank(*process),
            _ => None,
        };
        self.end_wait_for_call(collective);
        let Some(execution) = self.execution(collective) else { return };
        execution.error = Some(match error {
            Error::PeerFailed { process, cause, .. } => Error::PeerFailed { rank, process, cause },
            Error::Truncated { have, need, source, .. } => {
                Error::Disagreement { rank: source, expected: have, found: need }
            }
            other => other,
        });
        // One more, so that nothing concludes meanwhile.
        execution.open += 1;
        let (name, lasts) = (execution.name(), execution.error.as_ref().is_some_and(super::failing::lasts));
        self.steps_are_over(name, lasts);
        let owner = Owner::Step { collective };
        let steps: Vec<RequestId> =
            self.requests.iter().filter(|(_, request)| request.owner == owner).map(|(id, _)| id).collect();
        for step in steps {
            self.cancel(step);
        }
        if self.stop_watching(collective) {
            self.closed(collective);
        }
        if self.closed(collective) {
            self.next_round(collective);
        }
    }

    fn conclude(&mut self, collective: RequestId) {
        let Some(request) = self.requests.get_mut(collective) else { return };
        let ended = std::mem::replace(&mut request.state, State::Concluding);
        let State::Collective(execution) = ended else { return };
        let outcome = self.retire(execution);
        self.complete(collective, outcome);
    }

    /// Lets go of what a collective has used, and tells how it has ended.
    pub(super) fn retire(&mut self, mut execution: Box<Execution>) -> Result<Status, Error> {
        if let Some(usage) = execution.usage.take() {
            usage.finish();
        }
        self.counters.collectives += 1;
        let error = execution.error.take();
        if self.idle.len() < IDLE_MAX {
            (execution.communicator, execution.statement) = (None, None);
            execution.operands = Operands::NONE;
            if execution.scratch.capacity() * 8 > IDLE_SCRATCH_BYTES {
                execution.scratch = Vec::new();
            }
            self.idle.push(execution);
        }
        error.map_or(Ok(Status::default()), Err)
    }
}

/// A step's message has exactly the length that both ends agree on, unless the members disagree about the call.
fn check_length(status: &Status, expected: usize) -> Result<(), Error> {
    match status.bytes == expected {
        true => Ok(()),
        false => Err(Error::Disagreement { rank: status.source, expected, found: status.bytes }),
    }
}
