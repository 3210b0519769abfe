//! Exclusive scan by recursive doubling with two partial results at each member, one with its own vector for those further on and
//! one without it: as many rounds as an inclusive scan has. The order of operands is kept.
//!
//! ⌈log2 n⌉·(L + m·β + 2·m·γ); Σ (n - 2^k) messages.

use super::scan_doubling;
use super::tree::ceil_log2;
use crate::collective::{Buffer, Case, Cost, Order, Plan, Role, Scratch, Step};

pub use super::scan_doubling::traffic;

pub fn plan(case: &Case, _rank: u32) -> Plan {
    // The partial result with the own vector, and what arrives.
    Plan::rounds(1 + 2 * ceil_log2(case.size)).scratch(Scratch::Vectors(2))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let (result, with_own, arrived) =
        (Buffer::Output.block(0), Buffer::Scratch.block(0), Buffer::Scratch.block(1));
    let Some(k) = k.checked_sub(1) else {
        // What arrives first is the whole result, and takes the place of a contribution that lies there.
        if role.rank + 1 < role.size {
            out.push(Step::Copy { from: role.own().block(0), into: with_own });
        }
        return;
    };
    let distance = 1u32 << (k / 2);
    let arrival = if k < 2 { result } else { arrived };
    let sends = role.size - role.rank > distance;
    let receives = role.rank >= distance;
    if k.is_multiple_of(2) {
        if sends {
            out.push(Step::Send { to: role.rank + distance, blocks: with_own });
        }
        if receives {
            out.push(Step::Receive { from: role.rank - distance, blocks: arrival });
        }
    } else if receives {
        let order = Order::Before;
        // Who sends once more needs it for that.
        if role.size - role.rank > 2 * distance {
            out.push(Step::Reduce { from: arrival, into: with_own, order });
        }
        if k > 1 {
            out.push(Step::Reduce { from: arrived, into: result, order });
        }
    }
}

pub fn cost(case: &Case) -> Cost {
    let scan = scan_doubling::cost(case);
    // One combination in the first and in the last round, two in each between.
    let combinations = (2 * ceil_log2(case.size) as u64).saturating_sub(2);
    scan.reducing(combinations * case.bytes()).copying(case.bytes())
}
