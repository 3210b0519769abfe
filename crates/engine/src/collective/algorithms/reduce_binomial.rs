//! Reduce on a binomial tree. Each member combines runs of neighbouring ranks, so the order of operands is kept;
//! if the operator doesn't commute the tree ends at rank 0, which hands the result to the root.
//!
//! ⌈log2 n⌉·(L + m·β + m·γ); n - 1 messages of m bytes (n if handed over).

use super::accumulate::Accumulator;
use super::tree::{Edge, ceil_log2, edge, subtree};
use crate::collective::{Buffer, Case, Cost, Order, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, rank: u32) -> Plan {
    let plan = Plan::rounds(2 * ceil_log2(case.size) + 1);
    if subtree(rank, case.size) > 1 { plan.scratch(Scratch::Vectors(2)) } else { plan }
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let level = k / 2;
    if level == ceil_log2(role.size) {
        return hand_over(role, out);
    }
    let sum = Accumulator::to_zero(role);
    let loaded = level > 0;
    match (edge(role.rank, role.size, level), k.is_multiple_of(2)) {
        (Edge::Parent(to), true) => {
            let loaded = subtree(role.rank, role.size) > 1;
            out.push(Step::Send { to, blocks: sum.partial(loaded, 0, 1) });
        }
        (Edge::Child(from), true) => out.push(Step::Receive { from, blocks: sum.arrival(loaded, 0, 1) }),
        (Edge::Child(_), false) => out.push(sum.combine(loaded, 0, 1, Order::After)),
        _ => {}
    }
}

/// The last round of every reduction: the result goes from rank 0 to the root if that is another, or from input
/// to output if there is only one member.
pub(super) fn hand_over(role: &Role, out: &mut Vec<Step>) {
    let whole = Accumulator::to_zero(role).partial(true, 0, role.parts);
    if role.size == 1 {
        Accumulator::to_zero(role).alone(role.parts, out);
    } else if role.root == 0 {
        // The result grew where it belongs.
    } else if role.rank == 0 {
        out.push(Step::Send { to: role.root, blocks: whole });
    } else if role.rank == role.root {
        out.push(Step::Receive { from: 0, blocks: Buffer::Output.blocks(0, role.parts) });
    }
}

/// What the last round costs at most: the tables' formulas are for a root that may be any.
pub(super) fn hand_over_cost(case: &Case) -> Cost {
    if case.commutative || case.size == 1 { Cost::default() } else { Cost::steps(1, case.bytes()) }
}

pub fn cost(case: &Case) -> Cost {
    let levels = ceil_log2(case.size);
    let bytes = levels as u64 * case.bytes();
    let last = hand_over_cost(case);
    Cost::steps(levels + last.latencies as u32, bytes + last.bytes).reducing(bytes)
}

pub fn traffic(case: &Case) -> Traffic {
    let messages = case.size as u64 - 1;
    Traffic::new(messages, messages * case.bytes())
}
