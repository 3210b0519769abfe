//! Reduce by Rabenseifner's algorithm in groups of four: a reduce-scatter that leaves each of p members with the result of one
//! part, and a tree of groups of four that takes the levels back. The order of operands is kept.
//!
//! 2·⌈log4 p⌉·L + 6·⌈log4 p⌉·o + 2·m·(p - 1)/p·β + m·(p - 1)/p·γ, and L + m·β + m·γ if some are folded in. R. Rabenseifner,
//! 2004; k-ary as in MPICH.

use super::accumulate::Accumulator;
use super::all_reduce_k_rabenseifner::{held, scatter};
use super::multiplying::{self, COMBINING, level, participants, place};
use super::reduce_binomial::{hand_over, hand_over_cost};
use super::reduce_rabenseifner::fold;
use crate::collective::{Case, Cost, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let (p, levels) = participants(case.size);
    let plan = Plan::rounds(2 + (2 + COMBINING) * levels + 1).parts(p);
    if case.size > 1 { plan.scratch(Scratch::Vectors(1 + COMBINING)) } else { plan }
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let place = place(role.rank, role.size);
    let sum = Accumulator::to_zero(role);
    let (_, levels) = participants(role.size);
    if k < 2 {
        return fold(role.parts, &place, &sum, k, out);
    }
    if k == 2 + (2 + COMBINING) * levels {
        return hand_over(role, out);
    }
    let Some(me) = place.number else { return };
    let Some(k) = (k - 2).checked_sub((1 + COMBINING) * levels) else {
        return scatter(role, &place, me, &sum, k - 2, out);
    };
    // The furthest first: who has given all that it held is done.
    let number = levels - 1 - k;
    let group = level(role.size, number);
    if me >= group.distance * group.members {
        return;
    }
    let parts = |who: u32| {
        let (first, count) = held(who, role.size, number + 1);
        sum.partial(true, first, count)
    };
    match group.digit(me) {
        0 => out.extend(
            group.others(me).map(|(from, _)| Step::Receive { from: place.rank(from), blocks: parts(from) }),
        ),
        digit => {
            let to = place.rank(me - digit * group.distance);
            out.push(Step::Send { to, blocks: parts(me) });
        }
    }
}

pub fn cost(case: &Case) -> Cost {
    let (p, levels) = participants(case.size);
    let share = case.bytes() - case.bytes() / p as u64;
    let (messages, folded) = (multiplying::messages(case.size), (p < case.size) as u64);
    let last = hand_over_cost(case);
    Cost {
        latencies: 2 * levels as u64 + folded + last.latencies,
        messages: 2 * messages + folded + last.messages,
        bytes: 2 * share + folded * case.bytes() + last.bytes,
        reduced: share + folded * case.bytes(),
        ..Cost::default()
    }
}

pub fn traffic(case: &Case) -> Traffic {
    let (p, levels) = participants(case.size);
    let part = |number: u32| {
        let (first, _) = held(number, case.size, levels);
        case.elements / p as u64 + ((first as u64) < case.elements % p as u64) as u64
    };
    // A part goes up at each level at which its member is not the first of its group.
    let hops = |number: u32| multiplying::levels(case.size).filter(|group| group.digit(number) > 0).count();
    let gathered = (0..p).map(|number| hops(number) as u64 * part(number)).sum::<u64>() * case.element_bytes;
    let (p, folded) = (p as u64, (case.size - p) as u64);
    let messages = p * multiplying::messages(case.size) + p - 1 + folded;
    Traffic::new(messages, (p - 1 + folded) * case.bytes() + gathered)
}
