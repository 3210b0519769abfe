//! Broadcast on two levels: a 4-nomial tree between hosts, then a binomial one on each host.
//!
//! ⌈log4 h⌉·L + 3·⌈log4 h⌉·(o + m·β) between h hosts, ⌈log2 g⌉ messages of m bytes on a host of g; n - 1 messages.

use super::broadcast_k_nomial;
use super::tree::{Edge, ceil_log2, edge};
use super::two_level::{Place, levels, of_leaders};
use crate::collective::{Buffer, Case, Cost, Plan, Range, Role, Step};

pub use super::broadcast_binomial::traffic;

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let (_, near) = levels(case);
    Plan::rounds(broadcast_k_nomial::plan(&of_leaders(case), 0).rounds + near)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let Some(place) = Place::of(role) else { return };
    let far = broadcast_k_nomial::plan(&Case::new(role.collective, place.hosts(), 0, 1), 0).rounds;
    match k.checked_sub(far) {
        None => place.between(|role, out| broadcast_k_nomial::round(role, k, out), out),
        Some(k) => tree_nearby(&place, k, Buffer::Output.block(0), out),
    }
}

/// Round `k` of the broadcast of what a leader has to all of its host.
pub(super) fn tree_nearby(place: &Place<'_>, k: u32, blocks: Range, out: &mut Vec<Step>) {
    let levels = ceil_log2(place.near.size);
    if k >= levels {
        return;
    }
    match edge(place.near.index, place.near.size, levels - 1 - k) {
        Edge::None => {}
        Edge::Parent(from) => out.push(Step::Receive { from: place.mate(from), blocks }),
        Edge::Child(to) => out.push(Step::Send { to: place.mate(to), blocks }),
    }
}

pub fn cost(case: &Case) -> Cost {
    let (_, near) = levels(case);
    broadcast_k_nomial::cost(&of_leaders(case)).near(near, near as u64 * case.bytes())
}
