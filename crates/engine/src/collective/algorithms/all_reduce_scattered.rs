//! All-reduce by sending every part of the vectors straight to one member, which combines it and sends it to all. The order of
//! operands is kept.
//!
//! 2·⌈(n - 1)/32⌉·L + 2·(n - 1)·(o + m/n·β) + m·(n - 1)/n·γ; 2·n·(n - 1) messages.

use super::accumulate::Accumulator;
use super::all_to_all_scattered::windows;
use super::scattered::{self, exchange_cost, reduce, share, window};
use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    scattered::plan(case, windows(case.size))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let own = Buffer::Output.block(role.rank);
    if role.size == 1 {
        if k == 0 {
            Accumulator::everywhere(role).alone(role.parts, out);
        }
        return;
    }
    match reduce(role, k, out) {
        None => {}
        Some(0) => out.push(Step::Copy { from: Buffer::Scratch.block(0), into: own }),
        Some(k) => {
            for distance in window(role, k - 1) {
                let from = role.down(distance);
                out.push(Step::Send { to: role.up(distance), blocks: own });
                out.push(Step::Receive { from, blocks: Buffer::Output.block(from) });
            }
        }
    }
}

/// What comes before it is expected is copied once more.
pub fn cost(case: &Case) -> Cost {
    let (one, share) = (exchange_cost(case), share(case));
    Cost {
        latencies: 2 * one.latencies,
        messages: 2 * one.messages,
        bytes: 2 * share,
        reduced: share,
        copied: 2 * (case.bytes() - share) + share,
        ..Cost::default()
    }
}

pub fn traffic(case: &Case) -> Traffic {
    let n = case.size as u64;
    Traffic::new(2 * n * (n - 1), 2 * (n - 1) * case.bytes())
}
