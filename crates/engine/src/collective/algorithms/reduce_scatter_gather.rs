//! Reduce by a reduce-scatter on a circulant graph, for any number of members, and a binomial tree that gathers the parts. The
//! operator must commute.
//!
//! 2·⌈log2 n⌉·L + 2·m·(n - 1)/n·β + m·(n - 1)/n·γ; n·⌈log2 n⌉ + n - 1 messages.

use super::circulant;
use super::tree::{Edge, bytes_by_set_bits, ceil_log2, edge, subtree};
use crate::collective::{Buffer, Case, Cost, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, rank: u32) -> Plan {
    let plan = Plan::rounds(3 * ceil_log2(case.size) + 2).parts(case.size);
    plan.scratch(Scratch::Turned { copies: 2, first: rank })
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let levels = ceil_log2(role.size);
    match k {
        0 => circulant::load(role, role.own(), out),
        k if k <= 2 * levels => circulant::scatter(role, k - 1, out),
        k if k <= 3 * levels => gather(role, k - 1 - 2 * levels, out),
        _ if role.rank == 0 => {
            out.push(Step::Copy { from: Buffer::Scratch.block(0), into: Buffer::Output.block(0) });
        }
        _ => {}
    }
}

/// One level of the gather. In the scratch memory a member's part comes first and those of its subtree follow.
fn gather(role: &Role, level: u32, out: &mut Vec<Step>) {
    match edge(role.rank, role.size, level) {
        Edge::None => {}
        Edge::Parent(to) => {
            out.push(Step::Send { to, blocks: Buffer::Scratch.blocks(0, subtree(role.rank, role.size)) });
        }
        Edge::Child(from) => {
            let into = if role.rank == 0 { Buffer::Output } else { Buffer::Scratch };
            let blocks = into.blocks(from - role.rank, subtree(from, role.size));
            out.push(Step::Receive { from, blocks });
        }
    }
}

pub fn cost(case: &Case) -> Cost {
    let part = case.bytes() / case.size as u64;
    let share = case.bytes() - part;
    Cost::steps(2 * ceil_log2(case.size), 2 * share).reducing(share).copying(case.bytes() + part)
}

pub fn traffic(case: &Case) -> Traffic {
    let n = case.size as u64;
    let gathered = bytes_by_set_bits(case.elements, case.element_bytes, case.size);
    Traffic::new(n * ceil_log2(case.size) as u64 + n - 1, (n - 1) * case.bytes() + gathered)
}
