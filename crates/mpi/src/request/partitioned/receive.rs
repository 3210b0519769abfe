//! The receiving side.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use engine::TypeTag;
use runtime::Comm;

use super::super::{Outcome, Pending, State, pattern, source, started};
use super::cut::Cut;
use super::{OPENING, sum};
use crate::message::{Bytes, Part};
use crate::number::{ERR_COUNT, ERR_TRUNCATE};
use crate::{Error, Result, Status};

/// A receive in partitions, which can be asked for each of them. That happens outside of the request's lock, since another thread may
/// wait.
pub(crate) struct PartitionedReceive {
    comm: Comm,
    from: Option<usize>,
    tag: i32,
    bytes: Bytes,
    cut: Cut,
    pub partitions: usize,
    round: Mutex<Round>,
}

#[derive(Default)]
struct Round {
    /// The pieces, and where they go if not straight to their places; none while it is not started.
    pieces: Vec<(State, Option<Part>)>,
    /// What the sender says with its first round, until that was read.
    opening: Option<Opening>,
    is_open: bool,
}

/// How many bytes the sender sends.
struct Opening {
    state: State,
    bytes: Box<[u8; 8]>,
}

/// What a started request holds of it.
struct Receiving(Arc<PartitionedReceive>);

impl PartitionedReceive {
    pub fn new(
        comm: Comm,
        from: Option<usize>,
        tag: i32,
        bytes: Bytes,
        partitions: usize,
    ) -> PartitionedReceive {
        let cut = Cut::of(bytes.len());
        PartitionedReceive { comm, from, tag, bytes, cut, partitions, round: Mutex::default() }
    }

    fn round(&self) -> MutexGuard<'_, Round> {
        self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins anew: all pieces are awaited from now on.
    pub fn start(self: &Arc<Self>) -> Result<State> {
        let Some(from) = self.from else { return Ok(State::Done(Ok(Status::FROM_NOBODY))) };
        let mut round = self.round();
        let receive = |bytes: &Bytes, tag: i32| -> Result<State> {
            let begun = bytes.start_receive(
                &self.comm,
                source(Some(from)),
                pattern(Some(tag)),
                TypeTag::CUT_BYTES,
            )?;
            Ok(started(&self.comm, begun, bytes.clone(), true))
        };
        if !round.is_open {
            let mut bytes = Box::new([0; 8]);
            let state = receive(&Bytes::Row(bytes.as_mut_ptr(), bytes.len()), OPENING)?;
            (round.opening, round.is_open) = (Some(Opening { state, bytes }), true);
        }
        round.pieces.clear();
        for piece in 0..self.cut.pieces {
            let part = self.bytes.part(self.cut.piece(piece));
            // Whoever waits is told why.
            let state = receive(&part.bytes, piece as i32).unwrap_or_else(|error| State::Done(Err(error)));
            round.pieces.push((state, part.copy.is_some().then_some(part)));
        }
        Ok(State::Other(Box::new(Receiving(self.clone()))))
    }

    /// Whether a partition has arrived in this round.
    pub fn has_arrived(&self, partition: usize) -> bool {
        let mut round = self.round();
        let mut pieces = self.cut.touched(partition, self.partitions);
        pieces.all(|piece| round.pieces.get_mut(piece).is_none_or(|piece| self.test(piece)))
    }

    fn test(&self, (state, place): &mut (State, Option<Part>)) -> bool {
        let complete = state.test();
        if complete && let Some(part) = place.take() {
            self.bytes.put(part);
        }
        complete
    }

    /// Refuses a sender whose message has another length: it is cut otherwise.
    fn check(&self, opening: Opening) -> Result {
        if let State::Done(Err(error)) = opening.state {
            return Err(error);
        }
        let (sent, here) = (u64::from_le_bytes(*opening.bytes), self.cut.bytes() as u64);
        let class = match sent.cmp(&here) {
            std::cmp::Ordering::Equal => return Ok(()),
            std::cmp::Ordering::Less => ERR_COUNT,
            std::cmp::Ordering::Greater => ERR_TRUNCATE,
        };
        let text = format!("the partitions sent have {sent} bytes together, and those received {here}");
        Err(Error::new(class, text))
    }

    /// What the pieces tell; the request is not started any more.
    fn finish(&self) -> Outcome {
        let pieces = std::mem::take(&mut self.round().pieces);
        let bytes = sum(pieces.into_iter().map(|(state, _)| state))?;
        Ok(Status::new(self.from.unwrap_or_default() as i32, self.tag, bytes))
    }

    /// Takes back what can't come any more.
    fn give_up(&self, error: Box<Error>) -> Outcome {
        for (mut state, _place) in std::mem::take(&mut self.round().pieces) {
            state.cancel();
            state.wait();
        }
        Err(error)
    }
}

impl Pending for Receiving {
    fn test(&mut self) -> Option<Outcome> {
        let mut round = self.0.round();
        if round.opening.as_mut().is_some_and(|opening| !opening.state.test()) {
            return None;
        }
        let opening = round.opening.take();
        drop(round);
        if let Some(Err(error)) = opening.map(|opening| self.0.check(opening)) {
            return Some(self.0.give_up(error));
        }
        let complete = self.0.round().pieces.iter_mut().all(|piece| self.0.test(piece));
        complete.then(|| self.0.finish())
    }

    fn wait(&mut self) -> Outcome {
        let opening = self.0.round().opening.take();
        if let Some(mut opening) = opening {
            opening.state.wait();
            if let Err(error) = self.0.check(opening) {
                return self.0.give_up(error);
            }
        }
        for piece in 0..self.0.cut.pieces {
            // Others may ask for partitions meanwhile: it isn't locked.
            let state = match self.0.round().pieces.get_mut(piece) {
                Some((state, _)) => std::mem::replace(state, State::Awaited(None)),
                None => break,
            };
            let mut awaited = state;
            awaited.wait();
            if let Some(piece) = self.0.round().pieces.get_mut(piece) {
                piece.0 = awaited;
                self.0.test(piece);
            }
        }
        self.0.finish()
    }

    fn watch(&mut self, waker: &Waker) -> bool {
        let mut round = self.0.round();
        match &mut round.opening {
            Some(opening) => opening.state.watch(waker),
            None => round.pieces.iter_mut().any(|(state, _)| state.watch(waker)),
        }
    }

    fn detach(self: Box<Self>) {
        super::super::orphan(self);
    }
}
