//! Broadcast to the other of two groups: a binomial tree of the root and all of the other side.
//!
//! ⌈log2 (b + 1)⌉·(L + m·β) and b messages of m bytes to a side of b members.

use super::sides::{Side, descend, larger};
use super::tree::ceil_log2;
use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(ceil_log2(larger(case) + 1))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let (roots, others) = Side::of(role.root, role.size, role.sides);
    let index = match role.rank {
        rank if rank == role.root => 0,
        rank if roots.ranks().contains(&rank) => return,
        rank => others.number(rank) + 1,
    };
    let rank = |index: u32| if index == 0 { role.root } else { others.first + index - 1 };
    descend(index, others.size + 1, k, rank, Buffer::Output.block(0), out);
}

pub fn cost(case: &Case) -> Cost {
    let rounds = ceil_log2(larger(case) + 1);
    Cost::steps(rounds, rounds as u64 * case.bytes())
}

/// As if the larger side got it.
pub fn traffic(case: &Case) -> Traffic {
    let messages = larger(case) as u64;
    Traffic::new(messages, messages * case.bytes())
}
