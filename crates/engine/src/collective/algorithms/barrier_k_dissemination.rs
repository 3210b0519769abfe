//! Barrier by dissemination with three signals in each round.
//!
//! ⌈log4 n⌉ rounds. D. Hensgen, R. Finkel, U. Manber, 1988 (see dissemination); k-way as in MPICH.

use super::all_gather_k_bruck::{self, RADIX};
use super::tree::levels;
use crate::collective::{Case, Cost, Plan, Range, Role, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(levels(case.size, RADIX))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    for distance in (1..RADIX).map(|i| i * RADIX.pow(k)).filter(|distance| *distance < role.size) {
        out.push(Step::Send { to: role.up(distance), blocks: Range::NOTHING });
        out.push(Step::Receive { from: role.down(distance), blocks: Range::NOTHING });
    }
}

pub fn cost(case: &Case) -> Cost {
    Cost { bytes: 0, copied: 0, ..all_gather_k_bruck::cost(case) }
}

pub fn traffic(case: &Case) -> Traffic {
    Traffic { bytes: 0, ..all_gather_k_bruck::traffic(case) }
}
