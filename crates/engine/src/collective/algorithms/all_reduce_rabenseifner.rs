//! All-reduce by Rabenseifner's algorithm: recursive halving leaves each of p = 2^⌊log2 n⌋ members with the result of
//! one part, and taking the levels back gives everybody all parts. The order of operands is kept.
//!
//! 2·log2 p·L + 2·m·(p - 1)/p·β + m·(p - 1)/p·γ, and 2·(L + m·β) + m·γ if n isn't a power of two; 2·p·log2 p +
//! 2·(n - p) messages. R. Rabenseifner: Optimization of collective reduction operations, 2004.

use super::accumulate::Accumulator;
use super::all_reduce_doubling::unfold;
use super::halving::Halving;
use super::reduce_rabenseifner::{fold, fold_cost, scatter};
use super::tree::floor_log2;
use crate::collective::{Buffer, Case, Cost, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let plan = Plan::rounds(2 + 3 * floor_log2(case.size) + 1).parts(Halving::participants(case.size));
    if case.size > 1 { plan.scratch(Scratch::Vectors(1)) } else { plan }
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let place = Halving::new(role.rank, role.size);
    let sum = Accumulator::everywhere(role);
    let levels = place.levels;
    if k < 2 {
        fold(role.parts, &place, &sum, k, out);
    } else if k == 2 + 3 * levels {
        unfold(role, &place, &sum, out);
    } else if let Some(number) = place.number {
        let k = k - 2;
        if k < 2 * levels {
            scatter(&place, number, &sum, k, out);
        } else {
            gather(&place, number, 3 * levels - 1 - k, out);
        }
    }
}

/// One level of the all-gather, which takes the levels back: partners exchange all that they hold.
fn gather(place: &Halving, number: u32, level: u32, out: &mut Vec<Step>) {
    let (peer, _) = Halving::partner(number, level);
    let held = |number| {
        let (first, count) = place.held(number, level + 1);
        Buffer::Output.blocks(first, count)
    };
    out.push(Step::Send { to: place.rank(peer), blocks: held(number) });
    out.push(Step::Receive { from: place.rank(peer), blocks: held(peer) });
}

pub fn cost(case: &Case) -> Cost {
    let p = Halving::participants(case.size) as u64;
    let share = case.bytes() - case.bytes() / p;
    let (steps, folded) = fold_cost(case);
    Cost::steps(2 * floor_log2(case.size) + 2 * steps, 2 * share + 2 * folded).reducing(share + folded)
}

pub fn traffic(case: &Case) -> Traffic {
    let (p, folded) = (Halving::participants(case.size) as u64, Halving::folded(case.size) as u64);
    Traffic::new(2 * p * floor_log2(case.size) as u64 + 2 * folded, 2 * (p - 1 + folded) * case.bytes())
}
