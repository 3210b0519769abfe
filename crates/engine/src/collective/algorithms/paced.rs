//! What gather and scatter straight from and to the root share where they are paced: eight members at a time, and an
//! empty message before each block says that its receiver is there.
//!
//! (1 + ⌈(n - 1)/8⌉)·L + 2·(n - 1)·o + (n - 1)·m·β; 2·(n - 1) messages, half of them empty.

use crate::collective::{Buffer, Case, Cost, Plan, Range, Role, Step, Traffic};

/// Members served at a time.
const GROUP: u32 = 8;

fn groups(size: u32) -> u32 {
    (size - 1).div_ceil(GROUP)
}

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(groups(case.size) + 1)
}

/// One round; `gathers`: blocks go to the root, whose buffer `all` holds them, from the members' `one`.
pub fn round(role: &Role, k: u32, gathers: bool, out: &mut Vec<Step>) {
    let (one, all) = if gathers { (Buffer::Input, Buffer::Output) } else { (Buffer::Output, Buffer::Input) };
    let message = |sends: bool, peer, blocks| match sends {
        true => Step::Send { to: peer, blocks },
        false => Step::Receive { from: peer, blocks },
    };
    if role.rank > 0 {
        let group = (role.rank - 1) / GROUP;
        if k == group {
            out.push(message(!gathers, 0, Range::NOTHING));
        } else if k == group + 1 {
            out.push(message(gathers, 0, one.block(0)));
        }
        return;
    }
    if k == 0 && !role.in_place {
        out.push(Step::Copy { from: Buffer::Input.block(0), into: Buffer::Output.block(0) });
    }
    let members = |group: u32| 1 + group * GROUP..(1 + (group + 1) * GROUP).min(role.size);
    if k < groups(role.size) {
        out.extend(members(k).map(|peer| message(gathers, peer, Range::NOTHING)));
    }
    if k > 0 {
        out.extend(members(k - 1).map(|peer| message(!gathers, peer, all.block(peer))));
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
