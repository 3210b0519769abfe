//! Barrier by dissemination: in round k everybody signals the member 2^k further on.
//!
//! ⌈log2 n⌉ rounds, n·⌈log2 n⌉ empty messages. D. Hensgen, R. Finkel, U. Manber: Two algorithms for barrier
//! synchronization, 1988.

use super::tree::ceil_log2;
use crate::collective::{Case, Cost, Plan, Range, Role, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(ceil_log2(case.size))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let distance = 1 << k;
    out.push(Step::Send { to: role.up(distance), blocks: Range::NOTHING });
    out.push(Step::Receive { from: role.down(distance), blocks: Range::NOTHING });
}

pub fn cost(case: &Case) -> Cost {
    Cost::steps(ceil_log2(case.size), 0)
}

pub fn traffic(case: &Case) -> Traffic {
    Traffic::new(case.size as u64 * ceil_log2(case.size) as u64, 0)
}
