//! A schedule: an algorithm applied to one member's part in a call.

use super::area::{Area, Span};
use super::case::{Call, Case, Collective, Lengths};
use super::step::{Buffer, Range, Step};
use super::table::Algorithm;

/// The scratch memory that an algorithm needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scratch {
    /// None.
    Nothing,
    /// So many copies of the vector, cut as the plan cuts it.
    Vectors(u32),
    /// Room for any one part of the vector.
    Part,
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
    /// Into how many parts the vector is cut. The same at all members.
    pub parts: u32,
    /// The member's scratch memory.
    pub scratch: Scratch,
}

impl Plan {
    /// A plan of so many rounds on uncut vectors, without scratch memory.
    pub fn rounds(rounds: u32) -> Plan {
        Plan { rounds, parts: 1, scratch: Scratch::Nothing }
    }

    /// The same with the vector cut.
    pub fn parts(self, parts: u32) -> Plan {
        Plan { parts, ..self }
    }

    /// The same with scratch memory.
    pub fn scratch(self, scratch: Scratch) -> Plan {
        Plan { scratch, ..self }
    }
}

/// Who a member is within a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its rank, relative to the root.
    pub rank: u32,
    /// How many members.
    pub size: u32,
    /// The root's rank in this numbering: 0, but for a reduction whose operator doesn't commute, where ranks
    /// must stay in the communicator's order.
    pub root: u32,
    /// Into how many parts the vector is cut.
    pub parts: u32,
    /// Whether this member's contribution lies in its output.
    pub in_place: bool,
}

impl Role {
    /// Where this member's contribution lies.
    pub fn own(&self) -> Buffer {
        if self.in_place { Buffer::Output } else { Buffer::Input }
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
    /// What is added to a rank of the schedule to get the communicator's.
    shift: u32,
    input: Area,
    output: Area,
    scratch: Area,
}

impl Schedule {
    /// The schedule of `algorithm`, which must fit the case, for one member.
    pub fn new(algorithm: &'static Algorithm, call: &Call) -> Schedule {
        let case = &call.case;
        debug_assert!(algorithm.fits(case), "{} doesn't fit {case:?}", algorithm.name);
        let ordered = case.collective == Collective::Reduce && !case.commutative;
        let shift = if case.collective.has_root() && !ordered { call.root } else { 0 };
        let rank = (call.rank + case.size - shift) % case.size;
        let plan = (algorithm.plan)(case, rank);
        let at_root = call.rank == call.root;
        let role = Role {
            rank,
            size: case.size,
            root: if ordered { call.root } else { 0 },
            parts: plan.parts,
            in_place: call.in_place && (at_root || !case.collective.has_root()),
        };
        let (input, output) = areas(call, &plan, role.in_place, at_root);
        let scratch = scratch(case, &plan, &output);
        Schedule { algorithm, role, rounds: plan.rounds, shift, input, output, scratch }
    }

    /// The algorithm.
    pub fn algorithm(&self) -> &'static Algorithm {
        self.algorithm
    }

    /// How many rounds there are, empty ones included.
    pub fn rounds(&self) -> u32 {
        self.rounds
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
        ((rank as u64 + self.shift as u64) % self.role.size as u64) as u32
    }

    /// This member's rank in the schedule's numbering.
    pub fn rank(&self) -> u32 {
        self.role.rank
    }

    /// How a buffer is cut into the blocks that the steps speak of.
    #[inline]
    pub fn area(&self, buffer: Buffer) -> &Area {
        match buffer {
            Buffer::Input => &self.input,
            Buffer::Output => &self.output,
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
    let vector = Area::Even {
        elements: case.elements,
        element_bytes: case.element_bytes,
        parts: plan.parts,
        copies: 1,
    };
    let one = |lengths: &Lengths| match lengths {
        Lengths::Bytes(bytes) => Area::Equal { blocks: 1, bytes: *bytes, rotation: 0 },
        Lengths::Alike | Lengths::Listed(_) => Area::Equal { blocks: 1, bytes: case.bytes(), rotation: 0 },
    };
    let all = |lengths: &Lengths| match lengths {
        Lengths::Listed(list) => Area::Listed { list: list.clone(), rotation: call.root },
        _ => Area::Equal { blocks: case.size, bytes: case.bytes(), rotation: call.root },
    };
    let unless = |absent: bool, area: Area| if absent { Area::Absent } else { area };
    match case.collective {
        Collective::Barrier => (Area::Absent, Area::Absent),
        Collective::Broadcast => (Area::Absent, vector),
        Collective::Gather => (unless(in_place, one(&call.input)), unless(!at_root, all(&call.output))),
        Collective::Scatter => (unless(!at_root, all(&call.input)), unless(in_place, one(&call.output))),
        Collective::AllGather => (unless(in_place, one(&call.input)), all(&call.output)),
        Collective::AllToAll => (unless(in_place, all(&call.input)), all(&call.output)),
        Collective::Reduce => (unless(in_place, vector.clone()), unless(!at_root, vector)),
        Collective::AllReduce | Collective::Scan => (unless(in_place, vector.clone()), vector),
    }
}

/// How the scratch memory is cut.
fn scratch(case: &Case, plan: &Plan, output: &Area) -> Area {
    let (elements, element_bytes, parts) = (case.elements, case.element_bytes, plan.parts);
    match plan.scratch {
        Scratch::Nothing => Area::Absent,
        Scratch::Vectors(copies) => Area::Even { elements, element_bytes, parts, copies },
        Scratch::Part => {
            Area::Slot { like: Box::new(Area::Even { elements, element_bytes, parts, copies: 1 }) }
        }
        Scratch::Ranks { blocks, rotation } => match output {
            Area::Listed { list, .. } => Area::Packed { list: list.clone(), rotation },
            _ => Area::Equal { blocks, bytes: case.bytes(), rotation: 0 },
        },
        Scratch::OutputBlock => Area::Slot { like: Box::new(output.clone()) },
    }
}
