//! All-gather on the board: everybody publishes its block and fetches the others'.
//!
//! No message; each member writes one cell and reads n - 1.

use super::all_gather_ring::contribution;
use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(_case: &Case, _rank: u32) -> Plan {
    Plan::rounds(3)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    match k {
        0 => {
            out.push(Step::Publish { blocks: contribution(role) });
            if !role.in_place {
                out.push(Step::Copy { from: contribution(role), into: Buffer::Output.block(role.rank) });
            }
        }
        1 => out.push(Step::Await { of: 0, count: role.size }),
        _ => out.extend((0..role.size).filter(|of| *of != role.rank).map(|of| Step::Fetch {
            of,
            count: 1,
            skip: 0,
            into: Buffer::Output.block(of),
        })),
    }
}

pub fn cost(case: &Case) -> Cost {
    let n = case.size as u64;
    Cost { cells: 1 + n, copied: (1 + n) * case.bytes(), ..Cost::default() }
}

pub fn traffic(_case: &Case) -> Traffic {
    Traffic::default()
}
