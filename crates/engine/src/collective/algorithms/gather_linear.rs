//! Gather straight to the root, all at once, each block to its place.
//!
//! L + (n - 1)·(o + m·β); n - 1 messages.

use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(_case: &Case, _rank: u32) -> Plan {
    Plan::rounds(1)
}

pub fn round(role: &Role, _k: u32, out: &mut Vec<Step>) {
    if role.rank > 0 {
        return out.push(Step::Send { to: 0, blocks: Buffer::Input.block(0) });
    }
    out.extend((1..role.size).map(|from| Step::Receive { from, blocks: Buffer::Output.block(from) }));
    if !role.in_place {
        out.push(Step::Copy { from: Buffer::Input.block(0), into: Buffer::Output.block(0) });
    }
}

pub fn cost(case: &Case) -> Cost {
    let others = case.size as u64 - 1;
    Cost { latencies: others.min(1), messages: others, bytes: others * case.bytes(), ..Cost::default() }
}

pub fn traffic(case: &Case) -> Traffic {
    let others = case.size as u64 - 1;
    Traffic::new(others, others * case.bytes())
}
