//! Reduce-scatter on two levels, where the ranks of each host follow one another: each host combines its vectors at its leader, the
//! leaders find the blocks of their hosts by recursive halving, and give them out. The operator must commute.
//!
//! ⌈log2 h⌉·L + (n - g)·m·(β + γ) between h hosts with blocks of m bytes (2·L and two vectors more if h is no power of two);
//! ⌈log2 g⌉ messages of n·m and g - 1 of m on a host of g.

use super::accumulate::Accumulator;
use super::halving::Halving;
use super::reduce_rabenseifner::fold;
use super::reduce_scatter_halving;
use super::reduce_two_level::climb;
use super::tree::{floor_log2, reversed};
use super::two_level::{Place, levels, levels_of, of_leaders, spread};
use crate::collective::{Buffer, Case, Cost, Near, Plan, Range, Role, Scratch, Step, Traffic};

/// In the scratch memory are two vectors.
pub fn plan(case: &Case, _rank: u32) -> Plan {
    let ((_, near), hosts) = (levels(case), spread(case).hosts);
    let scratch = Scratch::Ranks { blocks: 2 * case.size, rotation: 0 };
    Plan::rounds(1 + 2 * near + 2 + 2 * floor_log2(hosts) + 2).scratch(scratch)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let vector = Role { parts: role.size, ..role.clone() };
    let Some(place) = Place::of(&vector) else { return };
    let (_, near) = levels_of(role);
    let sum = Accumulator::in_scratch(role).loaded();
    let last = 1 + 2 * near + 2 + 2 * floor_log2(place.hosts()) + 1;
    if k == 0 {
        load(role, out);
    } else if k < 1 + 2 * near {
        climb(&place, &sum, near, k - 1, out);
    } else if k < last {
        place.between(|leader, out| halve(&place, leader, &sum, k - 1 - 2 * near, out), out);
    } else {
        give(role, &place, |index| Buffer::Scratch.block(role.rank + index), out);
    }
}

/// The contribution goes where results grow.
pub(super) fn load(role: &Role, out: &mut Vec<Step>) {
    let all = |buffer: Buffer| buffer.blocks(0, role.size);
    out.push(Step::Copy { from: all(role.own()), into: all(Buffer::Scratch) });
}

/// The leader gives each member of its host its block, which lies at `block`.
pub(super) fn give(role: &Role, place: &Place<'_>, block: impl Fn(u32) -> Range, out: &mut Vec<Step>) {
    if place.near.index > 0 {
        return out.push(Step::Receive { from: place.mate(0), blocks: role.result() });
    }
    out.push(Step::Copy { from: block(0), into: role.result() });
    let others = 1..place.near.size;
    out.extend(others.map(|index| Step::Send { to: place.mate(index), blocks: block(index) }));
}

/// What the leaders do: some are folded in, then halves are exchanged, the furthest first, so that each ends with the blocks
/// of its own host, and of that which it speaks for.
fn halve(place: &Place<'_>, leader: &Role, sum: &Accumulator, k: u32, out: &mut Vec<Step>) {
    let half = Halving::new(leader.rank, leader.size);
    // The blocks of hosts that follow one another, from the number of the first on.
    let blocks = |first: u32, end: u32| {
        let start = place.members_of(0, first);
        (start, place.members_of(0, end) - start)
    };
    if k < 2 {
        return fold(place.parts(), &half, sum, k, out);
    }
    let (k, number) = (k - 2, half.number);
    if k < 2 * half.levels {
        let Some(number) = number.map(|number| reversed(number, half.levels)) else { return };
        let held = |of: u32| {
            let (first, count) = half.held(of, k / 2 + 1);
            blocks(half.rank(first), half.rank(first + count))
        };
        let (partner, order) = Halving::partner(number, k / 2);
        let ((kept, kept_count), (given, given_count)) = (held(number), held(partner));
        if k.is_multiple_of(2) {
            let peer = half.rank(reversed(partner, half.levels));
            out.push(Step::Send { to: peer, blocks: sum.partial(true, given, given_count) });
            out.push(Step::Receive { from: peer, blocks: sum.arrival(true, kept, kept_count) });
        } else {
            out.push(sum.combine(true, kept, kept_count, order));
        }
    } else if let Some(pair) = half.pair {
        // The odd one of each pair let the even one speak for it.
        let odd = leader.rank | 1;
        let (first, count) = blocks(odd, odd + 1);
        let blocks = sum.partial(true, first, count);
        out.push(match number {
            Some(_) => Step::Send { to: pair, blocks },
            None => Step::Receive { from: pair, blocks },
        });
    }
}

pub fn cost(case: &Case) -> Cost {
    cost_by(reduce_scatter_halving::cost, case)
}

/// As if all hosts had one size.
pub fn traffic(case: &Case) -> Traffic {
    traffic_by(reduce_scatter_halving::traffic, case)
}

/// With what the row costs that is taken between the leaders.
pub(super) fn cost_by(between: fn(&Case) -> Cost, case: &Case) -> Cost {
    let ((_, levels), spread) = (levels(case), spread(case));
    let leaders = of_leaders(case);
    let elements = leaders.elements.saturating_mul(spread.largest as u64);
    let between = between(&Case { elements, ..leaders });
    let (all, given) = (case.size as u64 * case.bytes(), spread.largest as u64 - 1);
    let near = Near {
        latencies: levels as u64 + given.min(1),
        messages: levels as u64 + given,
        bytes: levels as u64 * all + given * case.bytes(),
    };
    Cost { near, reduced: between.reduced + levels as u64 * all, copied: between.copied + all, ..between }
}

/// With what the row sends that is taken between the leaders; as if all hosts had one size.
pub(super) fn traffic_by(between: fn(&Case) -> Traffic, case: &Case) -> Traffic {
    let hosts = spread(case).hosts;
    let between = between(&of_leaders(case));
    let (others, n) = ((case.size - hosts) as u64, case.size as u64);
    let members = n / hosts as u64;
    Traffic::new(between.messages + 2 * others, between.bytes * members + others * (n + 1) * case.bytes())
}
