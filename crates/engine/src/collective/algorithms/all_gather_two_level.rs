//! All-gather on two levels: each leader collects its host's blocks, the leaders exchange those of whole hosts by Bruck's
//! algorithm with three messages in each round, and each gives all of them to its host.
//!
//! ⌈log4 h⌉·L + 3·⌈log4 h⌉·o + (n - g)·m·β between h hosts; g - 1 messages of m bytes and ⌈log2 g⌉ of n·m on a host of g.

use super::all_gather_bruck::{cost_radix, distances};
use super::all_gather_k_bruck::RADIX;
use super::all_gather_ring::contribution;
use super::broadcast_two_level::tree_nearby;
use super::tree;
use super::two_level::{Place, levels, levels_of, of_leaders, spread};
use crate::collective::{Buffer, Case, Cost, Near, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let (far, (_, near)) = (tree::levels(spread(case).hosts, RADIX), levels(case));
    Plan::rounds(1 + far + near + 1).scratch(Scratch::Ranks { blocks: case.size, rotation: 0 })
}

/// The scratch memory holds the blocks of this host, then those of the next ones, going round.
pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let Some(place) = Place::of(role) else { return };
    let (far, (_, near)) = (tree::levels(place.hosts(), RADIX), levels_of(role));
    match k {
        0 => collect(role, &place, out),
        k if k <= far => exchange(&place, k - 1, out),
        k if k <= far + near => {
            tree_nearby(&place, k - 1 - far, Buffer::Scratch.blocks(0, role.size), out);
        }
        _ => put_in_place(&place, out),
    }
}

fn collect(role: &Role, place: &Place<'_>, out: &mut Vec<Step>) {
    let own = contribution(role);
    match place.near.index {
        0 => {
            out.push(Step::Copy { from: own, into: Buffer::Scratch.block(0) });
            let others = 1..place.near.size;
            out.extend(
                others.map(|i| Step::Receive { from: place.mate(i), blocks: Buffer::Scratch.block(i) }),
            );
        }
        _ => out.push(Step::Send { to: place.mate(0), blocks: own }),
    }
}

/// In round `k` every leader gets the blocks of up to 4^k hosts from the leaders once, twice and thrice 4^k hosts further on.
fn exchange(place: &Place<'_>, k: u32, out: &mut Vec<Step>) {
    let Some(far) = place.far else { return };
    let hosts = far.size;
    for (distance, count) in distances(hosts, RADIX, k) {
        let (up, down) = ((far.index + distance) % hosts, (far.index + hosts - distance) % hosts);
        let blocks = Buffer::Scratch.blocks(0, place.members_of(far.index, count));
        out.push(Step::Send { to: place.leader(down), blocks });
        let before = place.members_of(far.index, distance);
        let blocks = Buffer::Scratch.blocks(before, place.members_of(up, count));
        out.push(Step::Receive { from: place.leader(up), blocks });
    }
}

/// Copies runs of blocks whose ranks follow one another.
fn put_in_place(place: &Place<'_>, out: &mut Vec<Step>) {
    let mine = place.host_number();
    let hosts = (0..place.hosts()).map(|i| (mine + i) % place.hosts());
    let ranks = hosts.flat_map(|host| (0..place.members(host)).map(move |i| place.rank(host, i)));
    let mut run = (0, 0, 0);
    let mut copy = |(at, rank, count): (u32, u32, u32)| {
        if count > 0 {
            let (from, into) = (Buffer::Scratch.blocks(at, count), Buffer::Output.blocks(rank, count));
            out.push(Step::Copy { from, into });
        }
    };
    for (at, rank) in ranks.enumerate() {
        if rank == run.1 + run.2 && run.2 > 0 {
            run.2 += 1;
        } else {
            copy(run);
            run = (at as u32, rank, 1);
        }
    }
    copy(run);
}

pub fn cost(case: &Case) -> Cost {
    let ((_, near), spread) = (levels(case), spread(case));
    let all = case.size as u64 * case.bytes();
    let collected = spread.largest as u64 - 1;
    let near = Near {
        latencies: near as u64 + collected.min(1),
        messages: near as u64 + collected,
        bytes: near as u64 * all + collected * case.bytes(),
    };
    // The host with the fewest members gets the most from the others.
    let between = all - case.bytes();
    let far = cost_radix(&of_leaders(case), RADIX);
    Cost { near, bytes: between, copied: all, ..far }
}

pub fn traffic(case: &Case) -> Traffic {
    let (hosts, n) = (spread(case).hosts, case.size as u64);
    let far = cost_radix(&of_leaders(case), RADIX).messages;
    let others = n - hosts as u64;
    let between = n * (hosts as u64 - 1);
    Traffic::new(hosts as u64 * far + 2 * others, (between + others + others * n) * case.bytes())
}
