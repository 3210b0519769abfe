//! Reduce on a circulant graph: the broadcast backwards. Each block's path to everybody becomes its way back to the root,
//! combined wherever paths meet.
//!
//! (⌈log2 n⌉ - 1 + s)·(L + m/s·β + m/s·γ) with s blocks; s·(n - 1) messages. J. L. Träff: Optimal broadcast schedules in
//! logarithmic time, 2024.

use super::accumulate::Accumulator;
use super::broadcast_circulant::{cut, exchange, rounds};
use crate::collective::{Case, Cost, Order, Plan, Role, Scratch, Step};

pub use super::broadcast_circulant::traffic;

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let plan = Plan::rounds(1 + 2 * rounds(case.size, cut(case))).parts(cut(case));
    if case.size > 1 { plan.scratch(Scratch::Vectors(2)) } else { plan }
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let sum = Accumulator::to_zero(role);
    if k == 0 {
        return sum.alone(role.parts, out);
    }
    let backwards = rounds(role.size, role.parts) - 1 - (k - 1) / 2;
    let exchange = exchange(role, backwards);
    if k.is_multiple_of(2) {
        out.extend(exchange.leaving.map(|(_, block)| sum.combine(true, block, 1, Order::After)));
        return;
    }
    if let Some((to, block)) = exchange.coming {
        out.push(Step::Send { to, blocks: sum.partial(true, block, 1) });
    }
    if let Some((from, block)) = exchange.leaving {
        out.push(Step::Receive { from, blocks: sum.arrival(true, block, 1) });
    }
}

pub fn cost(case: &Case) -> Cost {
    let rounds = rounds(case.size, cut(case));
    let bytes = rounds as u64 * case.bytes().div_ceil(cut(case) as u64);
    Cost::steps(rounds, bytes).reducing(bytes).copying(case.bytes())
}
