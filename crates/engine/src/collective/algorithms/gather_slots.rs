//! Gather on the board with blocks of any lengths: everybody publishes its block if it fits a cell, else sends it.
//!
//! No message for what fits; the root reads n - 1 cells.

use super::slots::{self, Exchange, equal_fit};
use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(_case: &Case, _rank: u32) -> Plan {
    slots::plan(1)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let at_root = role.rank == 0;
    if k == 0 && at_root && !role.in_place {
        out.push(Step::Copy { from: Buffer::Input.block(0), into: Buffer::Output.block(0) });
    }
    let mine = Buffer::Input.block(0);
    let exchange = Exchange {
        publish: (!at_root).then_some(mine),
        leaving: (!at_root).then_some((0, mine)).into_iter(),
        coming: slots::from_others(role, false).filter(|_| at_root),
        awaiting: if at_root { (1, role.size - 1) } else { (0, 0) },
    };
    slots::round(role, k, exchange, out);
}

pub fn cost(case: &Case) -> Cost {
    slots::cost(case, 1, case.size as u64 - 1, case.size as u64)
}

pub fn traffic(case: &Case) -> Traffic {
    let others = if equal_fit(case, 1) { 0 } else { case.size as u64 - 1 };
    Traffic::new(others, others * case.bytes())
}
