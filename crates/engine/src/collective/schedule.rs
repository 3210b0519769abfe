//! A schedule: an algorithm applied to one member's part in a call.

use super::area::{Area, Blocks, Span, parts_of};
use super::case::{Call, Collective, Lengths};
use super::hosts::Hosts;
use super::neighbourhood::Neighbourhood;
use super::step::{Buffer, Range, Step};
use super::table::Algorithm;
use std::sync::Arc;

/// The scratch memory that an algorithm needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scratch {
    /// None.
    Nothing,
    /// So many copies of the vector, cut as the plan cuts it.
    Vectors(u32),
    /// The same, but with the parts behind one another from part `first` on, going round.
    Turned {
        /// How many.
        copies: u32,
        /// The part that stands first.
        first: u32,
    },
    /// Room for any one part of the vector.
    Part,
    /// So many blocks of the size of the member's own, or parts of the size of its own part.
    Own(u32),
    /// So many ranks' blocks, from that of `rotation` on.
    Ranks {
        /// How many.
        blocks: u32,
        /// Whose is block 0.
        rotation: u32,
    },
    /// Room for any one block of the output.
    OutputBlock,
}

/// What an algorithm needs for a case at one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How many rounds (empty ones included). The same at all members.
    pub rounds: u32,
    /// Into how many parts the vector, or every rank's block, is cut. The same at all members.
    pub parts: u32,
    /// Turns of the board that it takes. The same at all members.
    pub turns: u32,
    /// Into how many slots a cell of the board is cut. The same at all members.
    pub slots: u32,
    /// The member's scratch memory.
    pub scratch: Scratch,
}

impl Plan {
    /// A plan of so many rounds on uncut vectors, without scratch memory.
    pub fn rounds(rounds: u32) -> Plan {
        Plan { rounds, parts: 1, turns: 0, slots: 1, scratch: Scratch::Nothing }
    }

    /// The same with the vector cut.
    pub fn parts(self, parts: u32) -> Plan {
        Plan { parts, ..self }
    }

    /// The same with so many turns of the board.
    pub fn turns(self, turns: u32) -> Plan {
        Plan { turns, ..self }
    }

    /// The same with the cells cut into slots.
    pub fn slots(self, slots: u32) -> Plan {
        Plan { slots, ..self }
    }

    /// The same with scratch memory.
    pub fn scratch(self, scratch: Scratch) -> Plan {
        Plan { scratch, ..self }
    }
}

/// Who a member is within a schedule, and what it has.
#[derive(Clone, Debug)]
pub struct Role {
    /// The operation.
    pub collective: Collective,
    /// Its rank, relative to the root.
    pub rank: u32,
    /// How many members.
    pub size: u32,
    /// The root's rank in this numbering: 0, but for a reduction whose operator doesn't commute and between two groups, where
    /// ranks must stay in the communicator's order.
    pub root: u32,
    /// Into how many parts the vector is cut.
    pub parts: u32,
    /// What is added to a rank of the schedule to get the communicator's.
    pub shift: u32,
    /// On which hosts the members are, by their ranks in the communicator, if on several.
    pub hosts: Option<Arc<Hosts>>,
    /// Between two groups: how many members the first side has; else 0.
    pub sides: u32,
    /// Whether this member's contribution lies in its output.
    pub in_place: bool,
    /// Bytes of a slot of the board, its first word included; 0 without a board.
    pub slot_bytes: u64,
    /// How its input is cut.
    pub input: Area,
    /// How its output is cut.
    pub output: Area,
    /// With whom it exchanges in a neighbourhood collective.
    pub neighbours: Option<Arc<Neighbourhood>>,
}

/// Bytes at the start of a slot of the board, which hold the length of the block in it.
pub const SLOT_WORD_BYTES: u64 = 8;

impl Role {
    /// Where this member's contribution lies.
    pub fn own(&self) -> Buffer {
        if self.in_place { Buffer::Output } else { Buffer::Input }
    }

    /// Where the result of a reduce-scatter goes.
    pub fn result(&self) -> Range {
        Buffer::Output.block(if self.in_place { self.size * self.parts } else { 0 })
    }

    /// Bytes of blocks of the caller's buffers.
    pub fn bytes(&self, blocks: Range) -> u64 {
        let area = match blocks.buffer {
            Buffer::Input => &self.input,
            Buffer::Output => &self.output,
            Buffer::Scratch => return 0,
        };
        let each = |block| area.block(block).map_or(0, |span| span.bytes);
        (blocks.first..blocks.first + blocks.count).map(each).fold(0, u64::saturating_add)
    }

    /// Whether a block of the caller's buffers fits a slot of the board.
    pub fn fits_slot(&self, block: Range) -> bool {
        self.bytes(block).saturating_add(SLOT_WORD_BYTES) <= self.slot_bytes
    }

    /// The member that is `distance` behind this one on the circle.
    pub fn up(&self, distance: u32) -> u32 {
        ((self.rank as u64 + distance as u64) % self.size as u64) as u32
    }

