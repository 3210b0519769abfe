//! Where a reduction's partial result lies, and how an arriving operand is combined with it without a copy.
//!
//! Until the first operand arrives, the partial result is the caller's own contribution where the caller put
//! it, which must not be written. So the first operand is received to where the result shall be and the
//! contribution is combined into it; later ones are received into a spare vector.

use crate::collective::{Buffer, Order, Range, Role, Step};

/// A member's partial result and its spare vector. Blocks are parts of the vector.
#[derive(Clone, Copy, Debug)]
pub struct Accumulator {
    own: Buffer,
    /// Buffer and first block of the partial result.
    result: (Buffer, u32),
    /// First block of the spare vector in the scratch memory.
    spare: u32,
    /// Whether the contribution was in the place of the result from the start.
    in_place: bool,
}

impl Accumulator {
    /// For a collective that leaves a result at every member: scratch memory is one vector (or one part).
    pub fn everywhere(role: &Role) -> Accumulator {
        Accumulator { own: role.own(), result: (Buffer::Output, 0), spare: 0, in_place: role.in_place }
    }

    /// For a tree that ends at rank 0: only there, and if it is the root, the result is the output. Scratch
    /// memory is two vectors.
    pub fn to_zero(role: &Role) -> Accumulator {
        let at_output = role.rank == 0 && role.root == 0;
        let result = if at_output { Buffer::Output } else { Buffer::Scratch };
        Accumulator {
            own: role.own(),
            result: (result, 0),
            spare: role.parts,
            in_place: role.in_place && at_output,
        }
    }

    /// For one that leaves it in scratch memory at any member: scratch memory is two vectors.
    pub fn in_scratch_vector(role: &Role) -> Accumulator {
        Accumulator { own: role.own(), result: (Buffer::Scratch, 0), spare: role.parts, in_place: false }
    }

    /// For a reduce-scatter, whose result grows in scratch memory: all ranks' blocks, and as many spare ones.
    pub fn in_scratch(role: &Role) -> Accumulator {
        Accumulator { own: role.own(), result: (Buffer::Scratch, 0), spare: role.size, in_place: false }
    }

    /// The same where the contribution was copied to the place of the result at the start.
    pub fn loaded(self) -> Accumulator {
        Accumulator { in_place: true, ..self }
    }

    /// Parts of the partial result, once something was combined into it (`loaded`) or before.
    pub fn partial(&self, loaded: bool, first: u32, count: u32) -> Range {
        if loaded || self.in_place {
            self.result.0.blocks(self.result.1 + first, count)
        } else {
            self.own.blocks(first, count)
        }
    }

    /// Where to receive an operand for these parts.
    pub fn arrival(&self, loaded: bool, first: u32, count: u32) -> Range {
        if loaded || self.in_place {
            self.spare(first, count)
        } else {
            self.result.0.blocks(self.result.1 + first, count)
        }
    }

    /// Blocks of the spare vector, and of those behind it.
    pub fn spare(&self, first: u32, count: u32) -> Range {
        Buffer::Scratch.blocks(self.spare + first, count)
    }

    /// Combines what arrived for these parts, which stands on the side `order` of the partial result.
    pub fn combine(&self, loaded: bool, first: u32, count: u32, order: Order) -> Step {
        let result = self.result.0.blocks(self.result.1 + first, count);
        if loaded || self.in_place {
            Step::Reduce { from: self.spare(first, count), into: result, order }
        } else {
            Step::Reduce { from: self.own.blocks(first, count), into: result, order: order.flipped() }
        }
    }

    /// Copies the contribution to the result where nothing arrives at all.
    pub fn alone(&self, count: u32, out: &mut Vec<Step>) {
        if !self.in_place {
            out.push(Step::Copy {
                from: self.own.blocks(0, count),
                into: self.result.0.blocks(self.result.1, count),
            });
        }
    }
}
