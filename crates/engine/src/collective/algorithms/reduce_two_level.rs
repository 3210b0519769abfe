//! Reduce on two levels: a binomial tree on each host, then one between the leaders. The order of operands is kept if the
//! ranks of each host follow one another.
//!
//! ⌈log2 h⌉·(L + m·β + m·γ) between h hosts, ⌈log2 g⌉ messages of m bytes and combinations on a host of g; n - 1 messages.

use super::accumulate::Accumulator;
use super::reduce_binomial::{hand_over, hand_over_cost};
use super::tree::{Edge, edge};
use super::two_level::{Place, Team, levels, levels_of};
use crate::collective::{Case, Cost, Order, Plan, Role, Scratch, Step};

pub use super::reduce_binomial::traffic;

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let (far, near) = levels(case);
    Plan::rounds(1 + 2 * (near + far) + 1).scratch(Scratch::Vectors(2))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let Some(place) = Place::of(role) else { return };
    let (far, near) = levels_of(role);
    let sum = Accumulator::to_zero(role);
    if k == 0 {
        return sum.alone(1, out);
    }
    if k == 1 + 2 * (near + far) {
        return hand_over(role, out);
    }
    climb(&place, &sum, near, k - 1, out);
}

/// Round `k` of two for each level, the `near` ones on the host first: what a member has loaded goes to its leader, and what
/// the leaders have to the first.
pub(super) fn climb(place: &Place<'_>, sum: &Accumulator, near: u32, k: u32, out: &mut Vec<Step>) {
    match (k / 2).checked_sub(near) {
        None => ascend(place.near, |index| place.mate(index), k / 2, k, sum, place.parts(), out),
        Some(level) => {
            if let Some(far) = place.far {
                ascend(far, |number| place.leader(number), level, k, sum, place.parts(), out);
            }
        }
    }
}

fn ascend(
    team: Team,
    rank: impl Fn(u32) -> u32,
    level: u32,
    k: u32,
    sum: &Accumulator,
    parts: u32,
    out: &mut Vec<Step>,
) {
    match (edge(team.index, team.size, level), k.is_multiple_of(2)) {
        (Edge::Parent(to), true) => {
            out.push(Step::Send { to: rank(to), blocks: sum.partial(true, 0, parts) })
        }
        (Edge::Child(from), true) => {
            out.push(Step::Receive { from: rank(from), blocks: sum.arrival(true, 0, parts) });
        }
        (Edge::Child(_), false) => out.push(sum.combine(true, 0, parts, Order::After)),
        _ => {}
    }
}

pub fn cost(case: &Case) -> Cost {
    let (far, near) = levels(case);
    let last = hand_over_cost(case);
    let m = case.bytes();
    Cost::steps(far + last.latencies as u32, far as u64 * m + last.bytes)
        .near(near, near as u64 * m)
        .reducing((far + near) as u64 * m)
        .copying(m)
}
