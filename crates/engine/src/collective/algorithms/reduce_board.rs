//! Reduce on the board: everybody publishes its vector, the root combines the cells in order of rank.
//!
//! No message; the root reads n cells.

use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(_case: &Case, _rank: u32) -> Plan {
    Plan::rounds(3)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let at_root = role.rank == role.root;
    match k {
        0 => out.push(Step::Publish { blocks: role.own().block(0) }),
        1 if at_root => out.push(Step::Await { of: 0, count: role.size }),
        2 if at_root => {
            out.push(Step::Fetch { of: 0, count: role.size, skip: 0, into: Buffer::Output.block(0) });
        }
        _ => {}
    }
}

pub fn cost(case: &Case) -> Cost {
    let n = case.size as u64;
    Cost { cells: 1 + n, copied: 2 * case.bytes(), reduced: (n - 1) * case.bytes(), ..Cost::default() }
}

pub fn traffic(_case: &Case) -> Traffic {
    Traffic::default()
}
