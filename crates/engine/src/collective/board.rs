//! The executor's steps on the communicator's board: publish, await, fetch; what they wait for; and how a lane sleeps
//! for them.
//!
//! Collectives on one board run one after the other, in the order in which all members start them: one that comes
//! before its turn waits like one whose peers have not published. A board step that waits stands in `Lane::watching`,
//! which every poll looks through.

use std::sync::Arc;

use fabric::Armed;
use mapped::board::Board;

use super::executor::Execution;
use super::schedule::SLOT_WORD_BYTES;
use super::{Mark, Publication, Range, Within};
use crate::work::{CellRun, CellRuns, Part, Ticket};
use crate::{Error, Lane, RequestId, Work};

/// What a collective waits for on its board. At most one step of a round waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// That the collectives before it on this board are over.
    Turn,
    /// That everybody is done with what its cell holds; then it publishes.
    Room(Publication),
    /// That `count` members from `next` on, going round, publish.
    Members {
        /// In which turn.
        turn: u32,
        /// The first that has not.
        next: usize,
        /// How many from there on.
        count: usize,
    },
}

/// A collective's use of a board.
pub(crate) struct Use {
    pub board: Arc<Board>,
    /// The number on the board of the collective's first turn.
    first: u64,
    turns: u32,
    /// The turn that it is in.
    turn: u32,
    mark: Mark,
    /// A member that was seen to call something else, and its mark.
    pub unlike: Option<(usize, u32)>,
    pub wait: Option<Wait>,
}

impl Use {
    /// Begins the next epochs, one for each turn. It waits for its turn if others are before it.
    pub fn begin(board: Arc<Board>, turns: u32, mark: Mark) -> Use {
        let first = board.begin_many(turns as u64);
        let wait = (board.finished() + 1 < first).then_some(Wait::Turn);
        Use { board, first, turns, turn: 0, mark, unlike: None, wait }
    }

    pub(super) fn epoch(&self, turn: u32) -> u64 {
        self.first + turn as u64
    }

    /// Enters a turn: done with those before.
    pub fn enter(&mut self, turn: u32) {
        if turn > self.turn {
            self.turn = turn;
            self.board.finish(self.epoch(turn) - 1);
        }
    }

    /// Done with all turns.
    pub fn finish(&self) {
        self.board.finish(self.first + self.turns as u64 - 1);
    }

    /// Whether what it waits for has come.
    pub(crate) fn has_come(&mut self) -> bool {
        let first = self.first;
        match &mut self.wait {
            None => false,
            Some(Wait::Turn) => self.board.finished() + 1 >= first,
            Some(Wait::Room(publication)) => {
                self.board.reader_behind(first + publication.turn as u64).is_none()
            }
            Some(Wait::Members { turn, next, count }) => {
                let epoch = first + *turn as u64;
                while *count > 0 && self.board.is_published(*next, epoch) {
                    let mark = self.board.published_mark(*next, epoch);
                    if mark != self.mark.bits() {
                        self.unlike.get_or_insert((*next, mark));
                    }
                    *next = (*next + 1) % self.board.size();
                    *count -= 1;
                }
                *count == 0
            }
        }
    }

    /// Whether those before it on its board are not over.
    pub(crate) fn waits_for_turn(&self) -> bool {
        self.wait == Some(Wait::Turn)
    }

    /// The member whose doing it waits for.
    pub(crate) fn awaited(&self) -> Option<usize> {
        match self.wait? {
            Wait::Turn => None,
            Wait::Room(publication) => self.board.reader_behind(self.epoch(publication.turn)),
            Wait::Members { next, count, .. } => (count > 0).then_some(next),
        }
    }

    /// Whether it waits for another member than the one that it stated last: naming that one takes another attempt to
    /// sleep.
    fn has_moved_on(&self) -> bool {
        self.wait != Some(Wait::Turn) && self.awaited() != self.board.is_armed_for()
    }
}

impl Lane {
    /// Publishes blocks, now or when there is room. The step is open until then.
    pub(super) fn start_publish(&mut self, collective: RequestId, publication: Publication) {
        let Some(usage) = self.usage(collective) else { return };
        match usage.board.reader_behind(usage.epoch(publication.turn)) {
            None => self.publish(collective, publication),
            Some(_) => self.wait_on_board(collective, Wait::Room(publication)),
        }
    }

