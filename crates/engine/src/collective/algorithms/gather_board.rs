//! Gather on the board: everybody publishes its block, the root fetches them.
//!
//! No message; the root reads n - 1 cells.

use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(_case: &Case, _rank: u32) -> Plan {
    Plan::rounds(2)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let others = role.size - 1;
    match (role.rank, k) {
        (0, 0) if others > 0 => out.push(Step::Await { of: 1, count: others }),
        (0, 1) => {
            out.extend((1..role.size).map(|of| Step::Fetch {
                of,
                count: 1,
                skip: 0,
                into: Buffer::Output.block(of),
            }));
            if !role.in_place {
                out.push(Step::Copy { from: Buffer::Input.block(0), into: Buffer::Output.block(0) });
            }
        }
        (1.., 0) => out.push(Step::Publish { blocks: Buffer::Input.block(0) }),
        _ => {}
    }
}

pub fn cost(case: &Case) -> Cost {
    let n = case.size as u64;
    Cost { cells: n, copied: n * case.bytes(), ..Cost::default() }
}

pub fn traffic(_case: &Case) -> Traffic {
    Traffic::default()
}
