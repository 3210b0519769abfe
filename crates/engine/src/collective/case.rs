//! What is asked of a collective: the facts that all members share, and one member's own part.

use super::area::Blocks;
use std::sync::Arc;

/// The collective operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Collective {
    /// Nobody leaves before everybody has entered.
    Barrier,
    /// The root's vector reaches everybody.
    Broadcast,
    /// The root gets everybody's block, in order of rank.
    Gather,
    /// Everybody gets its block of the root's.
    Scatter,
    /// Everybody gets everybody's block, in order of rank.
    AllGather,
    /// Everybody sends one block to each and gets one from each.
    AllToAll,
    /// The root gets the combination of everybody's vectors, in order of rank.
    Reduce,
    /// Everybody gets the combination of everybody's vectors, in order of rank.
    AllReduce,
    /// Everybody gets the combination of the vectors of the ranks up to its own.
    Scan,
}

impl Collective {
    /// All of them.
    pub const ALL: [Collective; 9] = [
        Collective::Barrier,
        Collective::Broadcast,
        Collective::Gather,
        Collective::Scatter,
        Collective::AllGather,
        Collective::AllToAll,
        Collective::Reduce,
        Collective::AllReduce,
        Collective::Scan,
    ];

    /// Its name as in `archi info --collectives` and when an algorithm is forced.
    pub fn name(self) -> &'static str {
        match self {
            Collective::Barrier => "barrier",
            Collective::Broadcast => "broadcast",
            Collective::Gather => "gather",
            Collective::Scatter => "scatter",
            Collective::AllGather => "all-gather",
            Collective::AllToAll => "all-to-all",
            Collective::Reduce => "reduce",
            Collective::AllReduce => "all-reduce",
            Collective::Scan => "scan",
        }
    }

    /// Whether one member is the root.
    pub fn has_root(self) -> bool {
        matches!(self, Collective::Broadcast | Collective::Gather | Collective::Scatter | Collective::Reduce)
    }

    /// Whether it combines values with an operator.
    pub fn reduces(self) -> bool {
        matches!(self, Collective::Reduce | Collective::AllReduce | Collective::Scan)
    }

    /// Whether its buffers hold one block per rank (otherwise one vector that an algorithm may cut as it likes).
    pub fn by_rank(self) -> bool {
        matches!(
            self,
            Collective::Gather | Collective::Scatter | Collective::AllGather | Collective::AllToAll
        )
    }
}

/// The facts of a call that all members know alike; what an algorithm is chosen from, so that all choose the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Case {
    /// Which operation.
    pub collective: Collective,
    /// How many members.
    pub size: u32,
    /// Elements of the vector, or of one rank's block. In a vector form: the mean of the blocks where all
    /// members know all of them (all-gather), else 0.
    pub elements: u64,
    /// Bytes of an element.
    pub element_bytes: u64,
    /// Whether it is a vector form: one block per rank, each of its own size.
    pub listed: bool,
    /// Whether every member's contribution lies in its output. Only where all do so or none: all-gather,
    /// all-to-all, all-reduce, scan.
    pub in_place: bool,
    /// Whether the operator commutes (true where there is none). All operators are associative.
    pub commutative: bool,
    /// Bytes of a cell of the communicator's board, if all members share one host and have a board.
    pub board: Option<u64>,
    /// Whether every member can read every other's memory.
    pub reads: bool,
}

impl Case {
    /// A case of equal blocks, elsewhere, commutative, without a board.
    pub fn new(collective: Collective, size: u32, elements: u64, element_bytes: u64) -> Case {
        Case {
            collective,
            size,
            elements,
            element_bytes,
            listed: false,
            in_place: false,
            commutative: true,
            board: None,
            reads: false,
        }
    }

    /// Bytes of the vector, or of one rank's block.
    pub fn bytes(&self) -> u64 {
        self.elements.saturating_mul(self.element_bytes)
    }

    /// Bytes that the member with the most to say publishes in a board algorithm.
    pub fn cell_bytes(&self) -> u64 {
        match self.collective {
            Collective::Barrier => 0,
            Collective::Scatter | Collective::AllToAll => self.bytes().saturating_mul(self.size as u64),
            _ => self.bytes(),
        }
    }
}

/// The sizes of a member's buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lengths {
    /// As the case says.
    Alike,
    /// One block of so many bytes: this member's own in a vector form.
    Bytes(u64),
    /// One block per rank, each of its own size and place.
    Listed(Arc<Blocks>),
}

/// One member's part in a collective.
#[derive(Clone, Debug)]
pub struct Call {
    /// What all members share.
    pub case: Case,
    /// Who asks.
    pub rank: u32,
    /// The root; 0 where there is none.
    pub root: u32,
    /// Whether this member's contribution lies in its output (gather, reduce: at the root; scatter: the root
    /// keeps its block where it is).
    pub in_place: bool,
    /// How its input is cut.
    pub input: Lengths,
    /// How its output is cut.
    pub output: Lengths,
}

impl Call {
    /// A call with equal blocks and separate buffers (unless the case is in place).
    pub fn new(case: Case, rank: u32, root: u32) -> Call {
        Call { case, rank, root, in_place: case.in_place, input: Lengths::Alike, output: Lengths::Alike }
    }
}
