//! What can be wrong with a schedule.

use super::value::Value;
use crate::collective::{Buffer, Range, Step, Traffic};

/// A member that waits for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The member, in the schedule's numbering.
    pub rank: u32,
    /// Its round.
    pub round: u32,
    /// The step that doesn't complete.
    pub step: Step,
}

/// What is wrong with a schedule. Ranks are in the schedule's numbering, elements from a buffer's start.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// These members wait for ever.
    Deadlock(Vec<Waiting>),
    /// Two steps of a round touch the same bytes and one writes them.
    Overlap {
        /// The member.
        rank: u32,
        /// Its round.
        round: u32,
        /// Where.
        buffer: Buffer,
        /// The first such element.
        element: u64,
    },
    /// Blocks that don't exist, or that a message or reduction touches although they lie apart.
    Place {
        /// The member.
        rank: u32,
        /// Its round.
        round: u32,
        /// The blocks.
        blocks: Range,
    },
    /// A message, copy or reduction between runs of different sizes.
    Size {
        /// The member (of a message: the receiver).
        rank: u32,
        /// Its round.
        round: u32,
        /// Elements at the source.
        from: u64,
        /// Elements at the destination.
        into: u64,
    },
    /// A member sends to itself, to nobody, or twice to the same member in one round (or receives so).
    Peer {
        /// The member.
        rank: u32,
        /// Its round.
        round: u32,
        /// The peer.
        peer: u32,
    },
    /// A step writes into the caller's input.
    WritesInput {
        /// The member.
        rank: u32,
        /// Its round.
        round: u32,
    },
    /// A step reads an element that was never written.
    Unwritten {
        /// The member.
        rank: u32,
        /// Its round.
        round: u32,
        /// Where.
        buffer: Buffer,
        /// The element.
        element: u64,
    },
    /// Operands that don't follow one another, that contain a contribution twice, or of different elements.
    Operands {
        /// The member.
        rank: u32,
        /// Its round.
        round: u32,
        /// The left operand.
        left: Value,
        /// The right operand.
        right: Value,
    },
    /// A cell that is published twice, fetched without having been awaited, or too small.
    Board {
        /// The member.
        rank: u32,
        /// Its round.
        round: u32,
        /// The cell's owner.
        of: u32,
    },
    /// An element of an output that isn't what it should be.
    Output {
        /// The member, by its rank in the communicator.
        rank: u32,
        /// The element.
        element: u64,
        /// What is there.
        found: Option<Value>,
        /// What should be there; `None` outside the blocks.
        expected: Option<Value>,
    },
    /// Other messages or bytes than stated.
    Count {
        /// What was sent.
        found: Traffic,
        /// What the table states.
        stated: Traffic,
    },
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Fault::Deadlock(waiting) => {
                write!(f, "deadlock:")?;
                waiting.iter().try_for_each(|w| {
                    write!(f, " rank {} waits in round {} for {:?};", w.rank, w.round, w.step)
                })
            }
            other => write!(f, "{other:?}"),
        }
    }
}

impl std::error::Error for Fault {}
