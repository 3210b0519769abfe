//! The words of a schedule: steps, the buffers they touch, and runs of blocks in them.

/// One of the buffers that a member of a collective has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Buffer {
    /// What the caller contributes. Never written.
    Input,
    /// What the caller gets. Holds the caller's contribution as well when the call is in place (and for a
    /// broadcast's root).
    Output,
    /// The schedule's own memory, of the size that its [`Plan`](super::Plan) states.
    Scratch,
}

/// A run of consecutive blocks of one buffer, in the schedule's numbering of that buffer's blocks (its
/// [`Area`](super::Area)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Range {
    /// Where.
    pub buffer: Buffer,
    /// The first block.
    pub first: u32,
    /// How many blocks; zero is an empty message.
    pub count: u32,
}

impl Range {
    /// No bytes at all: what a message of a barrier carries.
    pub const NOTHING: Range = Range { buffer: Buffer::Scratch, first: 0, count: 0 };
}

impl Step {
    /// Publishes neighbouring blocks, behind one another.
    pub fn publish(turn: u32, blocks: Range) -> Step {
        Step::Publish(Publication { turn, blocks, stride: 1, slots: false })
    }

    /// The turn of the board that it speaks of.
    pub fn turn(&self) -> Option<u32> {
        match *self {
            Step::Publish(Publication { turn, .. }) | Step::Await { turn, .. } | Step::Fetch { turn, .. } => {
                Some(turn)
            }
            _ => None,
        }
    }
}

impl Buffer {
    /// One block of this buffer.
    pub fn block(self, block: u32) -> Range {
        Range { buffer: self, first: block, count: 1 }
    }

    /// `count` blocks of this buffer, from `first` on.
    pub fn blocks(self, first: u32, count: u32) -> Range {
        Range { buffer: self, first, count }
    }
}

/// On which side of the operator the source of a reduction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// `into = from ∘ into`
    Before,
    /// `into = into ∘ from`
    After,
}

impl Order {
    /// The other side.
    pub fn flipped(self) -> Order {
        match self {
            Order::Before => Order::After,
            Order::After => Order::Before,
        }
    }
}

/// What a member puts into its cell of the board, at most once in a turn. A turn starts with the first round that
/// speaks of it; then this member is done with all turns before, so a round speaks of no turn lower than the highest
/// of the round before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Publication {
    /// The turn: how many publications of this schedule stand before it at any member.
    pub turn: u32,
    /// What; not necessarily behind one another in memory.
    pub blocks: Range,
    /// From each of the blocks to the next: 1 for neighbours.
    pub stride: u32,
    /// Whether each block goes to a slot of its own (its number in `blocks`), if it fits; else they stand behind one
    /// another.
    pub slots: bool,
}

impl Publication {
    /// The numbers of its blocks.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + use<> {
        let Publication { blocks, stride, .. } = *self;
        (0..blocks.count).map(move |i| blocks.first + i * stride)
    }
}

/// A place in a cell of the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Within {
    /// Behind other blocks.
    Packed {
        /// Bytes of those before it.
        skip: u64,
        /// Bytes of the whole publication: a member that published another number disagrees about the call.
        whole: u64,
    },
    /// In a slot of its own.
    Slot(u32),
}

/// One step of a schedule. The steps of a round are unordered and touch disjoint bytes (several may read the
/// same); a round starts when every step of the round before has completed at this member. Ranks are in the
/// schedule's numbering ([`Schedule::member`](super::Schedule::member) gives the communicator's).
///
/// A message is sent and received in rounds of the same number, and at most one goes from one member to
/// another in one round: (context, sequence of the collective, round, sender) names it, so it needs no tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Sends blocks, which lie behind one another in memory, to a member.
    Send {
        /// The receiver.
        to: u32,
        /// What.
        blocks: Range,
    },
    /// Receives exactly these blocks, which lie behind one another in memory, from a member.
    Receive {
        /// The sender.
        from: u32,
        /// Where to.
        blocks: Range,
    },
    /// Combines two runs of the same size, element by element, with the caller's operator.
    Reduce {
        /// One operand; unchanged.
        from: Range,
        /// The other operand, and the result.
        into: Range,
        /// On which side of the operator `from` stands.
        order: Order,
    },
    /// Copies runs of blocks of the same sizes. They need not lie behind one another.
    Copy {
        /// The source.
        from: Range,
        /// The destination.
        into: Range,
    },
    /// Copies blocks into this member's cell of the communicator's board and announces them.
    Publish(Publication),
    /// Waits until members have published. At most one in a round, and none in a round that publishes.
    Await {
        /// In which turn.
        turn: u32,
        /// The first of them.
        of: u32,
        /// How many, in order of rank.
        count: u32,
    },
    /// Copies out of the cell of a member that was awaited in an earlier round; out of several cells, whose
    /// contents it combines in order of rank with the caller's operator.
    Fetch {
        /// What was published in which turn.
        turn: u32,
        /// The first member.
        of: u32,
        /// How many members' cells are combined.
        count: u32,
        /// Where in the cell.
        at: Within,
        /// Where to.
        into: Range,
    },
}
