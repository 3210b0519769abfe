//! Scan along the chain of ranks, in segments that follow one another. The order of operands is kept.
//!
//! (n - 2 + s)·(L + m/s·β + m/s·γ) with s segments; s·(n - 1) messages.

use super::accumulate::Accumulator;
use crate::collective::cost::segments;
use crate::collective::{Case, Cost, Order, Plan, Role, Scratch, Step, Traffic};

pub(super) fn cut(case: &Case) -> u32 {
    segments(case.bytes(), case.size - 1)
}

pub(super) fn steps(case: &Case) -> u32 {
    if case.size == 1 { 0 } else { case.size - 2 + cut(case) }
}

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let plan = Plan::rounds((2 * steps(case)).max(1)).parts(cut(case));
    if case.in_place { plan.scratch(Scratch::Part) } else { plan }
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let sum = Accumulator::everywhere(role);
    if k == 0 && role.rank == 0 {
        sum.alone(role.parts, out);
    }
    // Segment s leaves rank r in step r + s.
    let segment = |number: Option<u32>| number.filter(|s| *s < role.parts);
    let leaving = segment((k / 2).checked_sub(role.rank)).filter(|_| role.rank + 1 < role.size);
    let coming = segment((k / 2 + 1).checked_sub(role.rank)).filter(|_| role.rank > 0);
    if k % 2 == 1 {
        out.extend(coming.map(|s| sum.combine(false, s, 1, Order::Before)));
        return;
    }
    out.extend(leaving.map(|s| Step::Send { to: role.rank + 1, blocks: sum.partial(role.rank > 0, s, 1) }));
    out.extend(coming.map(|s| Step::Receive { from: role.rank - 1, blocks: sum.arrival(false, s, 1) }));
}

pub fn cost(case: &Case) -> Cost {
    let steps = steps(case);
    let bytes = steps as u64 * case.bytes().div_ceil(cut(case) as u64);
    Cost::steps(steps, bytes).reducing(bytes)
}

pub fn traffic(case: &Case) -> Traffic {
    let hops = case.size as u64 - 1;
    Traffic::new(hops * cut(case) as u64, hops * case.bytes())
}
