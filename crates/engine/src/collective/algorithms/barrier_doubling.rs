//! Barrier by recursive doubling: in round k members 2^k apart signal each other; those beyond a power of two are folded
//! in and told.
//!
//! log2 p·L with p = 2^⌊log2 n⌋, and 2·L if n isn't a power of two; p·log2 p + 2·(n - p) empty messages.

use super::halving::Halving;
use super::tree::floor_log2;
use crate::collective::{Case, Cost, Plan, Range, Role, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(floor_log2(case.size) + 2)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let place = Halving::new(role.rank, role.size);
    let blocks = Range::NOTHING;
    let last = k == place.levels + 1;
    match (place.pair, place.number) {
        (Some(pair), Some(_)) if k == 0 => out.push(Step::Receive { from: pair, blocks }),
        (Some(pair), None) if k == 0 => out.push(Step::Send { to: pair, blocks }),
        (Some(pair), Some(_)) if last => out.push(Step::Send { to: pair, blocks }),
        (Some(pair), None) if last => out.push(Step::Receive { from: pair, blocks }),
        (_, Some(number)) if k > 0 && !last => {
            let peer = place.rank(Halving::partner(number, k - 1).0);
            out.push(Step::Send { to: peer, blocks });
            out.push(Step::Receive { from: peer, blocks });
        }
        _ => {}
    }
}

pub fn cost(case: &Case) -> Cost {
    Cost::steps(floor_log2(case.size) + 2 * Halving::folded(case.size).min(1), 0)
}

pub fn traffic(case: &Case) -> Traffic {
    let (p, folded) = (Halving::participants(case.size) as u64, Halving::folded(case.size) as u64);
    Traffic::new(p * floor_log2(case.size) as u64 + 2 * folded, 0)
}
