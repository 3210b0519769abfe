//! Scan on two levels, where the ranks of each host follow one another: each host scans for itself, the last members of the
//! hosts find what comes before them by recursive doubling and tell their hosts.
//!
//! ⌈log2 h⌉·(L + m·β + 2·m·γ) between h hosts; 2·⌈log2 g⌉ messages of m bytes on a host of g, and ⌈log2 g⌉ + 1 combinations.

use super::accumulate::Accumulator;
use super::broadcast_two_level::tree_nearby;
use super::scan_doubling;
use super::two_level::{Place, levels, levels_of};
use crate::collective::{Buffer, Case, Cost, Order, Plan, Range, Role, Scratch, Step, Traffic};

/// What comes before the host; and of those who find that out the sum of their run of hosts, and room for another.
const BEFORE: Range = Range { buffer: Buffer::Scratch, first: 0, count: 1 };
const RUN: Range = Range { buffer: Buffer::Scratch, first: 1, count: 1 };
const ARRIVING: Range = Range { buffer: Buffer::Scratch, first: 2, count: 1 };

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let (far, near) = levels(case);
    Plan::rounds(1 + 2 * near + 1 + 3 * far + 1 + near + 1).scratch(Scratch::Vectors(3))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let Some(place) = Place::of(role) else { return };
    let (far, near) = levels_of(role);
    let is_last = place.near.index + 1 == place.near.size;
    let (scanned, told) = (1 + 2 * near, 1 + 2 * near + 1 + 3 * far);
    let host = place.host_number();
    if k == 0 {
        Accumulator::everywhere(role).alone(1, out);
    } else if k < scanned {
        let level = (k - 1) / 2;
        if 1 << level < place.near.size {
            place.nearby(|role, out| scan_doubling::round(role, k - 1, out), out);
        }
    } else if k == scanned {
        if is_last {
            out.push(Step::Copy { from: Buffer::Output.block(0), into: RUN });
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
        out.push(Step::Reduce { from: BEFORE, into: Buffer::Output.block(0), order: Order::Before });
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
