//! All-gather straight, up to 32 members at a time, each starting with the one after it.
//!
//! ⌈(n - 1)/32⌉·L + (n - 1)·(o + m·β); n·(n - 1) messages.

use super::all_gather_ring::contribution;
use super::all_to_all_scattered::{WINDOW, windows};
use crate::collective::{Buffer, Case, Cost, Plan, Role, Step};

pub use super::all_gather_ring::traffic;

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(windows(case.size))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let blocks = contribution(role);
    if k == 0 && !role.in_place {
        out.push(Step::Copy { from: blocks, into: Buffer::Output.block(role.rank) });
    }
    let first = 1 + k * WINDOW;
    for distance in first..(first + WINDOW).min(role.size) {
        let from = role.down(distance);
        out.push(Step::Send { to: role.up(distance), blocks });
        out.push(Step::Receive { from, blocks: Buffer::Output.block(from) });
    }
}

/// What comes before it is expected is copied once more.
pub fn cost(case: &Case) -> Cost {
    let cost = super::all_to_all_scattered::cost(case);
    cost.copying(cost.bytes)
}
