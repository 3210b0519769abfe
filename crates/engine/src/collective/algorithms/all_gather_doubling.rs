//! All-gather by recursive doubling, for powers of two and equal blocks: in round k groups of 2^k exchange all that
//! they have.
//!
//! log2 n·L + (n - 1)·m·β; n·log2 n messages.

use super::all_gather_ring::contribution;
use super::tree::floor_log2;
use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(floor_log2(case.size).max(1))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    if k == 0 && !role.in_place {
        out.push(Step::Copy { from: Buffer::Input.block(0), into: Buffer::Output.block(role.rank) });
    }
    if role.size == 1 {
        return;
    }
    let distance = 1 << k;
    let peer = role.rank ^ distance;
    let group = |rank: u32| Buffer::Output.blocks(rank & !(distance - 1), distance);
    let blocks = if k == 0 { contribution(role) } else { group(role.rank) };
    out.push(Step::Send { to: peer, blocks });
    out.push(Step::Receive { from: peer, blocks: group(peer) });
}

pub fn cost(case: &Case) -> Cost {
    Cost::steps(floor_log2(case.size), (case.size as u64 - 1) * case.bytes())
}

pub fn traffic(case: &Case) -> Traffic {
    let n = case.size as u64;
    Traffic::new(n * floor_log2(case.size) as u64, n * (n - 1) * case.bytes())
}
