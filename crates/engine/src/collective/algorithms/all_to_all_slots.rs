//! All-to-all on the board with blocks of any lengths: everybody publishes its blocks that fit an n-th of a cell, and
//! sends the others.
//!
//! No message for what fits; each member writes one cell and reads n - 1.

use super::all_to_all_pairwise::keep_own;
use super::slots::{self, Exchange, equal_fit};
use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    slots::plan(case.size)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    if k == 0 {
        keep_own(role, out);
    }
    let exchange = Exchange {
        publish: Buffer::Input.blocks(0, role.size),
        leaving: (0..role.size).filter(|to| *to != role.rank).map(|to| (to, Buffer::Input.block(to))),
        coming: slots::from_others(role, true),
        awaiting: (0, role.size),
    };
    slots::round(role, k, exchange, out);
}

pub fn cost(case: &Case) -> Cost {
    slots::cost(case, case.size, case.size as u64 - 1, 2 * case.size as u64)
}

pub fn traffic(case: &Case) -> Traffic {
    let n = case.size as u64;
    let messages = if equal_fit(case, case.size) { 0 } else { n * (n - 1) };
    Traffic::new(messages, messages * case.bytes())
}
