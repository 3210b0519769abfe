//! Executes the schedules of all members, on symbols.

use super::fault::{Fault, Waiting};
use super::subject::Subject;
use super::value::Value;
use super::{Report, Rounds};
use crate::collective::{
    Algorithm, Buffer, Order, Publication, Range, SLOT_WORD_BYTES, Schedule, Span, Step, Traffic, Within,
};
use mapped::board::CELLS;
use std::collections::{HashMap, HashSet};

/// A member's three buffers, an entry for each element.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    pub input: Vec<Option<Value>>,
    pub output: Vec<Option<Value>>,
    pub scratch: Vec<Option<Value>>,
}

impl Memory {
    fn buffer(&mut self, buffer: Buffer) -> &mut Vec<Option<Value>> {
        match buffer {
            Buffer::Input => &mut self.input,
            Buffer::Output => &mut self.output,
            Buffer::Scratch => &mut self.scratch,
        }
    }
}

/// A run of elements of a buffer.
#[derive(Clone, Copy, Debug)]
struct Run {
    buffer: Buffer,
    first: usize,
    count: usize,
}

struct Member {
    schedule: Schedule,
    memory: Memory,
    round: u32,
    steps: Vec<Step>,
    /// Steps of the round that haven't completed.
    open: Vec<usize>,
    finished: bool,
    /// What it published, by turn: the elements by their places in the cell.
    cells: HashMap<u32, HashMap<u64, Value>>,
    /// The turn that it is in.
    turn: u32,
    /// Whose cells it has awaited in a round before, and in which turn.
    awaited: HashSet<(u32, u32)>,
}

/// All members.
pub struct Machine<'a> {
    members: Vec<Member>,
    rounds: Rounds<'a>,
    element_bytes: u64,
    cell_bytes: u64,
    /// Ends of messages that wait for the other end, by (round, sender, receiver): the step there.
    sends: HashMap<(u32, u32, u32), usize>,
    receives: HashMap<(u32, u32, u32), usize>,
    /// Members that may get on.
    ready: Vec<u32>,
    report: Report,
}

