//! Scatter on the board: the root publishes all blocks, each member fetches its own.
//!
//! No message; one cell written, one read by each member.

use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(_case: &Case, _rank: u32) -> Plan {
    Plan::rounds(2)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    match (role.rank, k) {
        (0, 0) => {
            out.push(Step::Publish { blocks: Buffer::Input.blocks(0, role.size) });
            if !role.in_place {
                out.push(Step::Copy { from: Buffer::Input.block(0), into: Buffer::Output.block(0) });
            }
        }
        (0, _) => {}
        (_, 0) => out.push(Step::Await { of: 0, count: 1 }),
        (rank, _) => {
            out.push(Step::Fetch { of: 0, count: 1, skip: rank, into: Buffer::Output.block(0) });
        }
    }
}

pub fn cost(case: &Case) -> Cost {
    Cost { cells: 2, copied: case.cell_bytes() + case.bytes(), ..Cost::default() }
}

pub fn traffic(_case: &Case) -> Traffic {
    Traffic::default()
}
