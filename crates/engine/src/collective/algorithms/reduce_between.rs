//! Reduce from the other of two groups: a binomial tree there, whose first member hands the result to the root. The order of
//! operands is kept.
//!
//! (⌈log2 b⌉ + 1)·(L + m·β) + ⌈log2 b⌉·m·γ and b messages of m bytes from a side of b members.

use super::accumulate::Accumulator;
use super::sides::{Side, climb, climbing, larger, larger_of};
use super::tree::ceil_log2;
use crate::collective::{Buffer, Case, Cost, Plan, Role, Scratch, Step};

pub use super::broadcast_between::traffic;

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(1 + climbing(larger(case)) + 1).scratch(Scratch::Vectors(2))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let (_, givers) = Side::of(role.root, role.size, role.sides);
    let is_giver = givers.ranks().contains(&role.rank);
    let sum = Accumulator::in_scratch_vector(role);
    if k == 1 + climbing(larger_of(role)) {
        if role.rank == givers.first {
            out.push(Step::Send { to: role.root, blocks: sum.partial(true, 0, 1) });
        } else if role.rank == role.root {
            out.push(Step::Receive { from: givers.first, blocks: Buffer::Output.block(0) });
        }
    } else if is_giver {
        match k {
            0 => sum.alone(1, out),
            k => climb(role, &sum, k - 1, out),
        }
    }
}

pub fn cost(case: &Case) -> Cost {
    let levels = ceil_log2(larger(case));
    let bytes = levels as u64 * case.bytes();
    Cost::steps(levels + 1, bytes + case.bytes()).reducing(bytes).copying(case.bytes())
}
