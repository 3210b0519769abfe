//! The sending side.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use engine::{Mode, TypeTag};
use runtime::{Comm, Started};

use super::super::{Outcome, Pending, State, Wakers, started};
use super::cut::Cut;
use super::{OPENING, sum};
use crate::message::Bytes;
use crate::number::{ERR_ARG, ERR_REQUEST};
use crate::{Error, Result, Status, instance};

/// A send in partitions. Declaring happens outside of the request's lock, since another thread may wait.
pub(crate) struct PartitionedSend {
    comm: Comm,
    to: Option<usize>,
    bytes: Bytes,
    cut: Cut,
    partitions: usize,
    progress: Mutex<Progress>,
    /// All partitions are ready, and all pieces under way. Beside the lock: who waits asks with the lane locked, and who declares
    /// sends with the lock held.
    is_under_way: AtomicBool,
    wakers: Wakers,
}

#[derive(Default)]
struct Progress {
    /// Which are ready; empty while it is not started.
    ready: Vec<bool>,
    missing: usize,
    /// Of each piece, how many of its partitions are not ready.
    left: Vec<usize>,
    /// The pieces under way.
    pieces: Vec<State>,
    /// Whether the receiver was told how many bytes come.
    is_open: bool,
}

impl Progress {
    /// Notes that a partition is ready.
    fn declare(&mut self, partition: i64) -> Result {
        if self.ready.is_empty() {
            return Err(Error::new(ERR_REQUEST, "the partitioned send is not started"));
        }
        let there_are = self.ready.len();
        let at = usize::try_from(partition).ok().filter(|at| *at < there_are);
        let ready = at.and_then(|at| self.ready.get_mut(at)).ok_or_else(|| {
            Error::new(ERR_ARG, format!("there is no partition {partition}: there are {there_are}"))
        })?;
        if std::mem::replace(ready, true) {
            return Err(Error::new(ERR_ARG, format!("partition {partition} was declared ready before")));
        }
        Ok(())
    }
}

/// What a started request holds of it.
struct Sending(Arc<PartitionedSend>);

impl PartitionedSend {
    pub fn new(comm: Comm, to: Option<usize>, bytes: Bytes, partitions: usize) -> PartitionedSend {
        PartitionedSend {
            comm,
            to,
            cut: Cut::of(bytes.len()),
            bytes,
            partitions,
            progress: Mutex::default(),
            is_under_way: AtomicBool::new(false),
            wakers: Wakers::default(),
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins anew.
    pub fn start(self: &Arc<Self>) -> Result<State> {
        let mut progress = self.progress();
        if !progress.is_open {
            self.open()?;
        }
        let mut left = vec![0; self.cut.pieces];
        for partition in 0..self.partitions {
            self.cut.touched(partition, self.partitions).for_each(|piece| left[piece] += 1);
        }
        *progress = Progress {
            ready: vec![false; self.partitions],
            missing: self.partitions,
            left,
            pieces: Vec::new(),
            is_open: true,
        };
        self.is_under_way.store(false, Ordering::Relaxed);
        Ok(State::Other(Box::new(Sending(self.clone()))))
    }

    /// Says how many bytes come.
    fn open(&self) -> Result {
        let Some(to) = self.to else { return Ok(()) };
        let mut bytes = Box::new((self.cut.bytes() as u64).to_le_bytes());
        let row = Bytes::Row(bytes.as_mut_ptr(), bytes.len());
        if let Started::Pending(request) =
            row.start_send(&self.comm, to, OPENING, TypeTag::BYTES, Mode::Standard)?
        {
            self.comm.detach(request, Some(bytes));
        }
        Ok(())
    }

    fn send(&self, piece: usize) -> Result<State> {
        let Some(to) = self.to else { return Ok(State::Done(Ok(Status::EMPTY))) };
        let part = self.bytes.part(self.cut.piece(piece));
        let sent = part.bytes.start_send(&self.comm, to, piece as i32, TypeTag::BYTES, Mode::Standard)?;
        match (started(&self.comm, sent, part.bytes, false), part.copy) {
            (State::Transfer(transfer), copy) => Ok(State::Transfer(transfer.with_copy(copy))),
            (state, _) => Ok(state),
        }
    }

    /// Partitions are ready: what they complete is sent.
    ///
    /// # Errors
    /// There is none of this number; it was ready before, or is listed twice; the request is not started. Then none of them is.
    pub fn ready(&self, partitions: impl Iterator<Item = i64> + Clone) -> Result {
        let mut progress = self.progress();
        for (place, partition) in partitions.clone().enumerate() {
            if let Err(error) = progress.declare(partition) {
                let declared = partitions.take(place);
                declared.for_each(|partition| progress.ready[partition as usize] = false);
                return Err(error);
            }
        }
        let missing = progress.missing;
        for partition in partitions {
            progress.missing -= 1;
            for piece in self.cut.touched(partition as usize, self.partitions) {
                progress.left[piece] -= 1;
                if progress.left[piece] == 0 {
                    // Whoever waits for the request is told why it couldn't be sent.
                    let sent = self.send(piece).unwrap_or_else(|error| State::Done(Err(error)));
                    progress.pieces.push(sent);
                }
            }
        }
        if progress.missing == 0 && missing > 0 {
            drop(progress);
            // Release: pairs with the Acquire of who waits.
            self.is_under_way.store(true, Ordering::Release);
            self.wakers.wake();
            if let Some(process) = instance::joined() {
                process.wake();
            }
        }
        Ok(())
    }

    fn is_under_way(&self) -> bool {
        // Acquire: pairs with the Release in `ready`.
        self.is_under_way.load(Ordering::Acquire)
    }

    /// The pieces; the request is not started any more.
    fn take(&self) -> Vec<State> {
        let mut progress = self.progress();
        progress.ready.clear();
        std::mem::take(&mut progress.pieces)
    }
}

impl Pending for Sending {
    fn test(&mut self) -> Option<Outcome> {
        let complete = self.0.is_under_way() && self.0.progress().pieces.iter_mut().all(State::test);
        if !complete {
            self.0.comm.progress();
            return None;
        }
        Some(sum(self.0.take()).map(|_| Status::EMPTY))
    }

    fn wait(&mut self) -> Outcome {
        self.0.comm.wait_until(&|| self.0.is_under_way());
        let mut pieces = self.0.take();
        // All of them: afterwards nothing reads the buffer.
        pieces.iter_mut().for_each(State::wait);
        sum(pieces).map(|_| Status::EMPTY)
    }

    fn watch(&mut self, waker: &Waker) -> bool {
        self.0.wakers.add(waker);
        // One that is not complete is enough: the others are looked at afterwards.
        !self.0.is_under_way() || self.0.progress().pieces.iter_mut().any(|piece| piece.watch(waker))
    }

    fn detach(self: Box<Self>) {
        super::super::orphan(self);
    }
}
