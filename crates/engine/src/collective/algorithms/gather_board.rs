//! Gather on the board: everybody publishes its block, piece by piece, the root fetches them.
//!
//! No message; for each of s pieces the root reads n - 1 cells.

use super::board::{beat, block_of, fetch_all, keep, piece_of};
pub use super::board::{plan, traffic};
use crate::collective::{Buffer, Case, Cost, Role, Step};

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let beat = beat(k, role.parts);
    if role.rank > 0 {
        return out.extend(beat.publish.map(|piece| Step::publish(piece, Buffer::Input.block(piece))));
    }
    if k == 0 && !role.in_place {
        keep(block_of(Buffer::Input, 0, role), block_of(Buffer::Output, 0, role), out);
    }
    let others = role.size - 1;
    if others > 0 {
        out.extend(beat.awaiting.map(|turn| Step::Await { turn, of: 1, count: others }));
    }
    if let Some(piece) = beat.fetch {
        out.extend(
            (1..role.size).map(|of| fetch_all(of, piece, piece_of(Buffer::Output, of, piece, role), role)),
        );
    }
}

pub fn cost(case: &Case) -> Cost {
    let (n, pieces) = (case.size as u64, case.pieces() as u64);
    Cost { cells: n * pieces, copied: n * case.bytes(), turns: pieces - 1, ..Cost::default() }
}
