//! All-gather by Bruck's algorithm, for any number of members: in round k everybody gets up to 2^k blocks from the
//! member 2^k further on; at the end the blocks are turned into place.
//!
//! ⌈log2 n⌉·L + (n - 1)·m·β; n·⌈log2 n⌉ messages. J. Bruck, C.-T. Ho et al.: Efficient algorithms for all-to-all
//! communications in multiport message-passing systems, 1997.

use super::all_gather_ring::contribution;
use super::tree::levels;
use crate::collective::{Buffer, Case, Cost, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, rank: u32) -> Plan {
    plan_radix(case, rank, 2)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    round_radix(role, k, 2, out);
}

pub fn cost(case: &Case) -> Cost {
    cost_radix(case, 2)
}

pub fn traffic(case: &Case) -> Traffic {
    traffic_radix(case, 2)
}

/// The same with messages to `radix` - 1 members in each of ⌈log n⌉ rounds to that base.
pub(super) fn plan_radix(case: &Case, rank: u32, radix: u32) -> Plan {
    let plan = Plan::rounds(levels(case.size, radix) + 1);
    plan.scratch(Scratch::Ranks { blocks: case.size, rotation: rank })
}

pub(super) fn round_radix(role: &Role, k: u32, radix: u32, out: &mut Vec<Step>) {
    if k == 0 {
        if !role.in_place {
            out.push(Step::Copy { from: contribution(role), into: Buffer::Output.block(role.rank) });
        }
        if role.size > 2 {
            out.push(Step::Copy { from: contribution(role), into: Buffer::Scratch.block(0) });
        }
    }
    if k == levels(role.size, radix) {
        return turn_into_place(role, out);
    }
    for (distance, count) in distances(role.size, radix, k) {
        let blocks = if k == 0 { contribution(role) } else { Buffer::Scratch.blocks(0, count) };
        out.push(Step::Send { to: role.down(distance), blocks });
        let blocks = Buffer::Scratch.blocks(distance, count);
        out.push(Step::Receive { from: role.up(distance), blocks });
    }
}

/// How far the messages of round `k` go, and how many blocks are in each.
pub(super) fn distances(size: u32, radix: u32, k: u32) -> impl Iterator<Item = (u32, u32)> {
    let held = radix.pow(k);
    (1..radix).map(move |i| i * held).filter(move |d| *d < size).map(move |d| (d, held.min(size - d)))
}

pub(super) fn cost_radix(case: &Case, radix: u32) -> Cost {
    let bytes = (case.size as u64 - 1) * case.bytes();
    let levels = levels(case.size, radix);
    let messages = (0..levels).map(|k| distances(case.size, radix, k).count() as u64).sum();
    Cost { latencies: levels as u64, messages, bytes, copied: bytes, ..Cost::default() }
}

pub(super) fn traffic_radix(case: &Case, radix: u32) -> Traffic {
    let n = case.size as u64;
    Traffic::new(n * cost_radix(case, radix).messages, n * (n - 1) * case.bytes())
}

/// Block i of the scratch memory is that of the i-th member from this one on.
fn turn_into_place(role: &Role, out: &mut Vec<Step>) {
    let behind = role.size - role.rank;
    let mut copy = |from, into, count| {
        if count > 0 {
            out.push(Step::Copy {
                from: Buffer::Scratch.blocks(from, count),
                into: Buffer::Output.blocks(into, count),
            });
        }
    };
    copy(1, role.rank + 1, behind - 1);
    copy(behind, 0, role.rank);
}
