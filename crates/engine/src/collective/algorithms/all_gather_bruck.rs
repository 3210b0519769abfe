//! All-gather by Bruck's algorithm, for any number of members: in round k everybody gets up to 2^k blocks from the
//! member 2^k further on; at the end the blocks are turned into place.
//!
//! ⌈log2 n⌉·L + (n - 1)·m·β; n·⌈log2 n⌉ messages. J. Bruck, C.-T. Ho et al.: Efficient algorithms for all-to-all
//! communications in multiport message-passing systems, 1997.

use super::all_gather_ring::contribution;
use super::tree::ceil_log2;
use crate::collective::{Buffer, Case, Cost, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, rank: u32) -> Plan {
    let plan = Plan::rounds(ceil_log2(case.size) + 1);
    plan.scratch(Scratch::Ranks { blocks: case.size, rotation: rank })
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    if k == 0 {
        if !role.in_place {
            out.push(Step::Copy { from: contribution(role), into: Buffer::Output.block(role.rank) });
        }
        if role.size > 2 {
            out.push(Step::Copy { from: contribution(role), into: Buffer::Scratch.block(0) });
        }
    }
    if k == ceil_log2(role.size) {
        return turn_into_place(role, out);
    }
    let distance = 1 << k;
    let count = distance.min(role.size - distance);
    let blocks = if k == 0 { contribution(role) } else { Buffer::Scratch.blocks(0, count) };
    out.push(Step::Send { to: role.down(distance), blocks });
    out.push(Step::Receive { from: role.up(distance), blocks: Buffer::Scratch.blocks(distance, count) });
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

pub fn cost(case: &Case) -> Cost {
    let bytes = (case.size as u64 - 1) * case.bytes();
    Cost::steps(ceil_log2(case.size), bytes).copying(bytes)
}

pub fn traffic(case: &Case) -> Traffic {
    let n = case.size as u64;
    Traffic::new(n * ceil_log2(case.size) as u64, n * (n - 1) * case.bytes())
}
