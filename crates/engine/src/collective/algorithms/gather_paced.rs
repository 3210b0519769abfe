//! Gather straight to the root, which invites eight members at a time, so that never more than sixteen blocks are
//! on their way to it.
//!
//! (1 + ⌈(n - 1)/8⌉)·L + 2·(n - 1)·o + (n - 1)·m·β; 2·(n - 1) messages, half of them empty.

use crate::collective::{Buffer, Case, Cost, Plan, Range, Role, Step, Traffic};

/// Members invited at a time.
pub(super) const GROUP: u32 = 8;

/// The members (first, past the last) of a group.
pub(super) fn members(group: u32, size: u32) -> (u32, u32) {
    (1 + group * GROUP, (1 + (group + 1) * GROUP).min(size))
}

/// How many groups there are.
pub(super) fn groups(size: u32) -> u32 {
    (size - 1).div_ceil(GROUP)
}

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(groups(case.size) + 1)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    if role.rank > 0 {
        let group = (role.rank - 1) / GROUP;
        if k == group {
            out.push(Step::Receive { from: 0, blocks: Range::NOTHING });
        } else if k == group + 1 {
            out.push(Step::Send { to: 0, blocks: Buffer::Input.block(0) });
        }
        return;
    }
    if k == 0 && !role.in_place {
        out.push(Step::Copy { from: Buffer::Input.block(0), into: Buffer::Output.block(0) });
    }
    if k < groups(role.size) {
        let (first, end) = members(k, role.size);
        out.extend((first..end).map(|to| Step::Send { to, blocks: Range::NOTHING }));
    }
    if k > 0 {
        let (first, end) = members(k - 1, role.size);
        out.extend((first..end).map(|from| Step::Receive { from, blocks: Buffer::Output.block(from) }));
    }
}

pub fn cost(case: &Case) -> Cost {
    let others = case.size as u64 - 1;
    Cost {
        latencies: if others == 0 { 0 } else { 1 + groups(case.size) as u64 },
        messages: others + others.min(GROUP as u64),
        bytes: others * case.bytes(),
        ..Cost::default()
    }
}

pub fn traffic(case: &Case) -> Traffic {
    let others = case.size as u64 - 1;
    Traffic::new(2 * others, others * case.bytes())
}
