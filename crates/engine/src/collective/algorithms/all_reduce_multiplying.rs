//! All-reduce by recursive multiplying: groups of four exchange their whole partial results at each level.
//!
//! ⌈log4 n⌉·L + 3·⌈log4 n⌉·(o + m·β + m·γ), and 2·(L + m·β) + m·γ if some are folded in; 3·p·log4 p + 2·(n - p) messages
//! with p that take part. The order of operands is kept. M. Ruefenacht, M. Bull, S. Booth: Generalisation of recursive
//! doubling for AllReduce, 2017.

use super::accumulate::Accumulator;
use super::all_reduce_doubling::unfold;
use super::multiplying::{self, COMBINING, arrival, combination, combine, level, participants, place};
use super::reduce_rabenseifner::fold;
use crate::collective::{Case, Cost, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let plan = Plan::rounds(2 + (1 + COMBINING) * participants(case.size).1 + 1);
    if case.size > 1 { plan.scratch(Scratch::Vectors(COMBINING)) } else { plan }
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let place = place(role.rank, role.size);
    let sum = Accumulator::everywhere(role);
    if k < 2 {
        return fold(role.parts, &place, &sum, k, out);
    }
    let (number, turn) = ((k - 2) / (1 + COMBINING), (k - 2) % (1 + COMBINING));
    if number == participants(role.size).1 {
        return unfold(role, &place, &sum, out);
    }
    let Some(me) = place.number else { return };
    let (level, loaded) = (level(role.size, number), number > 0 || place.has_folded());
    if turn > 0 {
        return combine(role, &sum, loaded, (level, me, turn - 1), (0, 1), out);
    }
    for (peer, digit) in level.others(me) {
        let (turn, _) = combination(level.digit(me), digit);
        let peer = place.rank(peer);
        out.push(Step::Send { to: peer, blocks: sum.partial(loaded, 0, 1) });
        out.push(Step::Receive { from: peer, blocks: arrival(role, &sum, loaded, turn, 0, 1) });
    }
}

pub fn cost(case: &Case) -> Cost {
    let (p, levels) = participants(case.size);
    let (messages, folded) = (multiplying::messages(case.size), (p < case.size) as u64);
    Cost {
        latencies: levels as u64 + 2 * folded,
        messages: messages + 2 * folded,
        bytes: (messages + 2 * folded) * case.bytes(),
        reduced: (messages + folded) * case.bytes(),
        ..Cost::default()
    }
}

pub fn traffic(case: &Case) -> Traffic {
    let (p, _) = participants(case.size);
    let messages = p as u64 * multiplying::messages(case.size) + 2 * (case.size - p) as u64;
    Traffic::new(messages, messages * case.bytes())
}
