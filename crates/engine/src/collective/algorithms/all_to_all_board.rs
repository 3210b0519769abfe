//! All-to-all on the board: everybody publishes all its blocks, piece by piece, and fetches its own from each cell. A
//! piece is in all cells before one is overwritten by what arrives, so it may be in place.
//!
//! No message; for each of s pieces every member writes one cell and reads n - 1.

use super::board::{beat, block_of, fetch_part, keep, piece_of, publish_of_each};
pub use super::board::{plan, traffic};
use crate::collective::{Buffer, Case, Cost, Role, Step};

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let beat = beat(k, role.parts);
    if k == 0 && !role.in_place {
        keep(block_of(Buffer::Input, role.rank, role), block_of(Buffer::Output, role.rank, role), out);
    }
    out.extend(beat.publish.map(|piece| publish_of_each(role.own(), piece, role.size, role)));
    out.extend(beat.awaiting.map(|turn| Step::Await { turn, of: 0, count: role.size }));
    if let Some(piece) = beat.fetch {
        let fetch = |of| {
            let into = piece_of(Buffer::Output, of, piece, role);
            fetch_part(of, 1, piece, (role.rank, role.size), into, role)
        };
        out.extend((0..role.size).filter(|of| *of != role.rank).map(fetch));
    }
}

pub fn cost(case: &Case) -> Cost {
    let (n, pieces) = (case.size as u64, case.pieces() as u64);
    Cost { cells: (1 + n) * pieces, copied: 2 * n * case.bytes(), turns: pieces - 1, ..Cost::default() }
}
