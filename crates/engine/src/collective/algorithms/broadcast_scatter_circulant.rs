//! Broadcast by scattering n parts on a binomial tree and gathering them on a circulant graph, for any number of members.
//!
//! 2·⌈log2 n⌉·L + 2·m·(n - 1)/n·β; n - 1 + n·⌈log2 n⌉ messages.

use super::circulant;
use super::tree::{Edge, bytes_by_set_bits, ceil_log2, edge, subtree};
use crate::collective::{Buffer, Case, Cost, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, rank: u32) -> Plan {
    let plan = Plan::rounds(2 * ceil_log2(case.size) + 1).parts(case.size);
    plan.scratch(Scratch::Turned { copies: 1, first: rank })
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let levels = ceil_log2(role.size);
    match k {
        k if k < levels => scatter(role, k, levels - 1 - k, out),
        k if k < 2 * levels => circulant::gather(role, k - levels, out),
        _ if role.rank > 0 => circulant::store(role, out),
        _ => {}
    }
}

/// One level of the scatter. In the scratch memory a member's part comes first and those of its subtree follow.
fn scatter(role: &Role, k: u32, level: u32, out: &mut Vec<Step>) {
    if role.rank == 0 && k == 0 {
        out.push(Step::Copy { from: Buffer::Output.block(0), into: Buffer::Scratch.block(0) });
    }
    match edge(role.rank, role.size, level) {
        Edge::None => {}
        Edge::Parent(from) => {
            let blocks = Buffer::Scratch.blocks(0, subtree(role.rank, role.size));
            out.push(Step::Receive { from, blocks });
        }
        Edge::Child(to) => {
            let from = if role.rank == 0 { Buffer::Output } else { Buffer::Scratch };
            out.push(Step::Send { to, blocks: from.blocks(to - role.rank, subtree(to, role.size)) });
        }
    }
}

pub fn cost(case: &Case) -> Cost {
    let share = case.bytes() - case.bytes() / case.size as u64;
    Cost::steps(2 * ceil_log2(case.size), 2 * share).copying(case.bytes())
}

pub fn traffic(case: &Case) -> Traffic {
    let n = case.size as u64;
    let scattered = bytes_by_set_bits(case.elements, case.element_bytes, case.size);
    Traffic::new(n - 1 + n * ceil_log2(case.size) as u64, scattered + (n - 1) * case.bytes())
}
