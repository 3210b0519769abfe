//! Broadcast on two binary trees below the root, in segments: one half of the vector goes down each, and at the end every
//! member of one tree exchanges halves with a member of the other. The root sends each byte once.
//!
//! (d - 1 + s)·(L + 2·(o + m/2s·β)) + L + m/2·β with trees of depth d and s segments of a half; (n - 1)·(s + 1) messages.
//! J. Pješivac-Grbović, T. Angskun and others: Performance analysis of MPI collective operations, 2005.

use super::tree::floor_log2;
use crate::collective::cost::segments;
use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

/// Segments of a half.
fn cut(case: &Case) -> u32 {
    segments(case.bytes() / 2, depth(case.size / 2) + 1).min(2048)
}

/// Levels of a binary tree of so many members.
fn depth(members: u32) -> u32 {
    if members == 0 { 0 } else { floor_log2(members) + 1 }
}

/// Rounds before the exchange of halves.
fn descent(size: u32, segments: u32) -> u32 {
    if size == 1 { 0 } else { depth(size / 2) - 1 + segments }
}

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let plan = Plan::rounds(descent(case.size, cut(case)) + 1);
    plan.parts(2 * cut(case))
}

/// The first tree has the odd ranks, the second the even ones: member i of one is rank 2·i + 1 or 2·i + 2.
pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let segments = role.parts / 2;
    if k == descent(role.size, segments) {
        return exchange(role, out);
    }
    let segment = |half: u32, number: Option<u32>| {
        let number = number.filter(|number| *number < segments);
        number.map(|number| Buffer::Output.block(half * segments + number))
    };
    if role.rank == 0 {
        for half in 0..role.size.saturating_sub(1).min(2) {
            out.extend(segment(half, Some(k)).map(|blocks| Step::Send { to: 1 + half, blocks }));
        }
        return;
    }
    let (half, number) = ((role.rank - 1) % 2, (role.rank - 1) / 2);
    let rank = |number: u32| 2 * number + 1 + half;
    let level = depth(number + 1);
    if let Some(blocks) = segment(half, k.checked_sub(level)) {
        let children =
            [2 * number + 1, 2 * number + 2].map(rank).into_iter().filter(|child| *child < role.size);
        out.extend(children.map(|to| Step::Send { to, blocks }));
    }
    if let Some(blocks) = segment(half, (k + 1).checked_sub(level)) {
        let from = if number == 0 { 0 } else { rank((number - 1) / 2) };
        out.push(Step::Receive { from, blocks });
    }
}

/// Neighbours in rank exchange their halves; who has no neighbour gets the other half from the root.
fn exchange(role: &Role, out: &mut Vec<Step>) {
    let segments = role.parts / 2;
    let half = |half: u32| Buffer::Output.blocks(half * segments, segments);
    let odd = role.size.is_multiple_of(2).then(|| role.size - 1);
    match role.rank {
        0 => out.extend(odd.map(|to| Step::Send { to, blocks: half(1) })),
        rank if Some(rank) == odd => out.push(Step::Receive { from: 0, blocks: half(1) }),
        rank => {
            let mine = (rank - 1) % 2;
            let peer = if mine == 0 { rank + 1 } else { rank - 1 };
            out.push(Step::Send { to: peer, blocks: half(mine) });
            out.push(Step::Receive { from: peer, blocks: half(1 - mine) });
        }
    }
}

pub fn cost(case: &Case) -> Cost {
    if case.size == 1 {
        return Cost::default();
    }
    let rounds = descent(case.size, cut(case)) as u64;
    let messages = rounds * (case.size as u64 - 1).min(2) + 1;
    let segment = case.bytes().div_ceil(2 * cut(case) as u64);
    let bytes = (messages - 1) * segment + case.bytes().div_ceil(2);
    Cost { latencies: rounds + 1, messages, bytes, ..Cost::default() }
}

pub fn traffic(case: &Case) -> Traffic {
    let hops = case.size as u64 - 1;
    Traffic::new(hops * (cut(case) as u64 + 1), hops * case.bytes())
}
