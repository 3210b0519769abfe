//! All-to-all on the board: everybody publishes all its blocks and fetches its own from each cell.
//!
//! No message; each member writes one cell and reads n - 1.

use super::all_to_all_pairwise::keep_own;
use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(_case: &Case, _rank: u32) -> Plan {
    Plan::rounds(3)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    match k {
        0 => {
            out.push(Step::Publish { blocks: Buffer::Input.blocks(0, role.size) });
            keep_own(role, out);
        }
        1 => out.push(Step::Await { of: 0, count: role.size }),
        _ => out.extend((0..role.size).filter(|of| *of != role.rank).map(|of| Step::Fetch {
            of,
            count: 1,
            skip: role.rank,
            into: Buffer::Output.block(of),
        })),
    }
}

pub fn cost(case: &Case) -> Cost {
    Cost { cells: 1 + case.size as u64, copied: 2 * case.cell_bytes(), ..Cost::default() }
}

pub fn traffic(_case: &Case) -> Traffic {
    Traffic::default()
}
