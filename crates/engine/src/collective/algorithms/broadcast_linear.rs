//! Broadcast straight from the root, to all at once.
//!
//! L + (n - 1)·(o + m·β); n - 1 messages of m bytes.

use crate::collective::{Buffer, Case, Plan, Role, Step};

pub use super::broadcast_binomial::traffic;
pub use super::scatter_linear::cost;

pub fn plan(_case: &Case, _rank: u32) -> Plan {
    Plan::rounds(1)
}

pub fn round(role: &Role, _k: u32, out: &mut Vec<Step>) {
    let blocks = Buffer::Output.block(0);
    match role.rank {
        0 => out.extend((1..role.size).map(|to| Step::Send { to, blocks })),
        _ => out.push(Step::Receive { from: 0, blocks }),
    }
}
