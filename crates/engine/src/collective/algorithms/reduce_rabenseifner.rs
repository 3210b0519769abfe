//! Reduce by Rabenseifner's algorithm: recursive halving leaves each of p = 2^⌊log2 n⌋ members with the result of
//! one part, and a binomial tree gathers the parts. The order of operands is kept.
//!
//! 2·log2 p·L + 2·m·(p - 1)/p·β + m·(p - 1)/p·γ, and L + m·β + m·γ if n isn't a power of two; p·log2 p + p - 1 +
//! (n - p) messages. R. Rabenseifner: Optimization of collective reduction operations, 2004.

use super::accumulate::Accumulator;
use super::halving::Halving;
use super::reduce_binomial::{hand_over, hand_over_cost};
use super::tree::{bytes_by_set_bits, floor_log2};
use crate::collective::{Case, Cost, Order, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let levels = floor_log2(case.size);
    Plan::rounds(2 + 3 * levels + 1).parts(Halving::participants(case.size)).scratch(if case.size > 1 {
        Scratch::Vectors(2)
    } else {
        Scratch::Nothing
    })
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let place = Halving::new(role.rank, role.size);
    let sum = Accumulator::to_zero(role);
    let levels = place.levels;
    if k == 2 + 3 * levels {
        hand_over(role, out);
    } else if k < 2 {
        fold(role.parts, &place, &sum, k, out);
    } else if let Some(number) = place.number {
        let k = k - 2;
        if k < 2 * levels {
            scatter(&place, number, &sum, k, out);
        } else {
            gather(&place, number, &sum, 3 * levels - 1 - k, out);
        }
    }
}

/// The two rounds in which every odd member of a pair hands its whole contribution to the even one.
pub(super) fn fold(parts: u32, place: &Halving, sum: &Accumulator, k: u32, out: &mut Vec<Step>) {
    let Some(pair) = place.pair else { return };
    match (k, place.number) {
        (0, None) => out.push(Step::Send { to: pair, blocks: sum.partial(false, 0, parts) }),
        (0, Some(_)) => out.push(Step::Receive { from: pair, blocks: sum.arrival(false, 0, parts) }),
        (_, Some(_)) => out.push(sum.combine(false, 0, parts, Order::After)),
        (_, None) => {}
    }
}

/// Two rounds of each level of the reduce-scatter: partners exchange the halves that they don't keep, and combine.
pub(super) fn scatter(place: &Halving, number: u32, sum: &Accumulator, k: u32, out: &mut Vec<Step>) {
    let level = k / 2;
    let loaded = level > 0 || place.has_folded();
    let (peer, order) = Halving::partner(number, level);
    let (kept, count) = place.held(number, level + 1);
    let (given, _) = place.held(peer, level + 1);
    if k.is_multiple_of(2) {
        let peer = place.rank(peer);
        out.push(Step::Send { to: peer, blocks: sum.partial(loaded, given, count) });
        out.push(Step::Receive { from: peer, blocks: sum.arrival(loaded, kept, count) });
    } else {
        out.push(sum.combine(loaded, kept, count, order));
    }
}

/// One level of the gather, which takes the levels back: those whose bit is set hand over all they hold.
fn gather(place: &Halving, number: u32, sum: &Accumulator, level: u32, out: &mut Vec<Step>) {
    if number >> (level + 1) != 0 {
        return;
    }
    let (peer, _) = Halving::partner(number, level);
    if number >> level & 1 == 1 {
        let (first, count) = place.held(number, level + 1);
        out.push(Step::Send { to: place.rank(peer), blocks: sum.partial(true, first, count) });
    } else {
        let (first, count) = place.held(peer, level + 1);
        out.push(Step::Receive { from: place.rank(peer), blocks: sum.partial(true, first, count) });
    }
}

/// What folding costs.
pub(super) fn fold_cost(case: &Case) -> (u32, u64) {
    if Halving::folded(case.size) > 0 { (1, case.bytes()) } else { (0, 0) }
}

pub fn cost(case: &Case) -> Cost {
    let p = Halving::participants(case.size) as u64;
    let share = case.bytes() - case.bytes() / p;
    let (steps, folded) = fold_cost(case);
    let last = hand_over_cost(case);
    Cost::steps(2 * floor_log2(case.size) + steps + last.latencies as u32, 2 * share + folded + last.bytes)
        .reducing(share + folded)
}

pub fn traffic(case: &Case) -> Traffic {
    let (p, folded) = (Halving::participants(case.size), Halving::folded(case.size) as u64);
    let m = case.bytes();
    let gathered = bytes_by_set_bits(case.elements, case.element_bytes, p);
    Traffic::new(
        p as u64 * floor_log2(p) as u64 + (p as u64 - 1) + folded,
        (p as u64 - 1) * m + gathered + folded * m,
    )
}