    /// The member that is `distance` before this one on the circle.
    pub fn down(&self, distance: u32) -> u32 {
        self.up(self.size - distance % self.size)
    }
}

/// One member's schedule. Small, made on the stack for each call; it yields its rounds lazily.
#[derive(Clone, Debug)]
pub struct Schedule {
    algorithm: &'static Algorithm,
    role: Role,
    rounds: u32,
    turns: u32,
    scratch: Area,
    /// The call that it was made for, where its numbers say all of it.
    call: Option<Call>,
}

impl Schedule {
    /// The schedule of `algorithm`, which must fit the case, for one member.
    pub fn new(algorithm: &'static Algorithm, call: &Call) -> Schedule {
        Schedule::across(algorithm, call, None)
    }

    /// The same in a communicator whose members are on these hosts.
    pub fn across(algorithm: &'static Algorithm, call: &Call, hosts: Option<&Arc<Hosts>>) -> Schedule {
        let case = &call.case;
        debug_assert!(algorithm.fits(case), "{} doesn't fit {case:?}", algorithm.name);
        let ordered = case.collective == Collective::Reduce && !case.commutative;
        // Between two groups ranks stay as they are, too.
        let ordered = ordered || case.sides > 0;
        let shift = if case.collective.has_root() && !ordered { call.root } else { 0 };
        let rank = (call.rank + case.size - shift) % case.size;
        let plan = (algorithm.plan)(case, rank);
        let at_root = call.rank == call.root;
        let in_place = call.in_place && (at_root || !case.collective.has_root());
        let (input, output) = areas(call, &plan, in_place, at_root);
        // Who gives a whole vector may get none.
        let gives_all =
            matches!(case.collective, Collective::ReduceScatter | Collective::Reduce) && !in_place;
        let scratch = scratch(call, &plan, rank, if gives_all { &input } else { &output });
        let role = Role {
            collective: case.collective,
            rank,
            size: case.size,
            root: if ordered { call.root } else { 0 },
            parts: plan.parts,
            shift,
            hosts: hosts.filter(|_| case.spread.is_some()).cloned(),
            sides: case.sides,
            in_place,
            slot_bytes: case.slot_bytes(plan.slots),
            input,
            output,
            neighbours: call.neighbours.clone(),
        };
        // Neighbours that are so more than once exchange in as many turns.
        let rounds = plan.rounds + call.neighbours.as_ref().map_or(0, |neighbours| neighbours.more_rounds());
        let call = call.is_plain().then(|| call.clone());
        Schedule { algorithm, role, rounds, turns: plan.turns, scratch, call }
    }

    /// Whether it is what `new` would make, as far as that is told cheaply.
    #[inline]
    pub(super) fn is_of(
        &self,
        algorithm: &'static Algorithm,
        call: &Call,
        hosts: Option<&Arc<Hosts>>,
    ) -> bool {
        let same_hosts = match (&self.role.hosts, hosts) {
            (None, _) => true,
            (Some(mine), Some(hosts)) => Arc::ptr_eq(mine, hosts),
            (Some(_), None) => false,
        };
        let same = |mine: &Call| {
            (mine.case, mine.rank, mine.root, mine.in_place)
                == (call.case, call.rank, call.root, call.in_place)
        };
        same_hosts && self.algorithm == algorithm && call.is_plain() && self.call.as_ref().is_some_and(same)
    }

    /// The algorithm.
    pub fn algorithm(&self) -> &'static Algorithm {
        self.algorithm
    }

    /// How many rounds there are, empty ones included.
    pub fn rounds(&self) -> u32 {
        self.rounds
    }

    /// How many turns of the board it takes.
    pub fn turns(&self) -> u32 {
        self.turns
    }

    /// Bytes of a slot of the board, its first word included.
    pub fn slot_bytes(&self) -> u64 {
        self.role.slot_bytes
    }

    /// Whether block `number` of a publication in slots is there: that for an absent neighbour isn't.
    pub fn fills_slot(&self, number: u32) -> bool {
        match &self.role.neighbours {
            Some(neighbours) if self.role.collective == Collective::NeighbourAllToAll => {
                neighbours.destinations().get(number as usize).is_some_and(Option::is_some)
            }
            _ => true,
        }
    }

    /// Replaces `out` with the steps of round `round`; false if there is no such round.
    #[inline]
    pub fn round(&self, round: u32, out: &mut Vec<Step>) -> bool {
        out.clear();
        if round >= self.rounds {
            return false;
        }
        (self.algorithm.round)(&self.role, round, out);
        true
    }

    /// The communicator's rank of a rank of the schedule.
    #[inline]
    pub fn member(&self, rank: u32) -> u32 {
        ((rank as u64 + self.role.shift as u64) % self.role.size as u64) as u32
    }

    /// This member's rank in the schedule's numbering.
    pub fn rank(&self) -> u32 {
        self.role.rank
    }

    /// How a buffer is cut into the blocks that the steps speak of.
    #[inline]
    pub fn area(&self, buffer: Buffer) -> &Area {
        match buffer {
            Buffer::Input => &self.role.input,
            Buffer::Output => &self.role.output,
            Buffer::Scratch => &self.scratch,
        }
    }

    /// Where blocks lie, if behind one another: so it is for what messages and reductions touch.
    #[inline]
    pub fn span(&self, blocks: Range) -> Option<Span> {
        self.area(blocks.buffer).run(blocks.first, blocks.count)
    }

    /// Bytes of scratch memory to provide.
    pub fn scratch_bytes(&self) -> u64 {
        self.scratch.bytes()
    }
}

