//! All-reduce on a ring: n parts go round once to be combined, and once more to be spread. Operands are combined in
//! the ring's order, so the operator must commute.
//!
//! 2·(n - 1)·L + 2·m·(n - 1)/n·β + m·(n - 1)/n·γ; 2·n·(n - 1) messages. P. Patarasuk, X. Yuan: Bandwidth optimal
//! all-reduce algorithms for clusters of workstations, 2009.

use super::accumulate::Accumulator;
use crate::collective::{Buffer, Case, Cost, Order, Plan, Range, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let plan = Plan::rounds((3 * (case.size - 1)).max(1)).parts(case.size);
    if case.in_place { plan.scratch(Scratch::Part) } else { plan }
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let sum = Accumulator::everywhere(role);
    if role.size == 1 {
        return sum.alone(role.parts, out);
    }
    let combining = 2 * (role.size - 1);
    if k < combining {
        // After step s this member's partial result of part rank - s - 1 is that of s + 2 members.
        let step = k / 2;
        let (leaving, coming) = (role.down(step), role.down(step + 1));
        if k.is_multiple_of(2) {
            pass(role, sum.partial(step > 0, leaving, 1), sum.arrival(false, coming, 1), out);
        } else {
            out.push(sum.combine(false, coming, 1, Order::Before));
        }
    } else {
        let step = k - combining;
        let part = |back: u32| Buffer::Output.block(role.down(back));
        pass(role, part(step + role.size - 1), part(step), out);
    }
}

/// To the next, from the one before.
pub(super) fn pass(role: &Role, leaving: Range, coming: Range, out: &mut Vec<Step>) {
    out.push(Step::Send { to: role.up(1), blocks: leaving });
    out.push(Step::Receive { from: role.down(1), blocks: coming });
}

pub fn cost(case: &Case) -> Cost {
    let share = case.bytes() - case.bytes() / case.size as u64;
    Cost::steps(2 * (case.size - 1), 2 * share).reducing(share)
}

pub fn traffic(case: &Case) -> Traffic {
    let n = case.size as u64;
    Traffic::new(2 * n * (n - 1), 2 * (n - 1) * case.bytes())
}
