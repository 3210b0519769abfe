//! Broadcast along a chain, in segments that follow one another.
//!
//! (n - 2 + s)·(L + m/s·β) with s segments, s chosen as √(m·(n - 2)·β/L); s·(n - 1) messages.

use crate::collective::cost::segments;
use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

fn cut(case: &Case) -> u32 {
    segments(case.bytes(), case.size - 1)
}

fn steps(case: &Case) -> u32 {
    if case.size == 1 { 0 } else { case.size - 2 + cut(case) }
}

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(steps(case)).parts(cut(case))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    // Segment s leaves rank r in round r + s.
    if let Some(segment) = k.checked_sub(role.rank)
        && segment < role.parts
        && role.rank + 1 < role.size
    {
        out.push(Step::Send { to: role.rank + 1, blocks: Buffer::Output.block(segment) });
    }
    if role.rank > 0
        && let Some(segment) = (k + 1).checked_sub(role.rank)
        && segment < role.parts
    {
        out.push(Step::Receive { from: role.rank - 1, blocks: Buffer::Output.block(segment) });
    }
}

pub fn cost(case: &Case) -> Cost {
    let steps = steps(case);
    Cost::steps(steps, steps as u64 * case.bytes().div_ceil(cut(case) as u64))
}

pub fn traffic(case: &Case) -> Traffic {
    let hops = case.size as u64 - 1;
    Traffic::new(hops * cut(case) as u64, hops * case.bytes())
}
