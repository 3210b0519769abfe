//! Broadcast on two levels: a binomial tree between hosts, then one on each host.
//!
//! ⌈log2 h⌉·(L + m·β) between h hosts, ⌈log2 g⌉ messages of m bytes on a host of g; n - 1 messages.

use super::broadcast_binomial;
use super::tree::{Edge, ceil_log2, edge};
use super::two_level::{Place, levels, levels_of};
use crate::collective::{Buffer, Case, Cost, Plan, Range, Role, Step};

pub use super::broadcast_binomial::traffic;

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let (far, near) = levels(case);
    Plan::rounds(far + near)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let Some(place) = Place::of(role) else { return };
    let (far, _) = levels_of(role);
    match k.checked_sub(far) {
        None => place.between(|role, out| broadcast_binomial::round(role, k, out), out),
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
    let (far, near) = levels(case);
    Cost::steps(far, far as u64 * case.bytes()).near(near, near as u64 * case.bytes())
}
