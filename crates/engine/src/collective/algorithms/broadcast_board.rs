//! Broadcast on the board: the root publishes, the others fetch.
//!
//! No message; one cell written, one read by each member.

use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(_case: &Case, _rank: u32) -> Plan {
    Plan::rounds(2)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let blocks = Buffer::Output.block(0);
    match (role.rank, k) {
        (0, 0) => out.push(Step::Publish { blocks }),
        (0, _) => {}
        (_, 0) => out.push(Step::Await { of: 0, count: 1 }),
        (_, _) => out.push(Step::Fetch { of: 0, count: 1, skip: 0, into: blocks }),
    }
}

pub fn cost(case: &Case) -> Cost {
    Cost { cells: 2, copied: 2 * case.bytes(), ..Cost::default() }
}

pub fn traffic(_case: &Case) -> Traffic {
    Traffic::default()
}
