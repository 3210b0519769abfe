//! Barrier straight: everybody signals everybody, up to 32 members at a time.
//!
//! ⌈(n - 1)/32⌉·L + (n - 1)·o; n·(n - 1) empty messages.

use super::all_to_all_scattered::{self, WINDOW, windows};
use crate::collective::{Case, Cost, Plan, Range, Role, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(windows(case.size))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let first = 1 + k * WINDOW;
    for distance in first..(first + WINDOW).min(role.size) {
        out.push(Step::Send { to: role.up(distance), blocks: Range::NOTHING });
        out.push(Step::Receive { from: role.down(distance), blocks: Range::NOTHING });
    }
}

pub fn cost(case: &Case) -> Cost {
    Cost { bytes: 0, copied: 0, ..all_to_all_scattered::cost(case) }
}

pub fn traffic(case: &Case) -> Traffic {
    Traffic { bytes: 0, ..all_to_all_scattered::traffic(case) }
}
