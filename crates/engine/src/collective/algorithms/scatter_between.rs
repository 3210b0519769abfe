//! Scatter to the other of two groups: straight from the root.
//!
//! L + b·(o + m·β) and b messages to a side of b members.

use super::sides::{Side, larger};
use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(_case: &Case, _rank: u32) -> Plan {
    Plan::rounds(1)
}

pub fn round(role: &Role, _k: u32, out: &mut Vec<Step>) {
    let (_, others) = Side::of(role.root, role.size, role.sides);
    if role.rank == role.root {
        let block = |rank| Buffer::Input.block(others.number(rank));
        out.extend(others.ranks().map(|to| Step::Send { to, blocks: block(to) }));
    } else if others.ranks().contains(&role.rank) {
        out.push(Step::Receive { from: role.root, blocks: Buffer::Output.block(0) });
    }
}

pub fn cost(case: &Case) -> Cost {
    let messages = larger(case) as u64;
    Cost { latencies: 1, messages, bytes: messages * case.bytes(), ..Cost::default() }
}

/// As if the larger side got it.
pub fn traffic(case: &Case) -> Traffic {
    let messages = larger(case) as u64;
    Traffic::new(messages, messages * case.bytes())
}
