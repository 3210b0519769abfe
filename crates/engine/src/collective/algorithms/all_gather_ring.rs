//! All-gather on a ring: every block goes round, each straight to its place.
//!
//! (n - 1)·(L + m·β) with blocks of m bytes; n·(n - 1) messages.

use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds((case.size - 1).max(1))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    if k == 0 && !role.in_place {
        out.push(Step::Copy { from: Buffer::Input.block(0), into: Buffer::Output.block(role.rank) });
    }
    if role.size > 1 {
        let blocks = if k == 0 { contribution(role) } else { Buffer::Output.block(role.down(k)) };
        out.push(Step::Send { to: role.up(1), blocks });
        out.push(Step::Receive { from: role.down(1), blocks: Buffer::Output.block(role.down(k + 1)) });
    }
}

/// Where the member's own block lies from the start.
pub(super) fn contribution(role: &Role) -> crate::collective::Range {
    if role.in_place { Buffer::Output.block(role.rank) } else { Buffer::Input.block(0) }
}

pub fn cost(case: &Case) -> Cost {
    Cost::steps(case.size - 1, (case.size as u64 - 1) * case.bytes())
}

pub fn traffic(case: &Case) -> Traffic {
    let messages = case.size as u64 * (case.size as u64 - 1);
    Traffic::new(messages, messages * case.bytes())
}
