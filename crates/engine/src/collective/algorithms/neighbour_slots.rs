//! Exchange of neighbours on the board: everybody publishes what fits a slot, and sends the rest; it awaits its
//! neighbours only, one after the other.
//!
//! No message for what fits; each member writes one cell and reads those of its d neighbours.

use super::neighbours::{of, receive, send};
use super::slots::{self, equal_fit};
use crate::collective::{Buffer, Case, Collective, Cost, Plan, Role, Step, Traffic};

fn slots_of(case: &Case) -> u32 {
    if case.collective == Collective::NeighbourAllToAll { case.degree.max(1) } else { 1 }
}

pub fn plan(case: &Case, _rank: u32) -> Plan {
    // Messages of several edges between the same two members fit the rounds that await the neighbours.
    Plan::rounds(case.degree + 2).turns(1).slots(slots_of(case))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let Some((neighbours, addressed)) = of(role) else { return };
    let (sources, destinations) = (neighbours.sources(), neighbours.destinations());
    if k == 0 {
        let blocks = if addressed { destinations.len() as u32 } else { 1 };
        out.push(slots::in_slots(Buffer::Input.blocks(0, blocks)));
    }
    let small = |block: u32| role.fits_slot(Buffer::Output.block(block));
    for (place, to) in neighbours.leaving(k) {
        if !role.fits_slot(Buffer::Input.block(if addressed { place } else { 0 })) {
            send(role, addressed, place, to, out);
        }
    }
    for (block, source) in neighbours.coming(k) {
        if source.rank == role.rank || !small(block) {
            receive(role, addressed, block, source, out);
        }
    }
    // The first and the last source have a round each, and so have those between.
    let others = || sources.iter().enumerate().filter_map(|(i, source)| Some((i as u32, (*source)?)));
    let others = || others().filter(|(_, source)| source.rank != role.rank);
    if let Some((_, source)) = k.checked_sub(1).and_then(|k| others().nth(k as usize)) {
        out.push(Step::Await { turn: 0, of: source.rank, count: 1 });
    }
    if k as usize == others().count() + 1 {
        for (block, source) in others().filter(|(block, _)| small(*block)) {
            let slot = if addressed { source.place } else { 0 };
            out.push(slots::fetch(source.rank, slot, Buffer::Output.block(block)));
        }
    }
}

pub fn cost(case: &Case) -> Cost {
    slots::cost(case, slots_of(case), case.degree as u64, 2 * case.degree as u64)
}

pub fn traffic(case: &Case) -> Traffic {
    match equal_fit(case, slots_of(case)) {
        true => Traffic::default(),
        false => super::neighbour_direct::traffic(case),
    }
}
