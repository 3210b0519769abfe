//! Reduce-scatter on two levels, where the ranks of each host follow one another: each host combines its vectors at its leader, each leader
//! sends each other one the blocks of its host straight, and gives out what it has combined. The order of operands is kept.
//!
//! ⌈(h - 1)/32⌉·L + (h - 1)·o + (n - g)·m·(β + γ) between h hosts with blocks of m bytes; ⌈log2 g⌉ messages of n·m and g - 1 of m
//! on a host of g.

use super::accumulate::Accumulator;
use super::all_to_all_scattered::{WINDOW, windows};
use super::reduce_scatter_scattered;
use super::reduce_scatter_two_level::{cost_by, give, load, traffic_by};
use super::reduce_two_level::climb;
use super::two_level::{Place, levels, levels_of, spread};
use crate::collective::{Buffer, Case, Cost, Order, Plan, Role, Scratch, Step, Traffic};

/// In the scratch memory are two vectors, and in as many more as there are hosts what each has for this one.
pub fn plan(case: &Case, _rank: u32) -> Plan {
    let ((_, near), hosts) = (levels(case), spread(case).hosts);
    let scratch = Scratch::Ranks { blocks: (2 + hosts) * case.size, rotation: 0 };
    Plan::rounds(1 + 2 * near + windows(hosts) + hosts).scratch(scratch)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let vector = Role { parts: role.size, ..role.clone() };
    let Some(place) = Place::of(&vector) else { return };
    let (_, near) = levels_of(role);
    let sum = Accumulator::in_scratch(role).loaded();
    let (hosts, met) = (place.hosts(), 1 + 2 * near);
    // Where what a host has for this one lies: in a vector of its own.
    let from_host =
        |host: u32, first: u32, count: u32| Buffer::Scratch.blocks((2 + host) * role.size + first, count);
    if k == 0 {
        load(role, out);
    } else if k < met {
        climb(&place, &sum, near, k - 1, out);
    } else if k == met + windows(hosts) + hosts - 1 {
        give(role, &place, |index| from_host(0, role.rank + index, 1), out);
    } else if let Some(far) = place.far {
        let blocks = |host: u32| (place.members_of(0, host), place.members(host));
        let (first, count) = blocks(far.index);
        let Some(number) = (k - met).checked_sub(windows(hosts)) else {
            if k == met {
                let from = sum.partial(true, first, count);
                out.push(Step::Copy { from, into: from_host(far.index, first, count) });
            }
            let distances = 1 + (k - met) * WINDOW..(1 + (k - met + 1) * WINDOW).min(hosts);
            for distance in distances {
                let (to, from) = ((far.index + distance) % hosts, (far.index + hosts - distance) % hosts);
                let given = blocks(to);
                out.push(Step::Send { to: place.leader(to), blocks: sum.partial(true, given.0, given.1) });
                out.push(Step::Receive { from: place.leader(from), blocks: from_host(from, first, count) });
            }
            return;
        };
        let (from, into) = (from_host(number + 1, first, count), from_host(0, first, count));
        out.push(Step::Reduce { from, into, order: Order::After });
    }
}

pub fn cost(case: &Case) -> Cost {
    cost_by(reduce_scatter_scattered::cost, case)
}

/// As if all hosts had one size.
pub fn traffic(case: &Case) -> Traffic {
    traffic_by(reduce_scatter_scattered::traffic, case)
}
