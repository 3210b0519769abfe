//! Scan on the board: everybody publishes its vector and combines the cells up to its own.
//!
//! No message; the last member reads n cells and combines n - 1.

use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(_case: &Case, _rank: u32) -> Plan {
    Plan::rounds(3)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let count = role.rank + 1;
    out.push(match k {
        0 => Step::Publish { blocks: role.own().block(0) },
        1 => Step::Await { of: 0, count },
        _ => Step::Fetch { of: 0, count, skip: 0, into: Buffer::Output.block(0) },
    });
}

pub fn cost(case: &Case) -> Cost {
    super::all_reduce_board::cost(case)
}

pub fn traffic(_case: &Case) -> Traffic {
    Traffic::default()
}
