//! All-reduce on the board: everybody publishes its vector and combines all cells in order of rank, so that all get
//! bitwise the same.
//!
//! No message; each member writes one cell, reads n and combines n - 1.

use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(_case: &Case, _rank: u32) -> Plan {
    Plan::rounds(3)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    out.push(match k {
        0 => Step::Publish { blocks: role.own().block(0) },
        1 => Step::Await { of: 0, count: role.size },
        _ => Step::Fetch { of: 0, count: role.size, skip: 0, into: Buffer::Output.block(0) },
    });
}

pub fn cost(case: &Case) -> Cost {
    let n = case.size as u64;
    Cost { cells: 1 + n, copied: 2 * case.bytes(), reduced: (n - 1) * case.bytes(), ..Cost::default() }
}

pub fn traffic(_case: &Case) -> Traffic {
    Traffic::default()
}
