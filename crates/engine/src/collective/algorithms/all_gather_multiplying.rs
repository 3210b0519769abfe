//! All-gather by recursive multiplying, for equal blocks and any number of members: groups of four exchange all that they
//! have, which stands where it belongs. Those beyond a product of fours hand their block to a neighbour and get all in the
//! end.
//!
//! ⌈log4 n⌉·L + 3·⌈log4 n⌉·o + (n - 1)·m·β, and 2·L + (n + 1)·m·β if some are folded in; 3·p·log4 p + 2·(n - p) messages.
//! Recursive exchange as in MPICH.

use super::all_gather_ring::contribution;
use super::multiplying::{self, level, participants, place};
use crate::collective::{Buffer, Case, Cost, Plan, Range, Role, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(participants(case.size).1 + 2)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let place = place(role.rank, role.size);
    let (p, levels) = participants(role.size);
    let whole = Buffer::Output.blocks(0, role.size);
    let own = contribution(role);
    if k == 0 {
        if !role.in_place {
            out.push(Step::Copy { from: own, into: Buffer::Output.block(role.rank) });
        }
        match (place.pair, place.number) {
            (Some(pair), None) => out.push(Step::Send { to: pair, blocks: own }),
            (Some(from), Some(_)) => out.push(Step::Receive { from, blocks: Buffer::Output.block(from) }),
            (None, _) => {}
        }
    } else if k == levels + 1 {
        match (place.pair, place.number) {
            (Some(from), None) => out.push(Step::Receive { from, blocks: whole }),
            (Some(to), Some(_)) => out.push(Step::Send { to, blocks: whole }),
            (None, _) => {}
        }
    } else if let Some(me) = place.number {
        let level = level(role.size, k - 1);
        let held = |who: u32| -> Range {
            let first = who - who % level.distance;
            let start = |number: u32| if number == p { role.size } else { place.rank(number) };
            Buffer::Output.blocks(start(first), start(first + level.distance) - start(first))
        };
        for (peer, _) in level.others(me) {
            out.push(Step::Send { to: place.rank(peer), blocks: held(me) });
            out.push(Step::Receive { from: place.rank(peer), blocks: held(peer) });
        }
    }
}

/// Where some are folded in, groups hold up to twice as much as others.
pub fn cost(case: &Case) -> Cost {
    let (p, levels) = participants(case.size);
    let folded = (p < case.size) as u64;
    let held = |distance: u32| (distance as u64 * (1 + folded)).min(case.size as u64);
    let blocks: u64 =
        multiplying::levels(case.size).map(|level| (level.members as u64 - 1) * held(level.distance)).sum();
    Cost {
        latencies: levels as u64 + 2 * folded,
        messages: multiplying::messages(case.size) + 2 * folded,
        bytes: (blocks + folded * (case.size as u64 + 1)) * case.bytes(),
        ..Cost::default()
    }
}

pub fn traffic(case: &Case) -> Traffic {
    let (p, _) = participants(case.size);
    let (n, folded) = (case.size as u64, (case.size - p) as u64);
    let messages = p as u64 * multiplying::messages(case.size) + 2 * folded;
    // At each level every block is with as many as are near enough, each of whom sends it to the others of its group.
    let exchanged: u64 = multiplying::levels(case.size)
        .map(|level| (level.members as u64 - 1) * level.distance as u64 * n)
        .sum();
    Traffic::new(messages, (exchanged + folded * (n + 1)) * case.bytes())
}
