//! Reduce-scatter on a circulant graph, for any number of members; see `circulant`. The operator must commute.
//!
//! ⌈log2 n⌉·L + (n - 1)·(m·β + m·γ) with blocks of m bytes; n·⌈log2 n⌉ messages.

use super::reduce_scatter_ring::alone;
use super::tree::ceil_log2;
use super::{all_gather_bruck, circulant};
use crate::collective::{Buffer, Case, Cost, Plan, Role, Scratch, Step};

pub use super::all_gather_bruck::traffic;

pub fn plan(case: &Case, rank: u32) -> Plan {
    let plan = Plan::rounds(2 * ceil_log2(case.size) + 2);
    plan.scratch(Scratch::Ranks { blocks: 2 * case.size, rotation: rank })
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let last = 2 * ceil_log2(role.size) + 1;
    match k {
        _ if role.size == 1 => {
            if k == 0 {
                alone(role, out);
            }
        }
        0 => circulant::load(role, role.own(), out),
        k if k == last => {
            out.push(Step::Copy { from: Buffer::Scratch.block(0), into: role.result() });
        }
        k => circulant::scatter(role, k - 1, out),
    }
}

pub fn cost(case: &Case) -> Cost {
    let cost = all_gather_bruck::cost(case);
    cost.reducing(cost.bytes).copying((case.size as u64 + 1) * case.bytes())
}