    /// The step is open until `count` members from `of` on have published.
    pub(super) fn start_await(&mut self, collective: RequestId, turn: u32, of: usize, count: usize) {
        let Some(usage) = self.usage(collective) else { return };
        usage.wait = Some(Wait::Members { turn, next: of, count });
        match usage.has_come() {
            true => usage.wait = None,
            false => {
                let wait = usage.wait.take();
                wait.into_iter().for_each(|wait| self.wait_on_board(collective, wait));
            }
        }
    }

    /// Reads the cells of `count` members from `of` on.
    ///
    /// # Errors
    /// As [`Execution::fetching`].
    pub(super) fn start_fetch(
        &mut self,
        collective: RequestId,
        turn: u32,
        of: usize,
        count: usize,
        at: Within,
        into: Range,
    ) -> Result<(), Error> {
        let ticket = Some(Ticket { request: collective, part: Part::Step });
        let Some(execution) = self.execution(collective) else { return Ok(()) };
        if let Some(work) = execution.fetching(turn, of, count, at, into, ticket)? {
            execution.open += 1;
            self.work.push_back(work);
        }
        Ok(())
    }

    fn publish(&mut self, collective: RequestId, publication: Publication) {
        let ticket = Some(Ticket { request: collective, part: Part::Step });
        let Some(execution) = self.execution(collective) else { return };
        if let Some(work) = execution.publishing(publication, ticket) {
            execution.open += 1;
            self.work.push_back(work);
        }
    }

    /// One more open step, which every poll looks at.
    pub(super) fn wait_on_board(&mut self, collective: RequestId, wait: Wait) {
        let Some(execution) = self.execution(collective) else { return };
        let Some(usage) = &mut execution.usage else { return };
        debug_assert!(usage.wait.is_none());
        usage.wait = Some(wait);
        execution.open += 1;
        self.watching.push(collective);
    }

    /// Looks at the boards that collectives wait for. Returns whether any moved.
    pub(crate) fn look_at_boards(&mut self) -> bool {
        let mut moved = false;
        let mut place = 0;
        while let Some(&collective) = self.watching.get(place) {
            let come = match self.usage(collective) {
                Some(usage) => usage.has_come(),
                None => true,
            };
            if !come {
                place += 1;
                continue;
            }
            moved = true;
            self.watching.remove(place);
            let wait = self.usage(collective).and_then(|usage| usage.wait.take());
            if let Some(Wait::Room(publication)) = wait {
                self.publish(collective, publication);
            }
            if wait.is_some() {
                self.step_finished(collective);
            }
        }
        moved
    }

    /// Lets go of what a collective that fails waits for; true if a step was open for it. Its turn it awaits all the same:
    /// to end before would tell the others that those before it are over as well.
    pub(super) fn stop_watching(&mut self, collective: RequestId) -> bool {
        if self.usage(collective).is_some_and(|usage| usage.wait == Some(Wait::Turn)) {
            return false;
        }
        self.watching.retain(|watching| *watching != collective);
        self.usage(collective).is_some_and(|usage| usage.wait.take().is_some())
    }

    /// Prepares to sleep: arms the port and states on the boards whom this process waits for, then looks once more. `None`:
    /// something is there, poll again. Otherwise call [`disarm`](Lane::disarm) after the sleep.
    pub fn arm(&mut self) -> Option<Armed> {
        let armed = self.port.arm()?;
        if self.watching.is_empty() {
            return Some(armed);
        }
        if self.some_awaited_is_gone() {
            self.disarm();
            return None;
        }
        for place in 0..self.watching.len() {
            let collective = self.watching[place];
            if let Some(usage) = self.usage(collective)
                && let Some(member) = usage.awaited()
            {
                usage.board.arm(member);
                let board = usage.board.clone();
                self.armed_boards.push(board);
            }
        }
        for place in 0..self.watching.len() {
            let collective = self.watching[place];
            // Between the statement and this look the fence in `Board::arm` stands; what comes later rings.
            if self.usage(collective).is_none_or(|usage| usage.has_come() || usage.has_moved_on()) {
                self.disarm();
                return None;
            }
        }
        Some(armed)
    }

    /// Ends what [`arm`](Lane::arm) prepared.
    pub fn disarm(&mut self) {
        for board in self.armed_boards.drain(..) {
            board.disarm();
        }
        self.port.disarm();
    }

