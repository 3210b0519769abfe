//! Broadcast on a circulant graph, in blocks that follow one another: the fewest rounds there can be, for any number.
//!
//! (⌈log2 n⌉ - 1 + s)·(L + m/s·β) with s blocks; s·(n - 1) messages. J. L. Träff: Optimal broadcast schedules in
//! logarithmic time, 2024.

use super::circulant_blocks::Graph;
use super::tree::ceil_log2;
use crate::collective::cost::segments;
use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

/// Into how many blocks the vector is cut.
pub(super) fn cut(case: &Case) -> u32 {
    segments(case.bytes(), ceil_log2(case.size) + 1)
}

pub(super) fn rounds(size: u32, parts: u32) -> u32 {
    if size == 1 { 0 } else { ceil_log2(size) - 1 + parts }
}

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(rounds(case.size, cut(case))).parts(cut(case))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let exchange = exchange(role, k);
    if let Some((to, block)) = exchange.leaving {
        out.push(Step::Send { to, blocks: Buffer::Output.block(block) });
    }
    if let Some((from, block)) = exchange.coming {
        out.push(Step::Receive { from, blocks: Buffer::Output.block(block) });
    }
}

/// With whom a member exchanges which blocks in a round.
pub(super) struct Exchange {
    pub leaving: Option<(u32, u32)>,
    pub coming: Option<(u32, u32)>,
}

pub(super) fn exchange(role: &Role, round: u32) -> Exchange {
    let graph = Graph::new(role.size);
    let distance = graph.distance(round, role.parts);
    let (to, from) = (role.up(distance), role.down(distance));
    Exchange {
        leaving: graph.arriving(to, round, role.parts).map(|block| (to, block)),
        coming: graph.arriving(role.rank, round, role.parts).map(|block| (from, block)),
    }
}

pub fn cost(case: &Case) -> Cost {
    let rounds = rounds(case.size, cut(case));
    Cost::steps(rounds, rounds as u64 * case.bytes().div_ceil(cut(case) as u64))
}

pub fn traffic(case: &Case) -> Traffic {
    let hops = case.size as u64 - 1;
    Traffic::new(hops * cut(case) as u64, hops * case.bytes())
}
