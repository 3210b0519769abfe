//! All-reduce on a ring in two halves that alternate: while the parts of one are combined, those of the other are on
//! their way. The operator must commute.
//!
//! 4·(n - 1)·L + 2·m·(n - 1)/n·β, with m·(n - 1)/n·γ behind the messages; 4·n·(n - 1) messages. The segmented ring of
//! Open MPI, with two segments of each part.

use super::accumulate::Accumulator;
use super::all_reduce_ring::pass;
use crate::collective::{Buffer, Case, Cost, Order, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let plan = Plan::rounds((4 * (case.size - 1) + 1).max(1)).parts(2 * case.size);
    // In place an arrival of each half waits to be combined.
    if case.in_place { plan.scratch(Scratch::Vectors(1)) } else { plan }
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let sum = Accumulator::everywhere(role);
    if role.size == 1 {
        if k == 0 {
            sum.alone(role.parts, out);
        }
        return;
    }
    for half in 0..2 {
        if let Some(k) = k.checked_sub(half) {
            ring(role, half, k, &sum, out);
        }
    }
}

/// Round `k` of one half: messages in even rounds, combinations in odd ones.
fn ring(role: &Role, half: u32, k: u32, sum: &Accumulator, out: &mut Vec<Step>) {
    let step = k / 2;
    let combining = role.size - 1;
    if step >= 2 * combining {
        return;
    }
    let part = |back: u32| half * role.size + role.down(back);
    let (leaving, coming) = (part(step), part(step + 1));
    match (step < combining, k.is_multiple_of(2)) {
        (true, true) => {
            pass(role, sum.partial(step > 0, leaving, 1), sum.arrival(false, coming, 1), out);
        }
        (true, false) => out.push(sum.combine(false, coming, 1, Order::Before)),
        (false, true) => {
            let step = step - combining;
            let block = |back| Buffer::Output.block(part(back));
            pass(role, block(step + role.size - 1), block(step), out);
        }
        (false, false) => {}
    }
}

pub fn cost(case: &Case) -> Cost {
    let share = case.bytes() - case.bytes() / case.size as u64;
    Cost::steps(4 * (case.size - 1), 2 * share).reducing(share)
}

pub fn traffic(case: &Case) -> Traffic {
    let n = case.size as u64;
    Traffic::new(4 * n * (n - 1), 2 * (n - 1) * case.bytes())
}
