//! Reductions on the board whose work is spread: the vector is a block for each member, and every block is cut into pieces. Piece by
//! piece all publish that piece of every block, and each member combines that of its own; then the combined blocks are
//! published, of which a cell holds n pieces, since it has held one of each of n.

use super::board::{Beat, beat, fetch_part};
use crate::collective::{Buffer, Case, Cost, Plan, Publication, Range, Role, Step, Within};

/// What a round is of.
pub enum Phase {
    /// The combination of pieces.
    Combining(Beat),
    /// The collection of combined blocks; its turns are counted from 0.
    Collecting(Beat),
}

/// Into how many pieces each member's block is cut.
fn pieces(case: &Case) -> u32 {
    let (room, n) = (case.cell_elements(), case.size as u64);
    match case.elements <= room {
        true => 1,
        // No piece of a block has more elements than the n-th of what a cell holds.
        false => {
            let pieces = case.elements.div_ceil((room / n).max(1) * n);
            pieces.min(u32::MAX as u64 / n / 8) as u32
        }
    }
}

/// Turns that collect so many pieces of each of `size` blocks.
fn collecting_turns(pieces: u32, size: u32) -> u32 {
    pieces.div_ceil(size)
}

/// Turns that combine: as many as there are pieces.
pub fn combining_turns(role: &Role) -> u32 {
    role.parts / role.size
}

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let pieces = pieces(case);
    let collecting = collecting_turns(pieces, case.size);
    Plan::rounds(2 * pieces + 1 + 2 * collecting + 1).parts(pieces * case.size).turns(pieces + collecting)
}

/// Round `k`.
pub fn phase(role: &Role, k: u32) -> Phase {
    let pieces = combining_turns(role);
    match k.checked_sub(2 * pieces + 1) {
        None => Phase::Combining(beat(k, pieces)),
        Some(k) => Phase::Collecting(beat(k, collecting_turns(pieces, role.size))),
    }
}

/// Publishes and combines; the result grows in this member's block of a buffer.
pub fn combine(role: &Role, beat: Beat, into: Buffer, out: &mut Vec<Step>) {
    // A block has as many parts as there are pieces: that is how far blocks are apart.
    let (own, stride) = (role.own(), combining_turns(role));
    out.extend(beat.publish.map(|turn| {
        let blocks = Range { buffer: own, first: turn, count: role.size };
        Step::Publish(Publication { turn, blocks, stride, slots: false })
    }));
    out.extend(beat.awaiting.map(|turn| Step::Await { turn, of: 0, count: role.size }));
    if let Some(piece) = beat.fetch {
        let part = |of: u32| own.block(of * stride + piece);
        let skip = (0..role.rank).map(|of| role.bytes(part(of))).sum();
        let whole = (0..role.size).map(|of| role.bytes(part(of))).sum();
        let into = into.block(role.rank * stride + piece);
        let at = Within::Packed { skip, whole };
        out.push(Step::Fetch { turn: piece, of: 0, count: role.size, at, into });
    }
}

/// The pieces of a member's block that are collected in a turn.
fn collected(role: &Role, turn: u32, of: u32, buffer: Buffer) -> Range {
    let (pieces, first) = (combining_turns(role), turn * role.size);
    buffer.blocks(of * pieces + first, (pieces - first).min(role.size))
}

/// Publishes combined pieces.
pub fn publish(role: &Role, turn: u32, from: Buffer) -> Step {
    Step::publish(combining_turns(role) + turn, collected(role, turn, role.rank, from))
}

/// Waits for everybody's.
pub fn await_all(role: &Role, turn: u32) -> Step {
    Step::Await { turn: combining_turns(role) + turn, of: 0, count: role.size }
}

/// Fetches those of a member to their place in the output.
pub fn fetch(role: &Role, turn: u32, of: u32) -> Step {
    let into = collected(role, turn, of, Buffer::Output);
    fetch_part(of, 1, combining_turns(role) + turn, (0, 1), into, role)
}

/// The critical path of a member that collects all.
pub fn cost(case: &Case) -> Cost {
    let (n, m, pieces) = (case.size as u64, case.bytes(), pieces(case));
    let collecting = collecting_turns(pieces, case.size) as u64;
    let pieces = pieces as u64;
    Cost {
        cells: (1 + n) * pieces + n * collecting,
        copied: 2 * m + m / n,
        reduced: m - m / n,
        turns: pieces + collecting - 1,
        ..Cost::default()
    }
}
