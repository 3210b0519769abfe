//! Scatter on two levels: a binomial tree between hosts, on which each leader gets the blocks of its host and of those
//! behind it, then each leader gives its host theirs.
//!
//! ⌈log2 h⌉·L + (n - g)·m·β between h hosts, g - 1 messages of m bytes on a host of g.

use super::tree::{Edge, ceil_log2, edge, subtree};
use super::two_level::{Place, levels, spread};
use crate::collective::{Buffer, Case, Cost, Near, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(rounds(spread(case).hosts)).scratch(Scratch::Ranks { blocks: case.size, rotation: 0 })
}

pub(super) fn rounds(hosts: u32) -> u32 {
    1 + ceil_log2(hosts) + 1
}

/// A leader's scratch memory holds the blocks of its host and of those behind it on the tree.
pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let Some(place) = Place::of(role) else { return };
    let levels = ceil_log2(place.hosts());
    if k == 0 {
        if role.rank == 0 {
            collect(role, &place, out);
        }
    } else if k <= levels {
        descend(&place, levels - k, out);
    } else {
        give(role, &place, out);
    }
}

/// At the root: the blocks of the other hosts are put behind one another.
fn collect(role: &Role, place: &Place<'_>, out: &mut Vec<Step>) {
    if !role.in_place {
        out.push(Step::Copy { from: Buffer::Input.block(0), into: Buffer::Output.block(0) });
    }
    let others =
        (1..place.hosts()).flat_map(|host| (0..place.members(host)).map(move |i| place.rank(host, i)));
    out.extend(
        others.zip(place.members(0)..).map(|(rank, at)| Step::Copy {
            from: Buffer::Input.block(rank),
            into: Buffer::Scratch.block(at),
        }),
    );
}

fn descend(place: &Place<'_>, level: u32, out: &mut Vec<Step>) {
    let Some(far) = place.far else { return };
    match edge(far.index, far.size, level) {
        Edge::None => {}
        Edge::Parent(from) => {
            let blocks = place.members_of(far.index, subtree(far.index, far.size));
            let blocks = Buffer::Scratch.blocks(0, blocks);
            out.push(Step::Receive { from: place.leader(from), blocks });
        }
        Edge::Child(to) => {
            let first = place.members_of(far.index, to - far.index);
            let blocks = Buffer::Scratch.blocks(first, place.members_of(to, subtree(to, far.size)));
            out.push(Step::Send { to: place.leader(to), blocks });
        }
    }
}

fn give(role: &Role, place: &Place<'_>, out: &mut Vec<Step>) {
    if place.near.index > 0 {
        out.push(Step::Receive { from: place.mate(0), blocks: Buffer::Output.block(0) });
        return;
    }
    let others = 1..place.near.size;
    if role.rank == 0 {
        let give = |rank| Step::Send { to: rank, blocks: Buffer::Input.block(rank) };
        out.extend(others.map(|i| give(place.mate(i))));
    } else {
        out.push(Step::Copy { from: Buffer::Scratch.block(0), into: Buffer::Output.block(0) });
        out.extend(others.map(|i| Step::Send { to: place.mate(i), blocks: Buffer::Scratch.block(i) }));
    }
}

pub fn cost(case: &Case) -> Cost {
    let ((far, _), others) = (levels(case), spread(case).largest as u64 - 1);
    let bytes = (case.size as u64 - 1) * case.bytes();
    let near = Near { latencies: others.min(1), messages: others, bytes: others * case.bytes() };
    Cost { near, ..Cost::steps(far, bytes) }.copying(bytes)
}

/// The bytes depend on which hosts are large.
pub fn traffic(case: &Case) -> Traffic {
    Traffic::new(case.size as u64 - 1, (case.size as u64 - 1) * case.bytes())
}