impl<'a> Machine<'a> {
    pub fn new(algorithm: &'static Algorithm, subject: &Subject, rounds: Rounds<'a>) -> Machine<'a> {
        let element_bytes = subject.case.element_bytes.max(1);
        let mut members: Vec<Member> = (0..subject.case.size)
            .map(|rank| {
                let schedule = subject.schedule(algorithm, rank);
                let elements = |buffer| vec![None; (schedule.area(buffer).bytes() / element_bytes) as usize];
                let mut memory = Memory {
                    input: elements(Buffer::Input),
                    output: elements(Buffer::Output),
                    scratch: elements(Buffer::Scratch),
                };
                subject.fill(rank, &mut memory);
                Member::new(schedule, memory)
            })
            .collect();
        members.sort_by_key(|member| member.schedule.rank());
        Machine {
            ready: (0..subject.case.size).collect(),
            members,
            rounds,
            element_bytes,
            cell_bytes: subject.case.board.unwrap_or(0),
            sends: HashMap::new(),
            receives: HashMap::new(),
            report: Report { traffic: Traffic::default(), steps: 0 },
        }
    }

    /// The members' memories, by rank in the communicator.
    pub fn memories(self) -> impl Iterator<Item = (u32, Memory)> {
        self.members.into_iter().map(|m| (m.schedule.member(m.schedule.rank()), m.memory))
    }

    /// Runs until nobody gets on.
    pub fn run(&mut self) -> Result<Report, Fault> {
        for rank in 0..self.members.len() as u32 {
            self.enter(rank)?;
        }
        while let Some(rank) = self.ready.pop() {
            while !self.members[rank as usize].finished && self.advance(rank)? {}
        }
        let waiting: Vec<Waiting> = self
            .members
            .iter()
            .enumerate()
            .filter(|(_, m)| !m.finished)
            .flat_map(|(rank, m)| {
                let waiting =
                    move |i: &usize| Waiting { rank: rank as u32, round: m.round, step: m.steps[*i] };
                m.open.iter().map(waiting)
            })
            .collect();
        if waiting.is_empty() { Ok(self.report) } else { Err(Fault::Deadlock(waiting)) }
    }

    /// Completes what can be completed; true if the member got into another round.
    fn advance(&mut self, rank: u32) -> Result<bool, Fault> {
        let mut still = std::mem::take(&mut self.members[rank as usize].open);
        let mut waiting = Vec::new();
        for step in still.drain(..) {
            match self.members[rank as usize].steps[step] {
                Step::Await { turn, of, count }
                    if (of..of + count).all(|of| self.members[of as usize].cells.contains_key(&turn)) =>
                {
                    continue;
                }
                Step::Publish(publication) if self.has_room(publication.turn) => {
                    self.publish(rank, publication)?;
                    continue;
                }
                _ => {}
            }
            waiting.push(step);
        }
        let member = &mut self.members[rank as usize];
        member.open = waiting;
        if !member.open.is_empty() {
            return Ok(false);
        }
        self.leave(rank);
        self.members[rank as usize].round += 1;
        self.enter(rank)?;
        Ok(true)
    }

    /// What was awaited in this round counts from the next one on.
    fn leave(&mut self, rank: u32) {
        let member = &mut self.members[rank as usize];
        for step in &member.steps {
            if let Step::Await { turn, of, count } = *step {
                member.awaited.extend((of..of + count).map(|of| (turn, of)));
            }
        }
    }

    /// Starts the member's round.
    fn enter(&mut self, rank: u32) -> Result<(), Fault> {
        let member = &mut self.members[rank as usize];
        let round = member.round;
        if !(self.rounds)(&member.schedule, round, &mut member.steps) {
            member.finished = true;
            self.ready.extend(0..self.members.len() as u32);
            return Ok(());
        }
        let steps = std::mem::take(&mut self.members[rank as usize].steps);
        self.enter_turn(rank, &steps)?;
        self.report.steps += steps.len() as u64;
        self.find_overlap(rank, &steps)?;
        for (number, step) in steps.iter().enumerate() {
            if self.start(rank, number, step)? {
                self.members[rank as usize].open.push(number);
            }
        }
        self.members[rank as usize].steps = steps;
        // Messages whose other end was there already complete now.
        for (number, step) in self.members[rank as usize].steps.clone().iter().enumerate() {
            let key = match *step {
                Step::Send { to, .. } => (round, rank, to),
                Step::Receive { from, .. } => (round, from, rank),
                _ => continue,
            };
            if let (Some(&send), Some(&receive)) = (self.sends.get(&key), self.receives.get(&key)) {
                debug_assert!(send == number || receive == number);
                self.deliver(key, send, receive)?;
            }
        }
        Ok(())
    }

    /// Executes a local step; true if the step stays open.
    fn start(&mut self, rank: u32, number: usize, step: &Step) -> Result<bool, Fault> {
        let round = self.members[rank as usize].round;
        let size = self.members.len() as u32;
        let peer_fault = |peer| Err(Fault::Peer { rank, round, peer });
        match *step {
            Step::Send { to: peer, .. } | Step::Receive { from: peer, .. } => {
                if peer >= size || peer == rank {
                    return peer_fault(peer);
                }
                let sends = matches!(step, Step::Send { .. });
                let (posted, key) = match sends {
                    true => (&mut self.sends, (round, rank, peer)),
                    false => (&mut self.receives, (round, peer, rank)),
                };
                if posted.insert(key, number).is_some() {
                    return peer_fault(peer);
                }
                return Ok(true);
            }
            Step::Await { of, count, .. } => {
                return if of + count > size { peer_fault(of) } else { Ok(true) };
            }
            Step::Copy { from, into } => {
                let values = self.read(rank, from)?;
                self.write(rank, into, &values)?;
            }
            Step::Reduce { from, into, order } => {
                self.run_of(rank, from)?;
                self.run_of(rank, into)?;
                let (from, mine) = (self.read(rank, from)?, self.read(rank, into)?);
                let result = self.combine(rank, &from, &mine, order)?;
                self.write(rank, into, &result)?;
            }
            Step::Publish(_) => return Ok(true),
            Step::Fetch { turn, of, count, at, into } => self.fetch(rank, turn, of..of + count, at, into)?,
        }
        Ok(false)
    }

    /// A round speaks of no turn below one that an earlier round spoke of. With a new turn the member is done with those
    /// before, and whoever waits for room may get on.
    fn enter_turn(&mut self, rank: u32, steps: &[Step]) -> Result<(), Fault> {
        let size = self.members.len() as u32;
        let member = &mut self.members[rank as usize];
        let Some(turn) = steps.iter().filter_map(Step::turn).min() else { return Ok(()) };
        if turn < member.turn {
            return Err(Fault::Board { rank, round: member.round, of: rank });
        }
        if turn > member.turn {
            member.turn = turn;
            self.ready.extend(0..size);
        }
        Ok(())
    }

    /// Whether everybody is done with what a cell held that is written in `turn`.
    fn has_room(&self, turn: u32) -> bool {
        self.members.iter().all(|member| member.finished || member.turn + CELLS as u32 > turn)
    }

    fn publish(&mut self, rank: u32, publication: Publication) -> Result<(), Fault> {
        let round = self.members[rank as usize].round;
        let fault = Fault::Board { rank, round, of: rank };
        let (buffer, slot_bytes) = (publication.blocks.buffer, self.slot_bytes(rank));
        let mut cell = HashMap::new();
        let mut filled = 0;
        for (number, block) in publication.numbers().enumerate() {
            if publication.slots && !self.members[rank as usize].schedule.fills_slot(number as u32) {
                continue;
            }
            let values = self.read(rank, buffer.block(block))?;
            let bytes = values.len() as u64 * self.element_bytes;
            let mut at = filled;
            if publication.slots {
                at = number as u64 * slot_bytes + SLOT_WORD_BYTES;
                if bytes + SLOT_WORD_BYTES > slot_bytes {
                    continue;
                }
            }
            filled += bytes;
            if at + bytes > self.cell_bytes {
                return Err(fault);
            }
            cell.extend((at..).step_by(self.element_bytes as usize).zip(values));
        }
        let size = self.members.len() as u32;
        let member = &mut self.members[rank as usize];
        if publication.turn >= member.schedule.turns()
            || member.cells.insert(publication.turn, cell).is_some()
        {
            return Err(fault);
        }
        self.ready.extend(0..size);
        Ok(())
    }

    fn slot_bytes(&self, rank: u32) -> u64 {
        self.members[rank as usize].schedule.slot_bytes()
    }

    fn fetch(
        &mut self,
        rank: u32,
        turn: u32,
        of: std::ops::Range<u32>,
        at: Within,
        into: Range,
    ) -> Result<(), Fault> {
        let round = self.members[rank as usize].round;
        let run = self.run_of(rank, into)?;
        let (skip, whole) = match at {
            Within::Packed { skip, whole } => (skip, Some(whole / self.element_bytes)),
            Within::Slot(number) => (number as u64 * self.slot_bytes(rank) + SLOT_WORD_BYTES, None),
        };
        let mut result: Option<Vec<Value>> = None;
        for owner in of {
            let fault = Fault::Board { rank, round, of: owner };
            let awaited = self.members[rank as usize].awaited.contains(&(turn, owner));
            let cell = self.members.get(owner as usize).and_then(|m| m.cells.get(&turn));
            let Some(cell) = cell.filter(|_| awaited) else { return Err(fault) };
            if whole.is_some_and(|whole| whole != cell.len() as u64) {
                return Err(fault);
            }
            let places = (skip..).step_by(self.element_bytes as usize).take(run.count);
            let Some(values) = places.map(|at| cell.get(&at).copied()).collect::<Option<Vec<_>>>() else {
                return Err(fault);
            };
            result = Some(match result {
                None => values,
                Some(left) => self.combine(rank, &left, &values, Order::Before)?,
            });
        }
        self.write(rank, into, &result.unwrap_or_default())
    }

    /// Moves a message's elements and completes both ends.
    fn deliver(&mut self, key: (u32, u32, u32), send: usize, receive: usize) -> Result<(), Fault> {
        let (_, from, to) = key;
        let (Step::Send { blocks: source, .. }, Step::Receive { blocks: target, .. }) =
            (self.members[from as usize].steps[send], self.members[to as usize].steps[receive])
        else {
            unreachable!("only sends and receives are posted")
        };
        self.run_of(from, source)?;
        self.run_of(to, target)?;
        let values = self.read(from, source)?;
        self.write(to, target, &values)?;
        self.report.traffic.messages += 1;
        self.report.traffic.bytes += values.len() as u64 * self.element_bytes;
        self.sends.remove(&key);
        self.receives.remove(&key);
        for (rank, step) in [(from, send), (to, receive)] {
            self.members[rank as usize].open.retain(|open| *open != step);
            self.ready.push(rank);
        }
        Ok(())
    }

    fn combine(&self, rank: u32, from: &[Value], mine: &[Value], order: Order) -> Result<Vec<Value>, Fault> {
        let round = self.members[rank as usize].round;
        if from.len() != mine.len() {
            return Err(Fault::Size { rank, round, from: from.len() as u64, into: mine.len() as u64 });
        }
        let pairs = from.iter().zip(mine).map(|(from, mine)| match order {
            Order::Before => (*from, *mine),
            Order::After => (*mine, *from),
        });
        pairs
            .map(|(left, right)| {
                Value::combine(left, right).ok_or(Fault::Operands { rank, round, left, right })
            })
            .collect()
    }

    /// The elements of blocks that must lie behind one another.
    fn run_of(&self, rank: u32, blocks: Range) -> Result<Run, Fault> {
        let member = &self.members[rank as usize];
        let span = member.schedule.span(blocks);
        let span = span.ok_or(Fault::Place { rank, round: member.round, blocks })?;
        Ok(self.run_at(blocks.buffer, span))
    }

    fn run_at(&self, buffer: Buffer, span: Span) -> Run {
        debug_assert!(span.offset.is_multiple_of(self.element_bytes));
        Run {
            buffer,
            first: (span.offset / self.element_bytes) as usize,
            count: (span.bytes / self.element_bytes) as usize,
        }
    }

    /// The elements of each of the blocks.
    fn runs_of(&self, rank: u32, blocks: Range) -> Result<Vec<Run>, Fault> {
        let member = &self.members[rank as usize];
        let fault = Fault::Place { rank, round: member.round, blocks };
        let area = member.schedule.area(blocks.buffer);
        (blocks.first..blocks.first + blocks.count)
            .map(|block| area.block(block).map(|span| self.run_at(blocks.buffer, span)).ok_or(fault.clone()))
            .collect()
    }

    fn read(&mut self, rank: u32, blocks: Range) -> Result<Vec<Value>, Fault> {
        let mut values = Vec::new();
        for run in self.runs_of(rank, blocks)? {
            let member = &mut self.members[rank as usize];
            let (round, buffer) = (member.round, run.buffer);
            let cells = &member.memory.buffer(buffer)[run.first..run.first + run.count];
            for (i, cell) in cells.iter().enumerate() {
                let element = (run.first + i) as u64;
                values.push(cell.ok_or(Fault::Unwritten { rank, round, buffer, element })?);
            }
        }
        Ok(values)
    }

    fn write(&mut self, rank: u32, blocks: Range, mut values: &[Value]) -> Result<(), Fault> {
        let runs = self.runs_of(rank, blocks)?;
        let member = &mut self.members[rank as usize];
        let round = member.round;
        if blocks.buffer == Buffer::Input {
            return Err(Fault::WritesInput { rank, round });
        }
        let room: usize = runs.iter().map(|run| run.count).sum();
        if room != values.len() {
            return Err(Fault::Size { rank, round, from: values.len() as u64, into: room as u64 });
        }
        for run in runs {
            let (here, rest) = values.split_at(run.count);
            let cells = &mut member.memory.buffer(run.buffer)[run.first..run.first + run.count];
            cells.iter_mut().zip(here).for_each(|(cell, value)| *cell = Some(*value));
            values = rest;
        }
        Ok(())
    }

    /// Whether two steps of a round touch the same elements, and one of them writes.
    fn find_overlap(&self, rank: u32, steps: &[Step]) -> Result<(), Fault> {
        let mut touched: Vec<(Buffer, usize, usize, bool)> = Vec::new();
        let mut published = None;
        for step in steps {
            let (read, written) = match *step {
                Step::Send { blocks, .. } => (Some(blocks), None),
                Step::Publish(publication) => {
                    published = Some(publication);
                    (None, None)
                }
                Step::Receive { blocks, .. } => (None, Some(blocks)),
                Step::Reduce { from, into, .. } | Step::Copy { from, into } => (Some(from), Some(into)),
                Step::Fetch { into, .. } => (None, Some(into)),
                Step::Await { .. } => (None, None),
            };
            for (blocks, writes) in [(read, false), (written, true)] {
                for run in blocks.map(|b| self.runs_of(rank, b)).transpose()?.into_iter().flatten() {
                    if run.count > 0 {
                        touched.push((run.buffer, run.first, run.first + run.count, writes));
                    }
                }
            }
        }
        if let Some(publication) = published {
            for block in publication.numbers() {
                for run in self.runs_of(rank, publication.blocks.buffer.block(block))? {
                    touched.push((run.buffer, run.first, run.first + run.count, false));
                }
            }
        }
        touched.retain(|(_, first, end, _)| first < end);
        touched.sort_by_key(|t| (t.0 as u8, t.1));
        let (mut written_to, mut read_to) = ((Buffer::Input, 0), (Buffer::Input, 0));
        for (buffer, first, end, writes) in touched {
            let behind = |to: (Buffer, usize)| to.0 == buffer && first < to.1;
            if behind(written_to) || (writes && behind(read_to)) {
                let round = self.members[rank as usize].round;
                return Err(Fault::Overlap { rank, round, buffer, element: first as u64 });
            }
            let to = if writes { &mut written_to } else { &mut read_to };
            *to = if to.0 == buffer { (buffer, to.1.max(end)) } else { (buffer, end) };
        }
        Ok(())
    }
}

impl Member {
    fn new(schedule: Schedule, memory: Memory) -> Member {
        Member {
            schedule,
            memory,
            round: 0,
            steps: Vec::new(),
            open: Vec::new(),
            finished: false,
            cells: HashMap::new(),
            turn: 0,
            awaited: HashSet::new(),
        }
    }
}
