//! All-gather on the board: everybody publishes its block, piece by piece, and fetches the others'.
//!
//! No message; for each of s pieces every member writes one cell and reads n - 1.

use super::board::{beat, block_of, fetch_all, keep, piece_of};
pub use super::board::{plan, traffic};
use crate::collective::{Buffer, Case, Cost, Role, Step};

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let beat = beat(k, role.parts);
    if k == 0 && !role.in_place {
        keep(block_of(Buffer::Input, 0, role), block_of(Buffer::Output, role.rank, role), out);
    }
    let mine = if role.in_place { role.rank } else { 0 };
    out.extend(beat.publish.map(|piece| Step::publish(piece, piece_of(role.own(), mine, piece, role))));
    out.extend(beat.awaiting.map(|turn| Step::Await { turn, of: 0, count: role.size }));
    if let Some(piece) = beat.fetch {
        let others = (0..role.size).filter(|of| *of != role.rank);
        out.extend(others.map(|of| fetch_all(of, piece, piece_of(Buffer::Output, of, piece, role), role)));
    }
}

pub fn cost(case: &Case) -> Cost {
    let (n, pieces) = (case.size as u64, case.pieces() as u64);
    Cost { cells: (1 + n) * pieces, copied: (1 + n) * case.bytes(), turns: pieces - 1, ..Cost::default() }
}
