//! Reduce-scatter by recursive halving over the largest power of two of the members, the furthest first, so that each
//! ends with its own block; the others are folded in. Operands are combined as they come, so the operator must commute.
//!
//! log2 p·L + (n - 1)·(m·β + m·γ) with p = 2^⌊log2 n⌋ and blocks of m bytes, and 2·L + (n + 1)·m·β + n·m·γ if n isn't
//! a power of two; p·log2 p + 2·(n - p) messages.

use super::accumulate::Accumulator;
use super::halving::Halving;
use super::reduce_rabenseifner::fold;
use super::reduce_scatter_ring::alone;
use super::tree::{floor_log2, reversed};
use crate::collective::{Buffer, Case, Cost, Plan, Range, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let plan = Plan::rounds(2 + 2 * floor_log2(case.size) + 1);
    plan.scratch(Scratch::Ranks { blocks: 2 * case.size, rotation: 0 })
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    halve(role, k, true, out);
}

/// One round. `far`: the furthest first; otherwise neighbours first, which keeps the order of operands, but leaves the
/// results with those whose numbers are the owners' with the bits in opposite order.
pub(super) fn halve(role: &Role, k: u32, far: bool, out: &mut Vec<Step>) {
    let place = Halving::new(role.rank, role.size);
    let sum = Accumulator::in_scratch(role);
    if role.size == 1 {
        if k == 0 {
            alone(role, out);
        }
    } else if k < 2 {
        fold(role.size, &place, &sum, k, out);
    } else if k < 2 + 2 * place.levels {
        if let Some(number) = place.number {
            exchange(&place, turn(number, &place, far), far, &sum, k - 2, out);
        }
    } else {
        hand_out(role, &place, far, out);
    }
}

/// A participant's number in the order in which neighbours are combined.
fn turn(number: u32, place: &Halving, far: bool) -> u32 {
    if far { reversed(number, place.levels) } else { number }
}

/// The blocks of so many participants and of those that they speak for.
fn blocks(place: &Halving, (first, count): (u32, u32)) -> (u32, u32) {
    let first_block = place.rank(first);
    (first_block, place.rank(first + count) - first_block)
}

fn exchange(place: &Halving, number: u32, far: bool, sum: &Accumulator, k: u32, out: &mut Vec<Step>) {
    let level = k / 2;
    let loaded = level > 0 || place.has_folded();
    let (partner, order) = Halving::partner(number, level);
    let (kept, kept_count) = blocks(place, place.held(number, level + 1));
    let (given, given_count) = blocks(place, place.held(partner, level + 1));
    if k.is_multiple_of(2) {
        let peer = place.rank(turn(partner, place, far));
        out.push(Step::Send { to: peer, blocks: sum.partial(loaded, given, given_count) });
        out.push(Step::Receive { from: peer, blocks: sum.arrival(loaded, kept, kept_count) });
    } else {
        out.push(sum.combine(loaded, kept, kept_count, order));
    }
}

/// The last round: blocks go to their owners.
fn hand_out(role: &Role, place: &Halving, far: bool, out: &mut Vec<Step>) {
    // The participant that holds the blocks of participant `of`, and the other way round.
    let holder = |of: u32| if far { of } else { reversed(of, place.levels) };
    if let Some(number) = place.number {
        let (first, count) = blocks(place, (holder(number), 1));
        for owner in first..first + count {
            let block = Buffer::Scratch.block(owner);
            out.push(match owner == role.rank {
                true => Step::Copy { from: block, into: role.result() },
                false => Step::Send { to: owner, blocks: block },
            });
        }
    }
    let group = match (place.number, place.pair) {
        (Some(number), _) => number,
        (None, pair) => pair.unwrap_or(role.rank) / 2,
    };
    let from = place.rank(holder(group));
    if from != role.rank {
        let blocks: Range = role.result();
        out.push(Step::Receive { from, blocks });
    }
}

pub fn cost(case: &Case) -> Cost {
    let (n, levels) = (case.size as u64, floor_log2(case.size));
    let folded = Halving::folded(case.size).min(1) as u64;
    // Participant 0 keeps the lower half of what it holds, where most of those are that speak for another.
    let place = Halving::new(0, case.size);
    let share = (0..levels).map(|level| place.rank(1 << level) as u64).sum::<u64>() * case.bytes();
    let whole = folded * n * case.bytes();
    Cost::steps(levels + 2 * folded as u32, share + whole + folded * case.bytes()).reducing(share + whole)
}

pub fn traffic(case: &Case) -> Traffic {
    let (n, p) = (case.size as u64, Halving::participants(case.size) as u64);
    let folded = Halving::folded(case.size) as u64;
    let m = case.bytes();
    Traffic::new(p * floor_log2(case.size) as u64 + 2 * folded, (p - 1) * n * m + folded * (n + 1) * m)
}
