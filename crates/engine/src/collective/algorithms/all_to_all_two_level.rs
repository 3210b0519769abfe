//! All-to-all on two levels, where the ranks of each host follow one another: each leader collects what its host sends, the leaders
//! exchange what goes from host to host, one message each, and give it out.
//!
//! ⌈(h - 1)/32⌉·L + (h - 1)·o + g·(n - g)·m·β between h hosts with blocks of m bytes; 2·(g - 1) messages of n·m on a host of g.

use super::all_to_all_scattered::WINDOW;
use super::two_level::{Place, spread};
use crate::collective::{Buffer, Case, Cost, Near, Plan, Range, Role, Scratch, Step, Traffic};

/// Rounds in which the leaders exchange.
fn windows(hosts: u32) -> u32 {
    (hosts - 1).div_ceil(WINDOW)
}

/// In a leader's scratch memory are twice the blocks that its host sends.
pub fn plan(case: &Case, _rank: u32) -> Plan {
    let spread = spread(case);
    let blocks = 2 * spread.largest * case.size;
    Plan::rounds(2 + windows(spread.hosts) + 2).scratch(Scratch::Ranks { blocks, rotation: 0 })
}

/// The two halves of a leader's scratch memory.
#[derive(Clone, Copy)]
enum Half {
    /// What the host sends, member by member; then what came, host by host.
    First,
    /// What goes to each host; then what came for each member.
    Second,
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let Some(place) = Place::of(role) else { return };
    let windows = windows(place.hosts());
    let (n, members) = (role.size, place.near.size);
    let half = |half: Half, first: u32, count: u32| {
        let start = if let Half::First = half { 0 } else { members * n };
        Buffer::Scratch.blocks(start + first, count)
    };
    // In the halves that are by host, what is exchanged with those before it comes before.
    let with = |host: u32| {
        let before = place.members_of(0, host);
        (before * members, place.members(host) * members)
    };
    let far = place.far.filter(|_| k > 0 && k < 3 + windows);
    match (k, place.far, far) {
        (0, ..) => collect(role, &place, false, |i| half(Half::First, i * n, n), out),
        (k, Some(_), None) if k == 3 + windows => {
            collect(role, &place, true, |i| half(Half::Second, i * n, n), out);
        }
        (k, None, _) if k == 3 + windows => {
            out.push(Step::Receive { from: place.mate(0), blocks: Buffer::Output.blocks(0, n) });
        }
        (1, _, Some(_)) => {
            // From each host's part of each member's blocks to each member's part of what goes to that host.
            for host in 0..place.hosts() {
                let (to, count) = (place.members_of(0, host), place.members(host));
                for i in 0..members {
                    let from = half(Half::First, i * n + to, count);
                    out.push(Step::Copy { from, into: half(Half::Second, with(host).0 + i * count, count) });
                }
            }
        }
        (k, _, Some(far)) if k < 2 + windows => {
            let kept = |of: Half| half(of, with(far.index).0, with(far.index).1);
            if k == 2 {
                out.push(Step::Copy { from: kept(Half::Second), into: kept(Half::First) });
            }
            let first = 1 + (k - 2) * WINDOW;
            for distance in first..(first + WINDOW).min(far.size) {
                let (to, from) =
                    ((far.index + distance) % far.size, (far.index + far.size - distance) % far.size);
                let at = |of: Half, host: u32| half(of, with(host).0, with(host).1);
                out.push(Step::Send { to: place.leader(to), blocks: at(Half::Second, to) });
                out.push(Step::Receive { from: place.leader(from), blocks: at(Half::First, from) });
            }
        }
        (_, _, Some(_)) => {
            // What came from each member of each host, for each member of this one.
            for host in 0..place.hosts() {
                let before = place.members_of(0, host);
                for (j, i) in (0..place.members(host)).flat_map(|j| (0..members).map(move |i| (j, i))) {
                    let from = half(Half::First, with(host).0 + j * members + i, 1);
                    out.push(Step::Copy { from, into: half(Half::Second, i * n + before + j, 1) });
                }
            }
        }
        _ => {}
    }
}

/// What goes from the members to the leader, which keeps it at `at`, or the other way round.
fn collect(role: &Role, place: &Place<'_>, gives: bool, at: impl Fn(u32) -> Range, out: &mut Vec<Step>) {
    let (given, taken) = (role.own().blocks(0, role.size), Buffer::Output.blocks(0, role.size));
    if place.near.index > 0 {
        out.push(Step::Send { to: place.mate(0), blocks: given });
        return;
    }
    let others = 1..place.near.size;
    if gives {
        out.push(Step::Copy { from: at(0), into: taken });
        out.extend(others.map(|i| Step::Send { to: place.mate(i), blocks: at(i) }));
    } else {
        out.push(Step::Copy { from: given, into: at(0) });
        out.extend(others.map(|i| Step::Receive { from: place.mate(i), blocks: at(i) }));
    }
}

pub fn cost(case: &Case) -> Cost {
    let (spread, n, m) = (spread(case), case.size as u64, case.bytes());
    let (largest, others) = (spread.largest as u64, spread.hosts as u64 - 1);
    // Half of all members send the most to others.
    let sending = largest.min(n / 2).max(1);
    let collected = 2 * (largest - 1);
    let near = Near { latencies: collected.min(2), messages: collected, bytes: collected * n * m };
    Cost {
        latencies: windows(spread.hosts) as u64,
        messages: others,
        bytes: sending * (n - sending) * m,
        copied: (2 * largest + 2) * n * m,
        near,
        ..Cost::default()
    }
}

/// The bytes as if all hosts had one size.
pub fn traffic(case: &Case) -> Traffic {
    let (hosts, n) = (spread(case).hosts as u64, case.size as u64);
    let near = 2 * (n - hosts);
    let between = n * (n - n / hosts);
    Traffic::new(near + hosts * (hosts - 1), (between + near * n) * case.bytes())
}
