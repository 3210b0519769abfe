//! Barrier on two levels: a binomial tree up on each host, dissemination among the leaders, the tree down.
//!
//! ⌈log4 h⌉·(L + 2·o) between h hosts, 2·⌈log2 g⌉ signals on a host of g.

use super::barrier_k_dissemination;
use super::tree::{Edge, edge};
use super::two_level::{Place, levels, levels_of, of_leaders};
use crate::collective::{Case, Cost, Plan, Range, Role, Step, Traffic};

pub fn plan(case: &Case, rank: u32) -> Plan {
    let (_, near) = levels(case);
    Plan::rounds(2 * near + barrier_k_dissemination::plan(&of_leaders(case), rank).rounds)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let Some(place) = Place::of(role) else { return };
    let (_, near) = levels_of(role);
    let between = super::tree::levels(place.hosts(), super::all_gather_k_bruck::RADIX);
    if k >= near && k < near + between {
        return place.between(|role, out| barrier_k_dissemination::round(role, k - near, out), out);
    }
    let blocks = Range::NOTHING;
    let (level, upwards) = if k < near { (k, true) } else { (near - 1 - (k - near - between), false) };
    let (send, receive) = (|to| Step::Send { to, blocks }, |from| Step::Receive { from, blocks });
    match edge(place.near.index, place.near.size, level) {
        Edge::None => {}
        Edge::Parent(parent) if upwards => out.push(send(place.mate(parent))),
        Edge::Parent(parent) => out.push(receive(place.mate(parent))),
        Edge::Child(child) if upwards => out.push(receive(place.mate(child))),
        Edge::Child(child) => out.push(send(place.mate(child))),
    }
}

pub fn cost(case: &Case) -> Cost {
    let (_, near) = levels(case);
    barrier_k_dissemination::cost(&of_leaders(case)).near(2 * near, 0)
}

pub fn traffic(case: &Case) -> Traffic {
    let leaders = of_leaders(case);
    let between = barrier_k_dissemination::traffic(&leaders).messages;
    Traffic::new(between + 2 * (case.size - leaders.size) as u64, 0)
}
