//! A small blocking collective on the board without a request: its caller runs the steps itself, with the lane unlocked, and
//! looks at the board between them. One that has to wait for longer, or that fails, becomes a request like any other.

use std::sync::Arc;

use super::board::Wait;
use super::executor::Execution;
use super::{Algorithm, Call, Operands, Step};
use crate::{Communicator, Error, Lane, RequestId, Work};

/// A collective that its caller moves on.
pub struct Inline {
    execution: Box<Execution>,
    /// The next step of the round; `None` before the first round was asked for.
    next: Option<usize>,
    /// Copies of a step that are still to be run.
    copies: Vec<Work>,
    /// How many there were, and their bytes.
    copied: (u64, u64),
}

/// What an inline collective needs next.
pub enum Advance {
    /// This work is to be done; the lane need not hear of it.
    Work(Work),
    /// Others have not come so far: ask again.
    Wait,
    /// Nothing more: hand it to [`Lane::settle`].
    Done,
    /// It sends messages from here on: hand it to [`Lane::adopt`].
    Post,
    /// It has failed: hand it to [`Lane::adopt`].
    Failed(Error),
}

/// How a blocking collective begins.
pub enum Begun {
    /// The caller moves it on.
    Inline(Inline),
    /// It is a request.
    Request(RequestId),
}

impl Lane {
    /// Begins a blocking collective, as [`start_collective`](Lane::start_collective) does, and leaves it to the caller if it
    /// works on the board, nothing stands before it there, and nothing else is under way in this lane.
    ///
    /// # Errors
    /// As [`start_collective`](Lane::start_collective).
    pub fn begin_collective(
        &mut self,
        communicator: &Arc<Communicator>,
        call: &Call,
        algorithm: &'static Algorithm,
        operands: &Operands,
    ) -> Result<Begun, Error> {
        let execution = self.prepare(communicator, call, algorithm, operands)?;
        let is_next = execution.usage.as_ref().is_some_and(|usage| usage.wait.is_none());
        let is_doomed = |lane: &Lane| {
            let (context, label) = execution.name();
            lane.doomed.iter().any(|doomed| doomed.concerns(context, label))
        };
        if is_next
            && self.check.is_none()
            && (self.doomed.is_empty() || !is_doomed(self))
            && self.only_arrivals_matter()
        {
            return Ok(Begun::Inline(Inline { execution, next: None, copies: Vec::new(), copied: (0, 0) }));
        }
        Ok(Begun::Request(self.start(execution)))
    }

    /// An inline collective is done.
    pub fn settle(&mut self, inline: Inline) {
        self.counters.copies += inline.copied.0;
        self.counters.bytes_copied += inline.copied.1;
        // Nothing of it can have failed: it would have been adopted.
        let _ = self.retire(inline.execution);
    }

    /// Makes a request of an inline collective that waits, that sends messages, or that has failed. It fails at once if
    /// everything has ended meanwhile.
    pub fn adopt(&mut self, inline: Inline, failed: Option<Error>) -> RequestId {
        let Inline { mut execution, next, copies, copied } = inline;
        debug_assert!(copies.is_empty(), "copies don't wait");
        self.counters.copies += copied.0;
        self.counters.bytes_copied += copied.1;
        let wait = execution.usage.as_mut().and_then(|usage| usage.wait.take());
        let (context, label) = execution.name();
        let revoked = execution.communicator().revoked_by().map(|by| Error::CommunicatorRevoked { by });
        // The rest of the round, as one open step, keeps it from concluding.
        execution.open = 1;
        let request = self.insert_collective(execution);
        if let Some(wait) = wait {
            self.wait_on_board(request, wait);
        }
        // What has ended all other requests meanwhile did not know of this one.
        match failed.or_else(|| self.end_of_all()).or(revoked) {
            Some(error) => self.fail_collective(request, error),
            None if !self.doomed.is_empty() => self.meet_doom(request, context, label),
            None => {}
        }
        self.compare_early_steps(request, context, label);
        // A round that has failed starts no more steps.
        let has_failed = self.execution(request).is_none_or(|execution| execution.has_failed());
        let next = next.filter(|_| !has_failed).unwrap_or(usize::MAX);
        if self.start_steps(request, next) {
            self.next_round(request);
        }
        request
    }
}

impl Inline {
    /// Moves on until something is needed. Not under the lane's lock.
    pub fn advance(&mut self) -> Advance {
        loop {
            if let Some(copy) = self.copies.pop() {
                return Advance::Work(copy);
            }
            let Some(usage) = &mut self.execution.usage else { return Advance::Done };
            if usage.wait.is_some() {
                if !usage.has_come() {
                    return Advance::Wait;
                }
                if let Some(Wait::Room(publication)) = usage.wait.take()
                    && let Some(work) = self.execution.publishing(publication, None)
                {
                    return Advance::Work(work);
                }
            }
            let execution = &mut self.execution;
            if let Some(error) = execution.unlike() {
                return Advance::Failed(error);
            }
            let Some(step) = self.next.and_then(|next| execution.steps.get(next)).copied() else {
                // The steps of the round before are all complete.
                execution.round += u32::from(self.next.is_some());
                self.next = Some(0);
                if execution.next_steps() {
                    continue;
                }
                return Advance::Done;
            };
            if let Some(needed) = self.begin_step(step) {
                return needed;
            }
        }
    }

    /// Begins a step, which is then behind us; one that is a message is not begun.
    fn begin_step(&mut self, step: Step) -> Option<Advance> {
        let execution = &mut self.execution;
        let member = |execution: &Execution, of| execution.schedule().member(of) as usize;
        let work = match step {
            Step::Send { .. } | Step::Receive { .. } => return Some(Advance::Post),
            Step::Publish(publication) => match &mut execution.usage {
                Some(usage) if usage.board.reader_behind(usage.epoch(publication.turn)).is_some() => {
                    usage.wait = Some(Wait::Room(publication));
                    None
                }
                _ => execution.publishing(publication, None),
            },
            Step::Await { turn, of, count } => {
                let next = member(execution, of);
                if let Some(usage) = &mut execution.usage {
                    usage.wait = Some(Wait::Members { turn, next, count: count as usize });
                }
                None
            }
            Step::Fetch { turn, of, count, at, into } => {
                match execution.fetching(turn, member(execution, of), count as usize, at, into, None) {
                    Ok(work) => work,
                    Err(error) => return Some(Advance::Failed(error)),
                }
            }
            Step::Reduce { from, into, order } => execution.reducing(from, into, order, None),
            Step::Copy { from, into } => {
                for copy in execution.copies(from, into) {
                    let (from, to, bytes) = match copy {
                        Ok((.., 0)) => continue,
                        Ok(copy) => copy,
                        Err(error) => {
                            self.copies.clear();
                            return Some(Advance::Failed(error));
                        }
                    };
                    self.copied = (self.copied.0 + 1, self.copied.1 + bytes as u64);
                    self.copies.push(Work::Copy { from, to, bytes, ticket: None });
                }
                None
            }
        };
        self.next = self.next.map(|next| next + 1);
        work.map(Advance::Work)
    }
}
