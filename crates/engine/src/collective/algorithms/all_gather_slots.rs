//! All-gather on the board with blocks of any lengths: everybody publishes its block if it fits a cell, else sends it
//! to all.
//!
//! No message for what fits; each member writes one cell and reads n - 1.

use super::all_gather_ring::contribution;
use super::slots::{self, Exchange, equal_fit};
use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(_case: &Case, _rank: u32) -> Plan {
    slots::plan(1)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let mine = contribution(role);
    if k == 0 && !role.in_place {
        out.push(Step::Copy { from: mine, into: Buffer::Output.block(role.rank) });
    }
    let exchange = Exchange {
        publish: mine,
        leaving: (0..role.size).filter(|to| *to != role.rank).map(|to| (to, mine)),
        coming: slots::from_others(role, false),
        awaiting: (0, role.size),
    };
    slots::round(role, k, exchange, out);
}

pub fn cost(case: &Case) -> Cost {
    slots::cost(case, 1, case.size as u64 - 1, case.size as u64 + 1)
}

pub fn traffic(case: &Case) -> Traffic {
    let n = case.size as u64;
    let messages = if equal_fit(case, 1) { 0 } else { n * (n - 1) };
    Traffic::new(messages, messages * case.bytes())
}
