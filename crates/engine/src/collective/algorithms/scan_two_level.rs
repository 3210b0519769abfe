//! Scan on two levels, where the ranks of each host follow one another: each host scans for itself, the last members of the
//! hosts find what comes before them by recursive doubling and tell their hosts.
//!
//! ⌈log2 h⌉·(L + m·β + 2·m·γ) between h hosts; 2·⌈log2 g⌉ messages of m bytes on a host of g, and ⌈log2 g⌉ + 1 combinations.
//!
//! An exclusive scan is the same, but for the host's own scan, which stays in scratch memory: each member hands it to the next.

use super::broadcast_two_level::tree_nearby;
use super::scan_doubling;
use super::two_level::{Place, levels, levels_of};
use crate::collective::{Buffer, Case, Cost, Order, Plan, Range, Role, Scratch, Step, Traffic};

/// What comes before the host; and of those who find that out the sum of their run of hosts, and room for another.
const BEFORE: Range = Range { buffer: Buffer::Scratch, first: 0, count: 1 };
const RUN: Range = Range { buffer: Buffer::Scratch, first: 1, count: 1 };
const ARRIVING: Range = Range { buffer: Buffer::Scratch, first: 2, count: 1 };
/// Where an exclusive scan keeps the host's own.
const OWN: Range = Range { buffer: Buffer::Scratch, first: 3, count: 1 };

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let (far, near) = levels(case);
    Plan::rounds(1 + 2 * near + 1 + 3 * far + 1 + near + 1).scratch(Scratch::Vectors(4))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    scan(role, k, Buffer::Output.block(0), out);
}

/// One round; the host's own scan is in `own`, which is the result if that is inclusive.
pub fn scan_exclusively(role: &Role, k: u32, out: &mut Vec<Step>) {
    scan(role, k, OWN, out);
}

fn scan(role: &Role, k: u32, own: Range, out: &mut Vec<Step>) {
    let Some(place) = Place::of(role) else { return };
    let (far, near) = levels_of(role);
    let (is_first, is_last) = (place.near.index == 0, place.near.index + 1 == place.near.size);
    let (scanned, told) = (1 + 2 * near, 1 + 2 * near + 1 + 3 * far);
    let (host, result) = (place.host_number(), Buffer::Output.block(0));
    let is_exclusive = own != result;
    if k == 0 {
        // A contribution in place is where an inclusive scan grows.
        if is_exclusive || !role.in_place {
            out.push(Step::Copy { from: role.own().block(0), into: own });
        }
    } else if k < scanned {
        let level = (k - 1) / 2;
        if 1 << level < place.near.size {
            let before = out.len();
            place.nearby(|role, out| scan_doubling::round(role, k - 1, out), out);
            out[before..].iter_mut().for_each(|step| *step = moved(*step, result, own));
        }
    } else if k == scanned {
        if is_last {
            out.push(Step::Copy { from: own, into: RUN });
        }
        if is_exclusive && !is_last {
            out.push(Step::Send { to: place.mate(place.near.index + 1), blocks: own });
        }
        if is_exclusive && !is_first {
            out.push(Step::Receive { from: place.mate(place.near.index - 1), blocks: result });
        }
    } else if k < told {
        if is_last {
            find(&place, k - scanned - 1, out);
        }
    } else if k == told {
        // The last hands it to the first, from whom all get it.
        if host > 0 && place.near.size > 1 {
            if is_last {
                out.push(Step::Send { to: place.mate(0), blocks: BEFORE });
            } else if place.near.index == 0 {
                out.push(Step::Receive { from: place.mate(place.near.size - 1), blocks: BEFORE });
            }
        }
    } else if host > 0 && k <= told + near {
        // Who gave it gets it once more: it takes it where nothing else is any more.
        let blocks = if is_last && place.near.size > 1 { ARRIVING } else { BEFORE };
        tree_nearby(&place, k - told - 1, blocks, out);
    } else if host > 0 && k == told + near + 1 {
        out.push(match is_exclusive && is_first {
            true => Step::Copy { from: BEFORE, into: result },
            false => Step::Reduce { from: BEFORE, into: result, order: Order::Before },
        });
    }
}

/// The same step on another place.
fn moved(step: Step, from: Range, to: Range) -> Step {
    let moved = |range: Range| if range == from { to } else { range };
    match step {
        Step::Send { to: peer, blocks } => Step::Send { to: peer, blocks: moved(blocks) },
        Step::Receive { from: peer, blocks } => Step::Receive { from: peer, blocks: moved(blocks) },
        Step::Reduce { from, into, order } => Step::Reduce { from: moved(from), into: moved(into), order },
        other => other,
    }
}

/// Three rounds of each level: exchange, and combination with what comes before and with the run.
fn find(place: &Place<'_>, k: u32, out: &mut Vec<Step>) {
    let (distance, host) = (1 << (k / 3), place.host_number());
    let last = |host: u32| place.rank(host, place.members(host) - 1);
    let comes = host >= distance;
    match k % 3 {
        0 => {
            if host + distance < place.hosts() {
                out.push(Step::Send { to: last(host + distance), blocks: RUN });
            }
            if comes {
                let blocks = if distance == 1 { BEFORE } else { ARRIVING };
                out.push(Step::Receive { from: last(host - distance), blocks });
            }
        }
        1 if comes && distance == 1 => {
            out.push(Step::Reduce { from: BEFORE, into: RUN, order: Order::Before })
        }
        1 if comes => out.push(Step::Reduce { from: ARRIVING, into: RUN, order: Order::Before }),
        2 if comes && distance > 1 => {
            out.push(Step::Reduce { from: ARRIVING, into: BEFORE, order: Order::Before });
        }
        _ => {}
    }
}

pub fn cost(case: &Case) -> Cost {
    let ((far, near), m) = (levels(case), case.bytes());
    let handed = (near > 0) as u32;
    let whole = Cost::steps(far, far as u64 * m).near(2 * near + handed, (2 * near + handed) as u64 * m);
    whole.reducing((2 * far + near + 1) as u64 * m).copying(2 * m)
}

/// How many messages a host takes depends on its size: here as if all had the largest.
pub fn traffic(case: &Case) -> Traffic {
    let (far, near) = levels(case);
    let messages = case.size as u64 * (far + 2 * near) as u64;
    Traffic::new(messages, messages * case.bytes())
}
