//! Scan by recursive doubling: in round k every member hands the combination of the 2^k ranks up to its own to the
//! member 2^k further on. The order of operands is kept.
//!
//! ⌈log2 n⌉·(L + m·β + m·γ); Σ (n - 2^k) messages. W. D. Hillis, G. L. Steele: Data parallel algorithms, 1986.

use super::accumulate::Accumulator;
use super::tree::ceil_log2;
use crate::collective::{Case, Cost, Order, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let plan = Plan::rounds((2 * ceil_log2(case.size)).max(1));
    if case.size > 1 { plan.scratch(Scratch::Vectors(1)) } else { plan }
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let sum = Accumulator::everywhere(role);
    if k == 0 && role.rank == 0 {
        sum.alone(1, out);
    }
    let distance = 1 << (k / 2);
    let loaded = k > 1;
    if k % 2 == 1 {
        if role.rank >= distance {
            out.push(sum.combine(loaded, 0, 1, Order::Before));
        }
        return;
    }
    if role.size - role.rank > distance {
        out.push(Step::Send { to: role.rank + distance, blocks: sum.partial(loaded, 0, 1) });
    }
    if role.rank >= distance {
        out.push(Step::Receive { from: role.rank - distance, blocks: sum.arrival(loaded, 0, 1) });
    }
}

pub fn cost(case: &Case) -> Cost {
    let levels = ceil_log2(case.size);
    let bytes = levels as u64 * case.bytes();
    Cost::steps(levels, bytes).reducing(bytes)
}

pub fn traffic(case: &Case) -> Traffic {
    let messages = (0..ceil_log2(case.size)).map(|k| case.size as u64 - (1 << k)).sum();
    Traffic::new(messages, messages * case.bytes())
}
