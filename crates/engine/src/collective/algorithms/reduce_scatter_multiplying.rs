//! Reduce-scatter by recursive multiplying of the whole vectors, of which each member keeps its block: few rounds for small blocks. The
//! order of operands is kept.
//!
//! ⌈log4 n⌉·L + 3·⌈log4 n⌉·(o + n·m·β + n·m·γ) with blocks of m bytes, and 2·L + (n + 1)·m·β + n·m·γ if some are folded in;
//! 3·p·log4 p + 2·(n - p) messages with p that take part.

use super::accumulate::Accumulator;
use super::all_reduce_multiplying;
use super::multiplying::{self, COMBINING, arrival, combination, combine, level, participants, place};
use super::reduce_rabenseifner::fold;
use super::reduce_scatter_ring::alone;
use crate::collective::{Buffer, Case, Cost, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let plan = Plan::rounds(2 + (1 + COMBINING) * participants(case.size).1 + 1);
    plan.scratch(Scratch::Ranks { blocks: (1 + COMBINING) * case.size, rotation: 0 })
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    if role.size == 1 {
        if k == 0 {
            alone(role, out);
        }
        return;
    }
    let vector = Role { parts: role.size, ..role.clone() };
    let place = place(role.rank, role.size);
    let sum = Accumulator::in_scratch(role);
    if k < 2 {
        return fold(role.size, &place, &sum, k, out);
    }
    let (number, turn) = ((k - 2) / (1 + COMBINING), (k - 2) % (1 + COMBINING));
    if number == participants(role.size).1 {
        let block = |of: u32| Buffer::Scratch.block(of);
        match (place.number, place.pair) {
            (None, Some(from)) => out.push(Step::Receive { from, blocks: role.result() }),
            (_, pair) => {
                out.push(Step::Copy { from: block(role.rank), into: role.result() });
                out.extend(pair.map(|to| Step::Send { to, blocks: block(to) }));
            }
        }
        return;
    }
    let Some(me) = place.number else { return };
    let (level, loaded) = (level(role.size, number), number > 0 || place.has_folded());
    if turn > 0 {
        return combine(&vector, &sum, loaded, (level, me, turn - 1), (0, role.size), out);
    }
    for (peer, digit) in level.others(me) {
        let (turn, _) = combination(level.digit(me), digit);
        let peer = place.rank(peer);
        out.push(Step::Send { to: peer, blocks: sum.partial(loaded, 0, role.size) });
        let blocks = arrival(&vector, &sum, loaded, turn, 0, role.size);
        out.push(Step::Receive { from: peer, blocks });
    }
}

pub fn cost(case: &Case) -> Cost {
    let whole = Case { elements: case.elements.saturating_mul(case.size as u64), ..*case };
    let (p, _) = participants(case.size);
    let unsent = if p < case.size { whole.bytes() - case.bytes() } else { 0 };
    let cost = all_reduce_multiplying::cost(&whole);
    Cost { bytes: cost.bytes - unsent, copied: case.bytes(), ..cost }
}

pub fn traffic(case: &Case) -> Traffic {
    let (p, _) = participants(case.size);
    let (n, folded, m) = (case.size as u64, (case.size - p) as u64, case.bytes());
    let exchanged = p as u64 * multiplying::messages(case.size);
    Traffic::new(exchanged + 2 * folded, exchanged * n * m + folded * (n + 1) * m)
}
