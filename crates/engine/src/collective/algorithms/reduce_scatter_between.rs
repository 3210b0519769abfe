//! Reduce-scatter between two groups: each side combines on a binomial tree, the first members of the sides exchange, and
//! give each of their sides its block. The order of operands is kept.
//!
//! (⌈log2 c⌉ + 2)·L + (⌈log2 c⌉ + 2)·v·β + ⌈log2 c⌉·v·γ with vectors of v bytes and c members on the larger side.

use super::accumulate::Accumulator;
use super::sides::{Side, climb, climbing, larger, larger_of};
use super::tree::ceil_log2;
use crate::collective::{Buffer, Case, Cost, Plan, Role, Scratch, Step, Traffic};

/// Vectors are as many blocks as this side has members, which are as long as all of the other's.
pub fn plan(case: &Case, rank: u32) -> Plan {
    let (own, _) = Side::of(rank, case.size, case.sides);
    let scratch = Scratch::Ranks { blocks: 2 * own.size, rotation: 0 };
    Plan::rounds(1 + climbing(larger(case)) + 2).scratch(scratch)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let (own, other) = Side::seen(role);
    let vector = Role { parts: own.size, ..role.clone() };
    let sum = Accumulator::in_scratch_vector(&vector);
    let met = 1 + climbing(larger_of(role));
    let is_first = role.rank == own.first;
    match k {
        0 => sum.alone(own.size, out),
        k if k < met => climb(&vector, &sum, k - 1, out),
        k if k == met && is_first => {
            out.push(Step::Send { to: other.first, blocks: sum.partial(true, 0, own.size) });
            out.push(Step::Receive { from: other.first, blocks: sum.arrival(true, 0, own.size) });
        }
        k if k > met && is_first => {
            let block = |number| sum.arrival(true, number, 1);
            out.push(Step::Copy { from: block(0), into: Buffer::Output.block(0) });
            let others = 1..own.size;
            out.extend(others.map(|number| Step::Send { to: own.first + number, blocks: block(number) }));
        }
        k if k > met => out.push(Step::Receive { from: own.first, blocks: Buffer::Output.block(0) }),
        _ => {}
    }
}

pub fn cost(case: &Case) -> Cost {
    let (levels, others) = (ceil_log2(larger(case)), larger(case) as u64 - 1);
    // Vectors are of one length on both sides; blocks are those of this side.
    let vector = larger(case) as u64 * case.bytes();
    let bytes = levels as u64 * vector;
    let steps = Cost::steps(levels + 1, bytes + 2 * vector).reducing(bytes).copying(vector);
    Cost { latencies: steps.latencies + 1, messages: steps.messages + others, ..steps }
}

/// Messages; of how many bytes, the case of one side doesn't say.
pub fn traffic(case: &Case) -> Traffic {
    let messages = 2 * (case.size as u64 - 2) + 2;
    Traffic::new(messages, messages * case.bytes())
}
