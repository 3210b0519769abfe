//! All-reduce by recursive doubling: in round k groups of 2^k neighbours exchange their whole partial results. The
//! members beyond a power of two are folded in and told the result. The order of operands is kept.
//!
//! log2 p·(L + m·β + m·γ) with p = 2^⌊log2 n⌋, and 2·(L + m·β) + m·γ if n isn't a power of two; p·log2 p + 2·(n -
//! p) messages.

use super::accumulate::Accumulator;
use super::halving::Halving;
use super::reduce_rabenseifner::{fold, fold_cost};
use super::tree::floor_log2;
use crate::collective::{Buffer, Case, Cost, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let plan = Plan::rounds(2 + 2 * floor_log2(case.size) + 1);
    if case.size > 1 { plan.scratch(Scratch::Vectors(1)) } else { plan }
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let place = Halving::new(role.rank, role.size);
    let sum = Accumulator::everywhere(role);
    if k < 2 {
        fold(role.parts, &place, &sum, k, out);
    } else if k == 2 + 2 * place.levels {
        unfold(role, &place, &sum, out);
    } else if let Some(number) = place.number {
        let level = (k - 2) / 2;
        let loaded = level > 0 || place.has_folded();
        let (peer, order) = Halving::partner(number, level);
        if k.is_multiple_of(2) {
            let peer = place.rank(peer);
            out.push(Step::Send { to: peer, blocks: sum.partial(loaded, 0, 1) });
            out.push(Step::Receive { from: peer, blocks: sum.arrival(loaded, 0, 1) });
        } else {
            out.push(sum.combine(loaded, 0, 1, order));
        }
    }
}

/// The last round: those who were spoken for get the result.
pub(super) fn unfold(role: &Role, place: &Halving, sum: &Accumulator, out: &mut Vec<Step>) {
    let whole = Buffer::Output.blocks(0, role.parts);
    match (place.pair, place.number) {
        (Some(pair), Some(_)) => out.push(Step::Send { to: pair, blocks: whole }),
        (Some(pair), None) => out.push(Step::Receive { from: pair, blocks: whole }),
        (None, _) if role.size == 1 => sum.alone(role.parts, out),
        (None, _) => {}
    }
}

pub fn cost(case: &Case) -> Cost {
    let levels = floor_log2(case.size);
    let bytes = levels as u64 * case.bytes();
    let (steps, folded) = fold_cost(case);
    Cost::steps(levels + 2 * steps, bytes + 2 * folded).reducing(bytes + folded)
}

pub fn traffic(case: &Case) -> Traffic {
    let (p, folded) = (Halving::participants(case.size) as u64, Halving::folded(case.size) as u64);
    let messages = p * floor_log2(case.size) as u64 + 2 * folded;
    Traffic::new(messages, messages * case.bytes())
}
