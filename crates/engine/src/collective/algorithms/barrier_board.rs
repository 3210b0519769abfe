//! Barrier on the board: everybody announces itself in its own cell and waits for all.
//!
//! No message; each member writes one cell and reads n.

use crate::collective::{Case, Cost, Plan, Range, Role, Step, Traffic};

pub fn plan(_case: &Case, _rank: u32) -> Plan {
    Plan::rounds(2)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    out.push(match k {
        0 => Step::Publish { blocks: Range::NOTHING },
        _ => Step::Await { of: 0, count: role.size },
    });
}

pub fn cost(case: &Case) -> Cost {
    Cost { cells: 1 + case.size as u64, ..Cost::default() }
}

pub fn traffic(_case: &Case) -> Traffic {
    Traffic::default()
}
