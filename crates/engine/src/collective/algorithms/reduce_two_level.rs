//! Reduce on two levels: a binomial tree on each host, then a 4-nomial one between the leaders. The order of operands is kept if the
//! ranks of each host follow one another.
//!
//! ⌈log4 h⌉·L + 3·⌈log4 h⌉·(o + m·β + m·γ) between h hosts, ⌈log2 g⌉ messages of m bytes and combinations on a host of g; n - 1 messages.

use super::accumulate::Accumulator;
use super::all_gather_k_bruck::RADIX;
use super::broadcast_k_nomial::{Family, family, messages};
use super::reduce_binomial::{hand_over, hand_over_cost};
use super::tree::{self, Edge, edge};
use super::two_level::{Place, Team, levels, levels_of, spread};
use crate::collective::{Case, Cost, Order, Plan, Role, Scratch, Step};

pub use super::reduce_binomial::traffic;

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let (far, (_, near)) = (tree::levels(spread(case).hosts, RADIX), levels(case));
    Plan::rounds(1 + 2 * near + RADIX * far + 1).scratch(Scratch::Vectors(RADIX))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let Some(place) = Place::of(role) else { return };
    let (far, (_, near)) = (tree::levels(place.hosts(), RADIX), levels_of(role));
    let sum = Accumulator::to_zero(role);
    let met = 1 + 2 * near;
    if k == 0 {
        sum.alone(1, out);
    } else if k < met {
        climb(&place, &sum, near, k - 1, out);
    } else if k < met + RADIX * far {
        between(&place, &sum, k - met, out);
    } else {
        hand_over(role, out);
    }
}

/// Four rounds of each level of the tree between the leaders: up to three vectors arrive, and are combined one by one.
fn between(place: &Place<'_>, sum: &Accumulator, k: u32, out: &mut Vec<Step>) {
    let Some(far) = place.far else { return };
    let (level, phase) = (k / RADIX, k % RADIX);
    match family(far.index, far.size, level) {
        Family::Parent(to) if phase == 0 => {
            out.push(Step::Send { to: place.leader(to), blocks: sum.partial(true, 0, 1) });
        }
        Family::Children(children) if phase == 0 => {
            out.extend(children.zip(0..).map(|(from, number)| Step::Receive {
                from: place.leader(from),
                blocks: sum.spare(number, 1),
            }))
        }
        Family::Children(mut children) => {
            if children.nth(phase as usize - 1).is_some() {
                let (from, into) = (sum.spare(phase - 1, 1), sum.partial(true, 0, 1));
                out.push(Step::Reduce { from, into, order: Order::After });
            }
        }
        Family::Parent(_) | Family::None => {}
    }
}

/// Round `k` of two for each of the `near` levels of a host: what a member has loaded goes to its leader.
pub(super) fn climb(place: &Place<'_>, sum: &Accumulator, near: u32, k: u32, out: &mut Vec<Step>) {
    debug_assert!(k < 2 * near, "there are no more levels");
    ascend(place.near, |index| place.mate(index), k / 2, k, sum, place.parts(), out);
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
    let ((_, near), hosts) = (levels(case), spread(case).hosts);
    let (last, m, taken) = (hand_over_cost(case), case.bytes(), messages(hosts));
    let whole = Cost {
        latencies: tree::levels(hosts, RADIX) as u64 + last.latencies,
        messages: taken + last.messages,
        bytes: taken * m + last.bytes,
        ..Cost::default()
    };
    whole.near(near, near as u64 * m).reducing((taken + near as u64) * m).copying(m)
}
