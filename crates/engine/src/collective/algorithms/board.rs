//! What algorithms on the board share: the beat in which they move a vector, or a block for each rank, through the
//! cells, piece by piece.
//!
//! Piece 0 is published; then, piece by piece, it is awaited, and fetched while the next one is published. A cell is
//! used again when all have read it; a member may so be as many pieces ahead of the slowest as a board has cells.

use crate::collective::{Buffer, Case, Plan, Publication, Range, Role, Step, Traffic, Within};

/// What is done in a round, with which piece.
pub struct Beat {
    pub publish: Option<u32>,
    pub awaiting: Option<u32>,
    pub fetch: Option<u32>,
}

/// Round `k` of a schedule of so many pieces.
pub fn beat(k: u32, pieces: u32) -> Beat {
    let piece = k / 2;
    match k.is_multiple_of(2) {
        true => {
            Beat { publish: (piece < pieces).then_some(piece), awaiting: None, fetch: piece.checked_sub(1) }
        }
        false => Beat { publish: None, awaiting: Some(piece), fetch: None },
    }
}

/// The plan: every piece is a part, and takes a turn.
pub fn plan(case: &Case, _rank: u32) -> Plan {
    let pieces = case.pieces();
    Plan::rounds(pieces.saturating_mul(2).saturating_add(1)).parts(pieces).turns(pieces)
}

/// No message.
pub fn traffic(_case: &Case) -> Traffic {
    Traffic::default()
}

/// Publishes one piece of each of `count` ranks' blocks.
pub fn publish_of_each(buffer: Buffer, piece: u32, count: u32, role: &Role) -> Step {
    let blocks = Range { buffer, first: piece, count };
    Step::Publish(Publication { turn: piece, blocks, stride: role.parts, slots: false })
}

/// Fetches what `of` has published as its one piece.
pub fn fetch_all(of: u32, piece: u32, into: Range, role: &Role) -> Step {
    fetch_part(of, 1, piece, (0, 1), into, role)
}

/// Fetches part `part.0` of `part.1` parts of one size, combined from the cells of `count` members.
pub fn fetch_part(of: u32, count: u32, piece: u32, part: (u32, u32), into: Range, role: &Role) -> Step {
    let bytes = role.bytes(into);
    let at = Within::Packed { skip: part.0 as u64 * bytes, whole: part.1 as u64 * bytes };
    Step::Fetch { turn: piece, of, count, at, into }
}

/// A piece of a rank's block in a buffer with a block for each rank.
pub fn piece_of(buffer: Buffer, rank: u32, piece: u32, role: &Role) -> Range {
    buffer.block(rank * role.parts + piece)
}

/// The whole of a rank's block there.
pub fn block_of(buffer: Buffer, rank: u32, role: &Role) -> Range {
    buffer.blocks(rank * role.parts, role.parts)
}

/// Copies the member's own block to its place in the output.
pub fn keep(from: Range, into: Range, out: &mut Vec<Step>) {
    out.push(Step::Copy { from, into });
}
