//! Broadcast on a binary tree, in segments that follow one another: every member hands each segment to two others.
//!
//! (⌊log2 n⌋ - 1 + s)·(L + 2·(o + m/s·β)) with s segments; s·(n - 1) messages.

use super::tree::floor_log2;
use crate::collective::cost::segments;
use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

fn cut(case: &Case) -> u32 {
    segments(case.bytes(), floor_log2(case.size) + 1)
}

fn rounds(size: u32, parts: u32) -> u32 {
    if size == 1 { 0 } else { floor_log2(size) - 1 + parts }
}

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(rounds(case.size, cut(case))).parts(cut(case))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    // Segment s leaves a member at depth d in round d + s.
    let depth = floor_log2(role.rank + 1);
    let segment = |number: Option<u32>| number.filter(|s| *s < role.parts).map(|s| Buffer::Output.block(s));
    if let Some(blocks) = segment(k.checked_sub(depth)) {
        let children = [2 * role.rank + 1, 2 * role.rank + 2].into_iter().filter(|child| *child < role.size);
        out.extend(children.map(|to| Step::Send { to, blocks }));
    }
    if role.rank > 0
        && let Some(blocks) = segment((k + 1).checked_sub(depth))
    {
        out.push(Step::Receive { from: (role.rank - 1) / 2, blocks });
    }
}

pub fn cost(case: &Case) -> Cost {
    let rounds = rounds(case.size, cut(case)) as u64;
    let messages = rounds * (case.size as u64 - 1).min(2);
    let bytes = messages * case.bytes().div_ceil(cut(case) as u64);
    Cost { latencies: rounds, messages, bytes, ..Cost::default() }
}

pub fn traffic(case: &Case) -> Traffic {
    let hops = case.size as u64 - 1;
    Traffic::new(hops * cut(case) as u64, hops * case.bytes())
}
