//! All-to-all pairwise: in round k everybody sends to the k-th member after it and receives from the k-th before.
//!
//! (n - 1)·(L + m·β) with blocks of m bytes; n·(n - 1) messages; at most one message at a time to each member.

use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds((case.size - 1).max(1))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    if k == 0 {
        keep_own(role, out);
    }
    if role.size > 1 {
        exchange(role, k + 1, out);
    }
}

/// Copies the block that a member sends to itself.
pub(super) fn keep_own(role: &Role, out: &mut Vec<Step>) {
    out.push(Step::Copy { from: Buffer::Input.block(role.rank), into: Buffer::Output.block(role.rank) });
}

/// Sends one block forward and receives one from behind, over the same distance.
pub(super) fn exchange(role: &Role, distance: u32, out: &mut Vec<Step>) {
    let (to, from) = (role.up(distance), role.down(distance));
    out.push(Step::Send { to, blocks: Buffer::Input.block(to) });
    out.push(Step::Receive { from, blocks: Buffer::Output.block(from) });
}

pub fn cost(case: &Case) -> Cost {
    let others = case.size - 1;
    Cost::steps(others, others as u64 * case.bytes()).copying(case.bytes())
}

pub fn traffic(case: &Case) -> Traffic {
    let messages = case.size as u64 * (case.size as u64 - 1);
    Traffic::new(messages, messages * case.bytes())
}
