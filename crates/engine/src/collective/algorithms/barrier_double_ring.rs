//! Barrier on a ring: a signal goes round once to tell that all are there, and once more to tell all.
//!
//! (2·n - 1)·L; 2·n - 1 empty messages: the fewest on a network that is a ring.

use crate::collective::{Case, Cost, Plan, Range, Role, Step, Traffic};

fn rounds(size: u32) -> u32 {
    if size == 1 { 0 } else { 2 * size - 1 }
}

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(rounds(case.size))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let blocks = Range::NOTHING;
    if k % role.size == role.rank {
        out.push(Step::Send { to: role.up(1), blocks });
    } else if (k + 1) % role.size == role.rank {
        out.push(Step::Receive { from: role.down(1), blocks });
    }
}

pub fn cost(case: &Case) -> Cost {
    Cost::steps(rounds(case.size), 0)
}

pub fn traffic(case: &Case) -> Traffic {
    Traffic::new(rounds(case.size) as u64, 0)
}
