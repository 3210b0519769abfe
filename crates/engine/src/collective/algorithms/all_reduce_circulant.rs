//! All-reduce on a circulant graph, for any number of members: reduce-scatter, then all-gather; see `circulant`. The
//! operator must commute.
//!
//! 2·⌈log2 n⌉·L + 2·m·(n - 1)/n·β + m·(n - 1)/n·γ; 2·n·⌈log2 n⌉ messages.

use super::circulant;
use super::tree::ceil_log2;
use crate::collective::{Case, Cost, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, rank: u32) -> Plan {
    let plan = Plan::rounds(3 * ceil_log2(case.size) + 2).parts(case.size);
    plan.scratch(Scratch::Turned { copies: 2, first: rank })
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let levels = ceil_log2(role.size);
    match k {
        0 => circulant::load(role, role.own(), out),
        k if k <= 2 * levels => circulant::scatter(role, k - 1, out),
        k if k <= 3 * levels => circulant::gather(role, k - 1 - 2 * levels, out),
        _ => circulant::store(role, out),
    }
}

pub fn cost(case: &Case) -> Cost {
    let share = case.bytes() - case.bytes() / case.size as u64;
    Cost::steps(2 * ceil_log2(case.size), 2 * share).reducing(share).copying(2 * case.bytes())
}

pub fn traffic(case: &Case) -> Traffic {
    let n = case.size as u64;
    Traffic::new(2 * n * ceil_log2(case.size) as u64, 2 * (n - 1) * case.bytes())
}
