//! All-gather by Bruck's algorithm with three messages in each round: half as many rounds.
//!
//! ⌈log4 n⌉·L + 3·⌈log4 n⌉·o + (n - 1)·m·β. J. Bruck, C.-T. Ho et al., 1997, for k = 3 ports.

use super::all_gather_bruck::{cost_radix, plan_radix, round_radix, traffic_radix};
use crate::collective::{Case, Cost, Plan, Role, Step, Traffic};

pub(super) const RADIX: u32 = 4;

pub fn plan(case: &Case, rank: u32) -> Plan {
    plan_radix(case, rank, RADIX)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    round_radix(role, k, RADIX, out);
}

pub fn cost(case: &Case) -> Cost {
    cost_radix(case, RADIX)
}

pub fn traffic(case: &Case) -> Traffic {
    traffic_radix(case, RADIX)
}
