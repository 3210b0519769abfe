//! All-to-all straight, up to 32 members at a time, each starting with the one after it.
//!
//! ⌈(n - 1)/32⌉·L + (n - 1)·(o + m·β); n·(n - 1) messages.

use super::all_to_all_pairwise::{exchange, keep_own};
use crate::collective::{Case, Cost, Plan, Role, Step, Traffic};

/// Messages each way that a member has under way at a time.
pub(super) const WINDOW: u32 = 32;

/// How many rounds that takes.
pub(super) fn windows(size: u32) -> u32 {
    (size - 1).div_ceil(WINDOW).max(1)
}

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(windows(case.size))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    if k == 0 {
        keep_own(role, out);
    }
    let first = 1 + k * WINDOW;
    for distance in first..(first + WINDOW).min(role.size) {
        exchange(role, distance, out);
    }
}

pub fn cost(case: &Case) -> Cost {
    let others = case.size as u64 - 1;
    Cost {
        latencies: others.div_ceil(WINDOW as u64),
        messages: others,
        bytes: others * case.bytes(),
        copied: case.bytes(),
        ..Cost::default()
    }
}

pub fn traffic(case: &Case) -> Traffic {
    super::all_to_all_pairwise::traffic(case)
}
