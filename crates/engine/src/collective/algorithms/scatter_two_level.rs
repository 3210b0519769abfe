//! Scatter on two levels: a 4-nomial tree between hosts, on which each leader gets the blocks of its host and of those
//! behind it, then each leader gives its host theirs.
//!
//! ⌈log4 h⌉·L + 3·⌈log4 h⌉·o + (n - g)·m·β between h hosts, g - 1 messages of m bytes on a host of g.

use super::all_gather_k_bruck::RADIX;
use super::broadcast_k_nomial::{Family, family, messages};
use super::scatter_k_nomial::subtree;
use super::tree::levels;
use super::two_level::{Place, spread};
use crate::collective::{Buffer, Case, Cost, Near, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(rounds(spread(case).hosts)).scratch(Scratch::Ranks { blocks: case.size, rotation: 0 })
}

pub(super) fn rounds(hosts: u32) -> u32 {
    1 + levels(hosts, RADIX) + 1
}

/// A leader's scratch memory holds the blocks of its host and of those behind it on the tree.
pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let Some(place) = Place::of(role) else { return };
    let levels = levels(place.hosts(), RADIX);
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
    match family(far.index, far.size, level) {
        Family::None => {}
        Family::Parent(from) => {
            let blocks = place.members_of(far.index, subtree(far.index, far.size));
            let blocks = Buffer::Scratch.blocks(0, blocks);
            out.push(Step::Receive { from: place.leader(from), blocks });
        }
        Family::Children(children) => out.extend(children.map(|to| {
            let first = place.members_of(far.index, to - far.index);
            let blocks = Buffer::Scratch.blocks(first, place.members_of(to, subtree(to, far.size)));
            Step::Send { to: place.leader(to), blocks }
        })),
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
    let (hosts, others) = (spread(case).hosts, spread(case).largest as u64 - 1);
    let bytes = (case.size as u64 - 1) * case.bytes();
    let near = Near { latencies: others.min(1), messages: others, bytes: others * case.bytes() };
    let latencies = levels(hosts, RADIX) as u64;
    Cost { latencies, messages: messages(hosts), bytes, copied: bytes, near, ..Cost::default() }
}

/// The bytes depend on which hosts are large.
pub fn traffic(case: &Case) -> Traffic {
    Traffic::new(case.size as u64 - 1, (case.size as u64 - 1) * case.bytes())
}
