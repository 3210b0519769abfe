//! What the collectives of neighbours share: which blocks go over which edge.

use crate::collective::{Buffer, Collective, Neighbourhood, Range, Role, Source, Step};

/// The block that goes to the neighbour at `place`: the same for all in an all-gather.
fn given(addressed: bool, place: u32) -> Range {
    Buffer::Input.block(if addressed { place } else { 0 })
}

/// A member's neighbours, and whether it has a block for each. A schedule without neighbours does nothing.
pub fn of(role: &Role) -> Option<(&Neighbourhood, bool)> {
    Some((role.neighbours.as_deref()?, role.collective == Collective::NeighbourAllToAll))
}

/// Sends a block to a neighbour; to itself nothing is sent.
pub fn send(role: &Role, addressed: bool, place: u32, to: u32, out: &mut Vec<Step>) {
    if to != role.rank {
        out.push(Step::Send { to, blocks: given(addressed, place) });
    }
}

/// Receives block `block` from a neighbour; from itself it is copied.
pub fn receive(role: &Role, addressed: bool, block: u32, source: Source, out: &mut Vec<Step>) {
    let blocks = Buffer::Output.block(block);
    out.push(match source.rank == role.rank {
        true => Step::Copy { from: given(addressed, source.place), into: blocks },
        false => Step::Receive { from: source.rank, blocks },
    });
}
