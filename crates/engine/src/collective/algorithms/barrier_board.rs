//! Barrier on the board: everybody announces itself in its own cell and waits for all.
//!
//! No message; each member writes one cell and reads n.

pub use super::board::traffic;
use crate::collective::{Case, Cost, Plan, Range, Role, Step};

pub fn plan(_case: &Case, _rank: u32) -> Plan {
    Plan::rounds(2).turns(1)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    out.push(match k {
        0 => Step::publish(0, Range::NOTHING),
        _ => Step::Await { turn: 0, of: 0, count: role.size },
    });
}

pub fn cost(case: &Case) -> Cost {
    Cost { cells: 1 + case.size as u64, ..Cost::default() }
}
