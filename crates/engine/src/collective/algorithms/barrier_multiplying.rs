//! Barrier by recursive multiplying: groups of four exchange signals at each level; those beyond a product of fours let a
//! neighbour speak for them.
//!
//! ⌈log4 n⌉·(L + 2·o), and 2·L if some are folded in. Recursive exchange as in MPICH.

use super::multiplying::{self, level, participants, place};
use crate::collective::{Case, Cost, Plan, Range, Role, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(participants(case.size).1 + 2)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let place = place(role.rank, role.size);
    let blocks = Range::NOTHING;
    let last = participants(role.size).1 + 1;
    match (place.pair, place.number) {
        (Some(from), Some(_)) if k == 0 => out.push(Step::Receive { from, blocks }),
        (Some(to), None) if k == 0 => out.push(Step::Send { to, blocks }),
        (Some(to), Some(_)) if k == last => out.push(Step::Send { to, blocks }),
        (Some(from), None) if k == last => out.push(Step::Receive { from, blocks }),
        (_, Some(me)) if k > 0 && k < last => {
            for (peer, _) in level(role.size, k - 1).others(me) {
                let peer = place.rank(peer);
                out.push(Step::Send { to: peer, blocks });
                out.push(Step::Receive { from: peer, blocks });
            }
        }
        _ => {}
    }
}

pub fn cost(case: &Case) -> Cost {
    let (p, levels) = participants(case.size);
    let folded = (p < case.size) as u64;
    let messages = multiplying::messages(case.size) + 2 * folded;
    Cost { latencies: levels as u64 + 2 * folded, messages, ..Cost::default() }
}

pub fn traffic(case: &Case) -> Traffic {
    let (p, _) = participants(case.size);
    Traffic::new(p as u64 * multiplying::messages(case.size) + 2 * (case.size - p) as u64, 0)
}
