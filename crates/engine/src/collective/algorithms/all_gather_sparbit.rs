//! All-gather by sparse blocks, for equal blocks: like Bruck's, but the longest distance first, so that the longest messages
//! go to the nearest members.
//!
//! ⌈log2 n⌉·L + (n - 1)·m·β; n·⌈log2 n⌉ messages. Here the blocks of a message are kept behind one another and put into place at
//! the end. W. J. Loch, G. P. Koslovski: Sparbit: a new logarithmic-cost and data locality-aware MPI Allgather algorithm,
//! 2021.

use super::all_gather_ring::contribution;
use super::tree::ceil_log2;
use crate::collective::{Buffer, Case, Plan, Role, Scratch, Step};

pub use super::all_gather_bruck::{cost, traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let plan = Plan::rounds(2 * ceil_log2(case.size) + 2);
    plan.scratch(Scratch::Ranks { blocks: case.size, rotation: 0 })
}

/// Blocks that everybody holds after the round of distance 2^`level`: those of the members at its multiples before it.
fn held(size: u32, level: u32) -> u32 {
    size.div_ceil(1 << level)
}

/// How far before the holder the owner of the block in this place of the scratch memory is, in the end.
///
/// At each level what comes is put behind what was there. Only where one more block stays than comes the last of those
/// that were there, of which nobody has use at this distance, is put behind what comes.
fn distance(size: u32, mut place: u32) -> u32 {
    let mut distance = 0;
    for level in 0..ceil_log2(size) {
        let (before, after) = (held(size, level + 1), held(size, level));
        let sent = after - before;
        if sent < before && place == after - 1 {
            place = before - 1;
        } else if place >= sent {
            place -= sent;
            distance += 1 << level;
        }
    }
    distance
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let levels = ceil_log2(role.size);
    if k == 0 {
        let own = contribution(role);
        if !role.in_place {
            out.push(Step::Copy { from: own, into: Buffer::Output.block(role.rank) });
        }
        out.push(Step::Copy { from: own, into: Buffer::Scratch.block(0) });
        return;
    }
    if k == 2 * levels + 1 {
        out.extend((1..role.size).map(|place| Step::Copy {
            from: Buffer::Scratch.block(place),
            into: Buffer::Output.block(role.down(distance(role.size, place))),
        }));
        return;
    }
    let level = levels - 1 - (k - 1) / 2;
    let (before, after) = (held(role.size, level + 1), held(role.size, level));
    let sent = after - before;
    if k % 2 == 1 {
        if sent < before && sent > 0 {
            let (from, into) = (Buffer::Scratch.block(before - 1), Buffer::Scratch.block(after - 1));
            out.push(Step::Copy { from, into });
        }
        return;
    }
    let distance = 1 << level;
    out.push(Step::Send { to: role.up(distance), blocks: Buffer::Scratch.blocks(0, sent) });
    out.push(Step::Receive { from: role.down(distance), blocks: Buffer::Scratch.blocks(sent, sent) });
}
