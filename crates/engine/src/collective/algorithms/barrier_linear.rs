//! Barrier at rank 0: all signal it, it signals all.
//!
//! 2·L + 2·(n - 1)·o; 2·(n - 1) empty messages.

use crate::collective::{Case, Cost, Plan, Range, Role, Step, Traffic};

pub fn plan(_case: &Case, _rank: u32) -> Plan {
    Plan::rounds(2)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let blocks = Range::NOTHING;
    match (role.rank, k) {
        (0, 0) => out.extend((1..role.size).map(|from| Step::Receive { from, blocks })),
        (0, _) => out.extend((1..role.size).map(|to| Step::Send { to, blocks })),
        (_, 0) => out.push(Step::Send { to: 0, blocks }),
        _ => out.push(Step::Receive { from: 0, blocks }),
    }
}

pub fn cost(case: &Case) -> Cost {
    let others = case.size as u64 - 1;
    Cost { latencies: 2 * others.min(1), messages: 2 * others, ..Cost::default() }
}

pub fn traffic(case: &Case) -> Traffic {
    Traffic::new(2 * (case.size as u64 - 1), 0)
}