    /// Makes contact with every member that a collective sleeps for, so that its death is heard of; fails the collectives
    /// whose member is known to be gone.
    pub(crate) fn some_awaited_is_gone(&mut self) -> bool {
        let mut gone = false;
        for collective in self.watching.clone() {
            let Some(execution) = self.execution(collective) else { continue };
            let communicator = execution.communicator().clone();
            let Some(member) = execution.usage.as_ref().and_then(Use::awaited) else { continue };
            let Ok(peer) = self.peer(&communicator, member) else { continue };
            if let Some(cause) = self.silenced(peer) {
                // What it did before it went counts: only now that it is known to be gone does a look tell for good.
                let still = |usage: &mut Use| !usage.has_come() && usage.awaited() == Some(member);
                if !self.usage(collective).is_some_and(still) {
                    continue;
                }
                let process = self.port.process(peer);
                self.fail_collective(collective, Error::PeerFailed { rank: Some(member), process, cause });
                gone = true;
            }
        }
        gone
    }

    fn usage(&mut self, collective: RequestId) -> Option<&mut Use> {
        self.execution(collective)?.usage.as_mut()
    }
}

impl Execution {
    /// Publishes: at once if there are no bytes, else by the work that this returns.
    pub(super) fn publishing(&self, publication: Publication, ticket: Option<Ticket>) -> Option<Work> {
        let usage = self.usage.as_ref()?;
        let epoch = usage.epoch(publication.turn);
        let runs = self.cell_runs(publication);
        if runs.is_empty() {
            usage.board.publish(epoch, 0, usage.mark.bits());
            return None;
        }
        Some(Work::Publish { board: usage.board.clone(), epoch, runs, mark: usage.mark.bits(), ticket })
    }

    /// The work of reading the cells of `count` members from `of` on; those of all in order of rank, whatever the root.
    ///
    /// # Errors
    /// A member that published another length than this one expects.
    pub(super) fn fetching(
        &self,
        turn: u32,
        of: usize,
        count: usize,
        at: Within,
        into: Range,
        ticket: Option<Ticket>,
    ) -> Result<Option<Work>, Error> {
        let (into, bytes) = self.place(into);
        let operator = self.operator().filter(|_| count > 1);
        let slot_bytes = self.schedule().slot_bytes();
        let Some(usage) = &self.usage else { return Ok(None) };
        let (board, epoch) = (usage.board.clone(), usage.epoch(turn));
        for member in (0..count).map(|i| (of + i) % board.size()) {
            let (expected, found) = match at {
                Within::Packed { whole, .. } => (whole, board.published_bytes(member, epoch)),
                Within::Slot(number) => (bytes as u64, board.word(member, epoch, number as u64 * slot_bytes)),
            };
            if found != expected {
                let (expected, found) = (expected as usize, found as usize);
                return Err(Error::Disagreement { rank: member, expected, found });
            }
        }
        if bytes == 0 {
            return Ok(None);
        }
        let skip = match at {
            Within::Packed { skip, .. } => skip,
            Within::Slot(number) => number as u64 * slot_bytes + SLOT_WORD_BYTES,
        };
        Ok(Some(Work::Fetch {
            of: if count == board.size() { 0 } else { of },
            board,
            epoch,
            count,
            skip: skip as usize,
            into,
            bytes,
            operator,
            ticket,
        }))
    }

    /// What goes into the cell: neighbouring blocks as one run, those of a rotated buffer as two.
    fn cell_runs(&self, publication: Publication) -> CellRuns {
        let Publication { blocks, stride, slots, .. } = publication;
        if !slots
            && stride == 1
            && let Some(span) = self.schedule().span(blocks)
        {
            let (from, bytes) = self.at(blocks.buffer, span);
            return CellRuns::One((bytes > 0).then_some(CellRun { from, bytes, at: 0, named: false }));
        }
        let (area, slot_bytes) = (self.schedule().area(blocks.buffer), self.schedule().slot_bytes());
        let mut runs: Vec<CellRun> = Vec::new();
        let mut filled = 0;
        for (number, block) in publication.numbers().enumerate() {
            let Some(span) = area.block(block) else { continue };
            let (from, bytes) = self.at(blocks.buffer, span);
            if slots {
                if span.bytes + SLOT_WORD_BYTES <= slot_bytes && self.schedule().fills_slot(number as u32) {
                    runs.push(CellRun { from, bytes, at: number * slot_bytes as usize, named: true });
                }
                continue;
            }
            match runs.last_mut() {
                Some(last) if last.from.offset(last.bytes) == from => last.bytes += bytes,
                _ if bytes == 0 => {}
                _ => runs.push(CellRun { from, bytes, at: filled, named: false }),
            }
            filled += bytes;
        }
        CellRuns::Several(runs.into())
    }
}
