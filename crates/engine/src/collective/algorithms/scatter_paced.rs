//! Scatter straight from the root, eight members at a time, to each only when it has said that it is there: no
//! block waits in a receiver's unexpected memory.
//!
//! (1 + ⌈(n - 1)/8⌉)·L + 2·(n - 1)·o + (n - 1)·m·β; 2·(n - 1) messages, half of them empty.

use super::gather_paced::{GROUP, groups, members};
use crate::collective::{Buffer, Case, Cost, Plan, Range, Role, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(groups(case.size) + 1)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    if role.rank > 0 {
        let group = (role.rank - 1) / GROUP;
        if k == group {
            out.push(Step::Send { to: 0, blocks: Range::NOTHING });
        } else if k == group + 1 {
            out.push(Step::Receive { from: 0, blocks: Buffer::Output.block(0) });
        }
        return;
    }
    if k == 0 && !role.in_place {
        out.push(Step::Copy { from: Buffer::Input.block(0), into: Buffer::Output.block(0) });
    }
    if k < groups(role.size) {
        let (first, end) = members(k, role.size);
        out.extend((first..end).map(|from| Step::Receive { from, blocks: Range::NOTHING }));
    }
    if k > 0 {
        let (first, end) = members(k - 1, role.size);
        out.extend((first..end).map(|to| Step::Send { to, blocks: Buffer::Input.block(to) }));
    }
}

pub fn cost(case: &Case) -> Cost {
    super::gather_paced::cost(case)
}

pub fn traffic(case: &Case) -> Traffic {
    super::gather_paced::traffic(case)
}
