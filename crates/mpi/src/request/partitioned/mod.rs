//! Messages that are made of partitions, which threads declare ready one by one (MPI 5.0 §4.2).
//!
//! A message is cut into pieces that both sides know of the number of its bytes alone: so the receiver posts all of them at its
//! start, whatever the sender's partitions are, and a piece goes as soon as the partitions that it touches are ready. Each pair of a send and
//! a receive has a context of its own, which both derive from the order of their calls: so they meet as they were made, whatever
//! the order in which they start.

mod cut;
mod receive;
mod send;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use runtime::Comm;
use wire::ContextId;

use super::State;
use crate::{Result, Status};

pub(crate) use receive::PartitionedReceive;
pub(crate) use send::PartitionedSend;

/// How many of them were made for each (peer, tag, whether it sends).
pub(crate) type Made = HashMap<(usize, i32, bool), u64>;

/// Begins the words of which their contexts are derived.
const PARTITIONED: u64 = u64::MAX - 1;

/// The tag under which a sender says, with its first round, how many bytes it sends. Pieces have their numbers.
const OPENING: i32 = i32::MAX;

/// The communicator of a pair: with this peer, the next under this tag.
pub(crate) fn pair(comm: &Comm, made: &Mutex<Made>, peer: usize, tag: i32, sends: bool) -> Comm {
    let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
    let number = made.entry((peer, tag, sends)).or_default();
    *number += 1;
    let me = comm.rank() as u64;
    let (from, to) = if sends { (me, peer as u64) } else { (peer as u64, me) };
    let words = [PARTITIONED, comm.inner().context.0, tag as u32 as u64, *number, from, to];
    comm.beside(ContextId::derived(words))
}

/// The outcomes of complete operations: how many bytes there were, or the first error.
fn sum(states: impl IntoIterator<Item = State>) -> Result<i64> {
    states.into_iter().try_fold(0, |bytes, state| match state {
        State::Done(outcome) => Ok(bytes + outcome?.bytes()),
        _ => Ok(bytes + Status::EMPTY.bytes()),
    })
}
