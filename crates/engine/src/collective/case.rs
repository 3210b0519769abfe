//! What is asked of a collective: the facts that all members share, and one member's own part.

use super::area::Blocks;
use super::hosts::Spread;
use super::neighbourhood::Neighbourhood;
use crate::TypeTag;
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
    /// Everybody gets the combination of everybody's blocks for it, in order of rank.
    ReduceScatter,
    /// Everybody gets the combination of the vectors of the ranks up to its own.
    Scan,
    /// Everybody gets the combination of the vectors of the ranks before its own; rank 0 gets nothing.
    ExclusiveScan,
    /// Everybody gets its neighbours' blocks, in the order in which it names them.
    NeighbourAllGather,
    /// Everybody sends one block to each neighbour and gets one from each.
    NeighbourAllToAll,
}

impl Collective {
    /// All of them.
    pub const ALL: [Collective; 13] = [
        Collective::Barrier,
        Collective::Broadcast,
        Collective::Gather,
        Collective::Scatter,
        Collective::AllGather,
        Collective::AllToAll,
        Collective::Reduce,
        Collective::AllReduce,
        Collective::ReduceScatter,
        Collective::Scan,
        Collective::ExclusiveScan,
        Collective::NeighbourAllGather,
        Collective::NeighbourAllToAll,
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
            Collective::ReduceScatter => "reduce-scatter",
            Collective::Scan => "scan",
            Collective::ExclusiveScan => "exclusive-scan",
            Collective::NeighbourAllGather => "neighbour-all-gather",
            Collective::NeighbourAllToAll => "neighbour-all-to-all",
        }
    }

    /// Whether one member is the root.
    pub fn has_root(self) -> bool {
        matches!(self, Collective::Broadcast | Collective::Gather | Collective::Scatter | Collective::Reduce)
    }

    /// Whether it combines values with an operator.
    pub fn reduces(self) -> bool {
        matches!(
            self,
            Collective::Reduce
                | Collective::AllReduce
                | Collective::ReduceScatter
                | Collective::Scan
                | Collective::ExclusiveScan
        )
    }

    /// Whether its buffers hold one block per rank or neighbour (otherwise one vector that an algorithm may cut as it
    /// likes).
    pub fn by_rank(self) -> bool {
        matches!(
            self,
            Collective::Gather
                | Collective::Scatter
                | Collective::AllGather
                | Collective::AllToAll
                | Collective::ReduceScatter
                | Collective::NeighbourAllGather
                | Collective::NeighbourAllToAll
        )
    }

    /// Whether members exchange with their neighbours only.
    pub fn has_neighbours(self) -> bool {
        matches!(self, Collective::NeighbourAllGather | Collective::NeighbourAllToAll)
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
    /// members know all of them (all-gather, reduce-scatter), else 0.
    pub elements: u64,
    /// Bytes of an element.
    pub element_bytes: u64,
    /// Whether it is a vector form: one block per rank, each of its own size.
    pub listed: bool,
    /// Whether every member's contribution lies in its output. Only where all do so or none: all-gather,
    /// all-to-all, all-reduce, reduce-scatter, scans.
    pub in_place: bool,
    /// Whether the operator commutes (true where there is none). All operators are associative.
    pub commutative: bool,
    /// Bytes of a cell of the communicator's board, if all members share one host and have a board.
    pub board: Option<u64>,
    /// How the members are spread over hosts, if they are on several.
    pub spread: Option<Spread>,
    /// Between two groups: how many of the members, the first ones, are on the first side; else 0.
    pub sides: u32,
    /// Of a neighbourhood collective: the most neighbours that any member sends to.
    pub degree: u32,
}

impl Case {
    /// A case of equal blocks, elsewhere, commutative, without a board.
    #[inline]
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
            spread: None,
            sides: 0,
            degree: 0,
        }
    }

    /// Bytes of the vector, or of one rank's block.
    pub fn bytes(&self) -> u64 {
        self.elements.saturating_mul(self.element_bytes)
    }

    /// Elements of the vector, or of one rank's block, that fit a cell of the board beside those for the others.
    pub fn cell_elements(&self) -> u64 {
        let beside = match self.collective {
            Collective::Scatter | Collective::AllToAll | Collective::ReduceScatter => self.size as u64,
            _ => 1,
        };
        self.board.unwrap_or(0) / beside / self.element_bytes.max(1)
    }

    /// Bytes of each of so many slots of a cell of the board, whose first words are aligned; 0 without a board.
    pub fn slot_bytes(&self, slots: u32) -> u64 {
        let bytes = self.board.unwrap_or(0) / slots.max(1) as u64;
        bytes - bytes % 8
    }

    /// Into how many pieces the vector, or one rank's block, is cut for the cells of the board.
    pub fn pieces(&self) -> u32 {
        self.elements.div_ceil(self.cell_elements().max(1)).clamp(1, u32::MAX as u64) as u32
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
    /// With whom it exchanges in a neighbourhood collective.
    pub neighbours: Option<Arc<Neighbourhood>>,
    /// The type of the elements: members that state different ones are told.
    pub of: TypeTag,
}

impl Call {
    /// Whether its numbers say all of it.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        matches!((&self.input, &self.output), (Lengths::Alike, Lengths::Alike)) && self.neighbours.is_none()
    }

    /// A call with equal blocks and separate buffers (unless the case is in place).
    #[inline]
    pub fn new(case: Case, rank: u32, root: u32) -> Call {
        let (input, output) = (Lengths::Alike, Lengths::Alike);
        Call {
            case,
            rank,
            root,
            in_place: case.in_place,
            input,
            output,
            neighbours: None,
            of: TypeTag::BYTES,
        }
    }
}
