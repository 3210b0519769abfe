//! All-reduce by Rabenseifner's algorithm in groups of four: a reduce-scatter that leaves each of p members with the result
//! of one part, and an all-gather that takes the levels back. The order of operands is kept.
//!
//! 2·⌈log4 p⌉·L + 6·⌈log4 p⌉·o + 2·m·(p - 1)/p·β + m·(p - 1)/p·γ, and 2·(L + m·β) + m·γ if some are folded in; twice the
//! messages of recursive multiplying. R. Rabenseifner, 2004; k-ary as in MPICH.

use super::accumulate::Accumulator;
use super::all_reduce_doubling::unfold;
use super::halving::Halving;
use super::multiplying::{self, COMBINING, arrival, combination, combine, level, participants, place};
use super::reduce_rabenseifner::fold;
use crate::collective::{Buffer, Case, Cost, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let (p, levels) = participants(case.size);
    let plan = Plan::rounds(2 + (2 + COMBINING) * levels + 1).parts(p);
    if case.size > 1 { plan.scratch(Scratch::Vectors(COMBINING)) } else { plan }
}

/// The parts (first, count) that a participant still holds before a level.
pub(super) fn held(number: u32, size: u32, levels: u32) -> (u32, u32) {
    let (mut first, mut count) = (0, participants(size).0);
    for level in (0..levels).map(|l| level(size, l)) {
        count /= level.members;
        first += level.digit(number) * count;
    }
    (first, count)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let place = place(role.rank, role.size);
    let sum = Accumulator::everywhere(role);
    let (_, levels) = participants(role.size);
    if k < 2 {
        return fold(role.parts, &place, &sum, k, out);
    }
    if k == 2 + (2 + COMBINING) * levels {
        return unfold(role, &place, &sum, out);
    }
    let Some(me) = place.number else { return };
    match (k - 2).checked_sub((1 + COMBINING) * levels) {
        None => scatter(role, &place, me, &sum, k - 2, out),
        Some(k) => gather(role, &place, me, levels - 1 - k, out),
    }
}

/// The rounds of the reduce-scatter: at each level everybody in a group keeps one piece of what they hold.
pub(super) fn scatter(role: &Role, place: &Halving, me: u32, sum: &Accumulator, k: u32, out: &mut Vec<Step>) {
    let (number, turn) = (k / (1 + COMBINING), k % (1 + COMBINING));
    let (level, loaded) = (level(role.size, number), number > 0 || place.has_folded());
    let kept = held(me, role.size, number + 1);
    if turn > 0 {
        return combine(role, sum, loaded, (level, me, turn - 1), kept, out);
    }
    for (peer, digit) in level.others(me) {
        let (turn, _) = combination(level.digit(me), digit);
        let given = held(peer, role.size, number + 1);
        let peer = place.rank(peer);
        out.push(Step::Send { to: peer, blocks: sum.partial(loaded, given.0, given.1) });
        out.push(Step::Receive { from: peer, blocks: arrival(role, sum, loaded, turn, kept.0, kept.1) });
    }
}

/// One level of the all-gather: everybody in a group gives the others all that it holds.
fn gather(role: &Role, place: &Halving, me: u32, number: u32, out: &mut Vec<Step>) {
    let held = |who: u32| {
        let (first, count) = held(who, role.size, number + 1);
        Buffer::Output.blocks(first, count)
    };
    for (peer, _) in level(role.size, number).others(me) {
        out.push(Step::Send { to: place.rank(peer), blocks: held(me) });
        out.push(Step::Receive { from: place.rank(peer), blocks: held(peer) });
    }
}

pub fn cost(case: &Case) -> Cost {
    let (p, levels) = participants(case.size);
    let share = case.bytes() - case.bytes() / p as u64;
    let (messages, folded) = (multiplying::messages(case.size), (p < case.size) as u64);
    Cost {
        latencies: 2 * (levels as u64 + folded),
        messages: 2 * (messages + folded),
        bytes: 2 * (share + folded * case.bytes()),
        reduced: share + folded * case.bytes(),
        ..Cost::default()
    }
}

pub fn traffic(case: &Case) -> Traffic {
    let (p, _) = participants(case.size);
    let (p, folded) = (p as u64, (case.size - p) as u64);
    let messages = 2 * (p * multiplying::messages(case.size) + folded);
    Traffic::new(messages, 2 * (p - 1 + folded) * case.bytes())
}
