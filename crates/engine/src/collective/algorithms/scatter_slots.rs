//! Scatter on the board with blocks of any lengths: the root publishes those that fit an n-th of a cell, and sends the
//! others.
//!
//! No message for what fits; one cell written, one read by each member.

use super::slots::{self, Exchange, equal_fit};
use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    slots::plan(case.size)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let at_root = role.rank == 0;
    if k == 0 && at_root && !role.in_place {
        out.push(Step::Copy { from: Buffer::Input.block(0), into: Buffer::Output.block(0) });
    }
    let others = (1..role.size).filter(|_| at_root);
    let exchange = Exchange {
        publish: at_root.then_some(Buffer::Input.blocks(0, role.size)),
        leaving: others.map(|to| (to, Buffer::Input.block(to))),
        coming: (!at_root).then_some((0, role.rank, Buffer::Output.block(0))).into_iter(),
        awaiting: if at_root { (0, 0) } else { (0, 1) },
    };
    slots::round(role, k, exchange, out);
}

pub fn cost(case: &Case) -> Cost {
    slots::cost(case, case.size, case.size as u64 - 1, case.size as u64 + 1)
}

pub fn traffic(case: &Case) -> Traffic {
    let others = if equal_fit(case, case.size) { 0 } else { case.size as u64 - 1 };
    Traffic::new(others, others * case.bytes())
}
