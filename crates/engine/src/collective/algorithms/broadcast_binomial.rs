//! Broadcast on a binomial tree, the largest subtree first.
//!
//! ⌈log2 n⌉·(L + m·β); n - 1 messages of m bytes.

use super::tree::{Edge, ceil_log2, edge};
use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(ceil_log2(case.size))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let level = ceil_log2(role.size) - 1 - k;
    let blocks = Buffer::Output.block(0);
    match edge(role.rank, role.size, level) {
        Edge::None => {}
        Edge::Parent(from) => out.push(Step::Receive { from, blocks }),
        Edge::Child(to) => out.push(Step::Send { to, blocks }),
    }
}

pub fn cost(case: &Case) -> Cost {
    let rounds = ceil_log2(case.size);
    Cost::steps(rounds, rounds as u64 * case.bytes())
}

pub fn traffic(case: &Case) -> Traffic {
    let messages = case.size as u64 - 1;
    Traffic::new(messages, messages * case.bytes())
}