/// How the caller's two buffers are cut.
fn areas(call: &Call, plan: &Plan, in_place: bool, at_root: bool) -> (Area, Area) {
    let case = &call.case;
    let rotation = if case.sides > 0 { 0 } else { call.root };
    let even = |copies, rotation| Area::Even {
        elements: case.elements,
        element_bytes: case.element_bytes,
        parts: plan.parts,
        copies,
        rotation,
    };
    let vector = even(1, 0);
    let one = |lengths: &Lengths| match lengths {
        Lengths::Bytes(bytes) => Area::Equal { blocks: 1, bytes: *bytes, rotation: 0 },
        Lengths::Alike | Lengths::Listed(_) if plan.parts > 1 => vector.clone(),
        Lengths::Alike | Lengths::Listed(_) => Area::Equal { blocks: 1, bytes: case.bytes(), rotation: 0 },
    };
    let several = |lengths: &Lengths, blocks: u32| match lengths {
        Lengths::Listed(list) => Area::Listed { list: list.clone(), rotation },
        _ if plan.parts > 1 => even(blocks, rotation),
        _ => Area::Equal { blocks, bytes: case.bytes(), rotation },
    };
    let (first, second) = (case.sides, case.size - case.sides);
    let is_first = call.rank < first;
    // Between two groups there is a block for each of the other side; without, all are on the second.
    let peers = if is_first || first == 0 { second } else { first };
    let all = |lengths: &Lengths| several(lengths, peers);
    let unless = |absent: bool, area: Area| if absent { Area::Absent } else { area };
    let (sources, destinations) = match &call.neighbours {
        Some(neighbours) => (neighbours.sources().len() as u32, neighbours.destinations().len() as u32),
        None => (0, 0),
    };
    match case.collective {
        Collective::Barrier => (Area::Absent, Area::Absent),
        Collective::Broadcast => (Area::Absent, vector),
        Collective::Gather => (unless(in_place, one(&call.input)), unless(!at_root, all(&call.output))),
        Collective::Scatter => (unless(!at_root, all(&call.input)), unless(in_place, one(&call.output))),
        Collective::AllGather => (unless(in_place, one(&call.input)), all(&call.output)),
        Collective::AllToAll => (unless(in_place, all(&call.input)), all(&call.output)),
        Collective::Reduce => (unless(in_place, vector.clone()), unless(!at_root, vector)),
        Collective::AllReduce | Collective::Scan | Collective::ExclusiveScan => {
            (unless(in_place, vector.clone()), vector)
        }
        Collective::ReduceScatter if in_place => {
            let like = Box::new(all(&call.output));
            (Area::Absent, Area::Resulting { like, own: call.rank, parts: plan.parts })
        }
        // A vector has as many blocks as this side has members.
        Collective::ReduceScatter if first > 0 => {
            let blocks = if is_first { first } else { second };
            (several(&call.input, blocks), one(&call.output))
        }
        Collective::ReduceScatter => (all(&call.input), one(&call.output)),
        Collective::NeighbourAllGather => (one(&call.input), several(&call.output, sources)),
        Collective::NeighbourAllToAll => (several(&call.input, destinations), several(&call.output, sources)),
    }
}

/// How the scratch memory is cut; `like` is the caller's buffer that has a block for each rank.
fn scratch(call: &Call, plan: &Plan, rank: u32, like: &Area) -> Area {
    let case = &call.case;
    let (elements, element_bytes, parts) = (case.elements, case.element_bytes, plan.parts);
    let vectors = |copies| Area::Even { elements, element_bytes, parts, copies, rotation: 0 };
    match plan.scratch {
        Scratch::Nothing => Area::Absent,
        Scratch::Vectors(copies) => vectors(copies),
        Scratch::Turned { copies, first } => {
            let list = Blocks::packed(parts_of(elements, parts), element_bytes);
            Area::Packed { list: Arc::new(list), rotation: first, copies }
        }
        Scratch::Part => Area::Slot { like: Box::new(vectors(1)) },
        Scratch::Own(blocks) => {
            let own = like.block(rank).unwrap_or_default();
            Area::Equal { blocks, bytes: own.bytes, rotation: 0 }
        }
        Scratch::Ranks { blocks, rotation } => match like.list() {
            // Between two groups the list has a block for each member of one.
            Some(list) => {
                Area::Packed { list: list.clone(), rotation, copies: blocks.div_ceil(list.len().max(1)) }
            }
            None => Area::Equal { blocks, bytes: case.bytes(), rotation: 0 },
        },
        Scratch::OutputBlock => Area::Slot { like: Box::new(like.clone()) },
    }
}
