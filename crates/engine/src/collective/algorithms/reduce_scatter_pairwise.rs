//! Reduce-scatter pairwise: in step k everybody sends the k-th member after it its contribution and combines that of
//! the k-th before. Operands are combined as they come, so the operator must commute.
//!
//! (n - 1)·(L + m·β + m·γ) with blocks of m bytes; n·(n - 1) messages.

use crate::collective::{Buffer, Case, Cost, Order, Plan, Role, Scratch, Step};

pub use super::all_to_all_pairwise::traffic;

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(2 * case.size).scratch(Scratch::OutputBlock)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let (own, spare) = (role.own().block(role.rank), Buffer::Scratch.block(role.rank));
    // In place the result grows where the contribution is, for its place may hold what is still to be sent.
    let sum = if role.in_place { own } else { role.result() };
    let step = k / 2 + 1;
    if step == role.size {
        let (from, into) = if k.is_multiple_of(2) { (own, spare) } else { (spare, role.result()) };
        if role.in_place {
            out.push(Step::Copy { from, into });
        } else if role.size == 1 && k == 0 {
            out.push(Step::Copy { from: own, into: sum });
        }
        return;
    }
    // What comes first takes the contribution, which must not be written.
    let first = step == 1 && !role.in_place;
    let arrival = if first { sum } else { spare };
    if k.is_multiple_of(2) {
        let to = role.up(step);
        out.push(Step::Send { to, blocks: role.own().block(to) });
        out.push(Step::Receive { from: role.down(step), blocks: arrival });
    } else {
        let from = if first { own } else { spare };
        out.push(Step::Reduce { from, into: sum, order: Order::Before });
    }
}

pub fn cost(case: &Case) -> Cost {
    let others = case.size - 1;
    let bytes = others as u64 * case.bytes();
    Cost::steps(others, bytes).reducing(bytes)
}
