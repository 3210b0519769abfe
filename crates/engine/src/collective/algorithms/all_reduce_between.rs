//! All-reduce between two groups: each side combines on a binomial tree, the first members of the sides exchange, and give
//! what they got to their sides. The order of operands is kept.
//!
//! (2·⌈log2 c⌉ + 1)·(L + m·β) + ⌈log2 c⌉·m·γ with c members on the larger side; 2·(n - 1) messages of m bytes.

use super::accumulate::Accumulator;
use super::sides::{Side, climb, climbing, descend, larger, larger_of};
use super::tree::ceil_log2;
use crate::collective::{Buffer, Case, Cost, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let levels = ceil_log2(larger(case));
    Plan::rounds(1 + climbing(larger(case)) + 1 + levels).scratch(Scratch::Vectors(2))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let (own, other) = Side::seen(role);
    let sum = Accumulator::in_scratch_vector(role);
    let met = 1 + climbing(larger_of(role));
    match k {
        0 => sum.alone(1, out),
        k if k < met => climb(role, &sum, k - 1, out),
        k if k == met => {
            if role.rank == own.first {
                out.push(Step::Send { to: other.first, blocks: sum.partial(true, 0, 1) });
                out.push(Step::Receive { from: other.first, blocks: Buffer::Output.block(0) });
            }
        }
        k => {
            let rank = |number| own.first + number;
            descend(own.number(role.rank), own.size, k - met - 1, rank, Buffer::Output.block(0), out);
        }
    }
}

pub fn cost(case: &Case) -> Cost {
    let levels = ceil_log2(larger(case));
    let bytes = levels as u64 * case.bytes();
    Cost::steps(2 * levels + 1, 2 * bytes + case.bytes()).reducing(bytes).copying(case.bytes())
}

pub fn traffic(case: &Case) -> Traffic {
    let messages = 2 * (case.size as u64 - 1);
    Traffic::new(messages, messages * case.bytes())
}
