//! Broadcast by lending: the root announces its buffer on the board, the others read it in place and say when they
//! have done so.
//!
//! No message; every member copies m bytes once, all at the same time.

use crate::collective::{Buffer, Case, Cost, Plan, Range, Role, Step, Traffic};

pub fn plan(_case: &Case, _rank: u32) -> Plan {
    Plan::rounds(3).turns(1)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let blocks = Buffer::Output.block(0);
    match (role.rank, k) {
        (0, 0) => out.push(Step::publish(0, Range::NOTHING)),
        (0, 1) if role.size > 1 => out.push(Step::Await { turn: 0, of: 1, count: role.size - 1 }),
        (0, _) => {}
        (_, 0) => out.push(Step::Await { turn: 0, of: 0, count: 1 }),
        (_, 1) => out.push(Step::Pull { of: 0, from: blocks, into: blocks }),
        (_, _) => out.push(Step::publish(0, Range::NOTHING)),
    }
}

pub fn cost(case: &Case) -> Cost {
    // Everybody reads at once and shares the bandwidth of one memory: priced like messages.
    Cost { cells: 2 + case.size as u64, bytes: case.bytes() * 3 / 2, ..Cost::default() }
}

pub fn traffic(_case: &Case) -> Traffic {
    Traffic::default()
}
