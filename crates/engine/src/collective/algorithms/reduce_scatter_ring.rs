//! Reduce-scatter on a ring: the partial result of each block goes round once and ends at its owner. Operands are
//! combined in the ring's order, so the operator must commute.
//!
//! (n - 1)·(L + m·β + m·γ) with blocks of m bytes; n·(n - 1) messages, all between neighbours.

use crate::collective::{Buffer, Case, Order, Plan, Role, Scratch, Step};

pub use super::reduce_scatter_pairwise::cost;
pub use super::reduce_scatter_pairwise::traffic;

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(2 * case.size - 1).scratch(Scratch::Ranks { blocks: case.size, rotation: 0 })
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    if role.size == 1 {
        return alone(role, out);
    }
    let step = k / 2;
    if step == role.size - 1 {
        let from = Buffer::Scratch.block(role.rank);
        return out.push(Step::Copy { from, into: role.result() });
    }
    let (leaving, coming) = (role.down(step + 1), role.down(step + 2));
    let partial =
        |step: u32, block| if step == 0 { role.own().block(block) } else { Buffer::Scratch.block(block) };
    if k.is_multiple_of(2) {
        out.push(Step::Send { to: role.up(1), blocks: partial(step, leaving) });
        out.push(Step::Receive { from: role.down(1), blocks: Buffer::Scratch.block(coming) });
    } else {
        let (from, into) = (role.own().block(coming), Buffer::Scratch.block(coming));
        out.push(Step::Reduce { from, into, order: Order::After });
    }
}

/// The only member's contribution is the result.
pub(super) fn alone(role: &Role, out: &mut Vec<Step>) {
    if !role.in_place {
        out.push(Step::Copy { from: role.own().block(0), into: role.result() });
    }
}
