//! Addresses: to whom, from whom, with which tag. Verbs are methods on them.

use engine::{Mode, TagPattern};

use crate::Comm;
use crate::error::{Peer, Spot};

/// Where messages go: a rank and a tag, and in which mode. Made by [`Comm::to`].
///
/// Every way to send takes the mode of its address: at once, in a scope, owned, persistent. (A buffered send is complete when
/// it returns, so that it has no other forms: [`send_buffered`](Destination::send_buffered).)
///
/// ```
/// # archipelago::testing::run(2, |world| {
/// if world.rank() == 0 {
///     // Complete when it has been matched.
///     world.to(1).tag(1).synchronous().send_owned(vec![1, 2]).wait()?;
///     // The answer says that the receive is there.
///     world.from(1).receive::<()>()?;
///     world.to(1).tag(2).ready().send(&7)?;
/// } else {
///     let incoming = world.from(0).tag(2).receive_owned(0);
///     assert_eq!(world.from(0).tag(1).receive::<Vec<i32>>()?, [1, 2]);
///     world.to(0).send(&())?;
///     assert_eq!(incoming.wait()?.0, 7);
/// }
/// # Ok::<(), archipelago::Error>(())
/// # });
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Destination<'c> {
    pub(crate) comm: &'c Comm,
    pub(crate) rank: usize,
    pub(crate) tag: i32,
    pub(crate) mode: Mode,
}

impl<'c> Destination<'c> {
    pub(crate) fn new(comm: &'c Comm, rank: usize) -> Destination<'c> {
        Destination { comm, rank, tag: 0, mode: Mode::Standard }
    }

    /// The same rank, with this tag (0 to `i32::MAX`; without this, 0). Only a receive with the same tag, or with any,
    /// takes the message.
    pub fn tag(self, tag: i32) -> Destination<'c> {
        Destination { tag, ..self }
    }

    /// The same, where a send is complete only when its receive has been matched.
    pub fn synchronous(self) -> Destination<'c> {
        Destination { mode: Mode::Synchronous, ..self }
    }

    /// The same for a receiver that is known to wait for the message already (MPI 5.0 §3.4). Here this makes nothing faster, and
    /// a message for which no receive waits is kept like any other; but the receiver counts it as a mistake.
    pub fn ready(self) -> Destination<'c> {
        Destination { mode: Mode::Ready, ..self }
    }

    pub(crate) fn spot(&self, operation: &'static str) -> Spot {
        Spot::here(operation, Peer::To(self.rank), Some(self.tag))
    }
}

/// Where messages come from: a rank or any, and a tag or any. Made by [`Comm::from`] and [`Comm::from_any`]. Nothing can be
/// sent to it.
#[derive(Clone, Copy, Debug)]
pub struct Source<'c> {
    pub(crate) comm: &'c Comm,
    pub(crate) source: engine::Source,
    pub(crate) tag: TagPattern,
}

impl<'c> Source<'c> {
    pub(crate) fn new(comm: &'c Comm, source: engine::Source) -> Source<'c> {
        Source { comm, source, tag: TagPattern::Tag(0) }
    }

    /// Only messages with this tag (0 to `i32::MAX`; without this, 0).
    pub fn tag(self, tag: i32) -> Source<'c> {
        Source { tag: TagPattern::Tag(tag), ..self }
    }

    /// Messages with any tag.
    pub fn any_tag(self) -> Source<'c> {
        Source { tag: TagPattern::Any, ..self }
    }

    pub(crate) fn spot(&self, operation: &'static str) -> Spot {
        let peer = match self.source {
            engine::Source::Rank(rank) => Peer::From(rank),
            engine::Source::Any => Peer::Any,
        };
        let tag = match self.tag {
            TagPattern::Tag(tag) => Some(tag),
            TagPattern::Any => None,
        };
        Spot::here(operation, peer, tag)
    }
}

/// What is known of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The rank that sent it.
    pub source: usize,
    /// Its tag.
    pub tag: i32,
    /// Its length in bytes.
    pub bytes: usize,
}

impl Status {
    pub(crate) fn of(status: engine::Status) -> Status {
        Status { source: status.source, tag: status.tag, bytes: status.bytes }
    }

    /// Its length in values of `T`.
    pub fn count<T: wire::Wire>(&self) -> usize {
        self.bytes.checked_div(T::BYTES).unwrap_or(0)
    }
}
