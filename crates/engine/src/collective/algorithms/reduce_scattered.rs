//! Reduce by sending every part of the vectors straight to one member, which combines it and sends it to the root. The order of operands is
//! kept.
//!
//! (1 + ⌈(n - 1)/32⌉)·L + 2·(n - 1)·(o + m/n·β) + m·(n - 1)/n·γ; n·(n - 1) + n - 1 messages.

use super::accumulate::Accumulator;
use super::scattered::{self, exchange_cost, reduce, share};
use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    scattered::plan(case, 0)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    if role.size == 1 {
        if k == 0 {
            Accumulator::to_zero(role).alone(role.parts, out);
        }
    } else if reduce(role, k, out).is_some() {
        let part = Buffer::Scratch.block(0);
        if role.rank == role.root {
            out.push(Step::Copy { from: part, into: Buffer::Output.block(role.rank) });
            let others = (0..role.size).filter(|from| *from != role.rank);
            out.extend(others.map(|from| Step::Receive { from, blocks: Buffer::Output.block(from) }));
        } else {
            out.push(Step::Send { to: role.root, blocks: part });
        }
    }
}

pub fn cost(case: &Case) -> Cost {
    let (one, share) = (exchange_cost(case), share(case));
    Cost {
        latencies: one.latencies + one.latencies.min(1),
        messages: 2 * one.messages,
        bytes: 2 * share,
        reduced: share,
        copied: 2 * (case.bytes() - share),
        ..Cost::default()
    }
}

pub fn traffic(case: &Case) -> Traffic {
    let n = case.size as u64;
    let at_root = case.bytes() - case.elements.div_ceil(n) * case.element_bytes;
    Traffic::new(n * (n - 1) + n - 1, (n - 1) * case.bytes() + at_root)
}
