//! Reduce along a chain from the last member to the first, in segments that follow one another. The order of
//! operands is kept.
//!
//! (n - 2 + s)·(L + m/s·β + m/s·γ) with s segments; s·(n - 1) messages.

use super::accumulate::Accumulator;
use super::reduce_binomial::{hand_over, hand_over_cost};
use crate::collective::cost::segments;
use crate::collective::{Case, Cost, Order, Plan, Role, Scratch, Step, Traffic};

fn cut(case: &Case) -> u32 {
    segments(case.bytes(), case.size - 1)
}

fn steps(case: &Case) -> u32 {
    if case.size == 1 { 0 } else { case.size - 2 + cut(case) }
}

pub fn plan(case: &Case, rank: u32) -> Plan {
    let plan = Plan::rounds(2 * steps(case) + 1).parts(cut(case));
    if rank + 1 < case.size { plan.scratch(Scratch::Vectors(2)) } else { plan }
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let sum = Accumulator::to_zero(role);
    if role.size == 1 || k == 2 * (role.size - 2 + role.parts) {
        return hand_over(role, out);
    }
    // Segment s leaves the member at distance d from the end in step d + s.
    let distance = role.size - 1 - role.rank;
    let segment = |number: Option<u32>| number.filter(|s| *s < role.parts);
    let leaving = segment((k / 2).checked_sub(distance)).filter(|_| role.rank > 0);
    let coming = segment((k / 2 + 1).checked_sub(distance)).filter(|_| distance > 0);
    if k % 2 == 1 {
        out.extend(coming.map(|s| sum.combine(false, s, 1, Order::After)));
        return;
    }
    out.extend(leaving.map(|s| Step::Send { to: role.rank - 1, blocks: sum.partial(distance > 0, s, 1) }));
    out.extend(coming.map(|s| Step::Receive { from: role.rank + 1, blocks: sum.arrival(false, s, 1) }));
}

pub fn cost(case: &Case) -> Cost {
    let steps = steps(case);
    let bytes = steps as u64 * case.bytes().div_ceil(cut(case) as u64);
    let last = hand_over_cost(case);
    Cost::steps(steps + last.latencies as u32, bytes + last.bytes).reducing(bytes)
}

pub fn traffic(case: &Case) -> Traffic {
    let hops = case.size as u64 - 1;
    Traffic::new(hops * cut(case) as u64, hops * case.bytes())
}
