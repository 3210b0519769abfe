//! All-reduce straight: everybody gets everybody's vector, up to 32 at a time, and combines them all. The order of operands
//! is kept.
//!
//! ⌈(n - 1)/32⌉·L + (n - 1)·(o + m·β + m·γ); n·(n - 1) messages of m bytes.

use super::accumulate::Accumulator;
use super::all_to_all_scattered::{WINDOW, windows};
use super::multiplying::{arrival, combination};
use crate::collective::{Buffer, Case, Cost, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let plan = Plan::rounds(windows(case.size) + case.size - 1 + (case.size == 1) as u32);
    if case.size > 1 { plan.scratch(Scratch::Vectors(case.size - 1)) } else { plan }
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let sum = Accumulator::everywhere(role);
    if role.size == 1 {
        return sum.alone(1, out);
    }
    let Some(turn) = k.checked_sub(windows(role.size)) else {
        let first = 1 + k * WINDOW;
        for distance in first..(first + WINDOW).min(role.size) {
            let from = role.down(distance);
            let (turn, _) = combination(role.rank, from);
            out.push(Step::Send { to: role.up(distance), blocks: role.own().block(0) });
            out.push(Step::Receive { from, blocks: arrival(role, &sum, false, turn, 0, 1) });
        }
        return;
    };
    let orders = (0..role.size).filter(|rank| *rank != role.rank).map(|rank| combination(role.rank, rank));
    let Some((_, order)) = orders.into_iter().find(|(number, _)| *number == turn) else { return };
    out.push(match turn {
        0 => sum.combine(false, 0, 1, order),
        _ => Step::Reduce { from: Buffer::Scratch.block(turn), into: Buffer::Output.block(0), order },
    });
}

pub fn cost(case: &Case) -> Cost {
    let others = case.size as u64 - 1;
    let bytes = others * case.bytes();
    let latencies = others.div_ceil(WINDOW as u64);
    Cost { latencies, messages: others, bytes, ..Cost::default() }.reducing(bytes).copying(bytes)
}

pub fn traffic(case: &Case) -> Traffic {
    let messages = case.size as u64 * (case.size as u64 - 1);
    Traffic::new(messages, messages * case.bytes())
}
