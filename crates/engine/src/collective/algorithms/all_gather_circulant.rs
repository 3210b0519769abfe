//! All-gather on a circulant graph: what everybody holds is doubled in each round, to n halved again and again, rounded up,
//! so that the messages of a round are as even as can be; at the end the blocks are turned into place.
//!
//! ⌈log2 n⌉·L + (n - 1)·m·β; n·⌈log2 n⌉ messages. J. L. Träff: Optimal, non-pipelined reduce-scatter and allreduce
//! algorithms, 2024.

use super::all_gather_ring::contribution;
use super::circulant;
use super::tree::ceil_log2;
use crate::collective::{Buffer, Case, Plan, Role, Scratch, Step};

pub use super::all_gather_bruck::{cost, traffic};

pub fn plan(case: &Case, rank: u32) -> Plan {
    let plan = Plan::rounds(ceil_log2(case.size) + 2);
    plan.scratch(Scratch::Ranks { blocks: case.size, rotation: rank })
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let levels = ceil_log2(role.size);
    if k == 0 {
        out.push(Step::Copy { from: contribution(role), into: Buffer::Scratch.block(0) });
    } else if k <= levels {
        circulant::gather(role, k - 1, out);
    } else {
        circulant::store(role, out);
    }
}
