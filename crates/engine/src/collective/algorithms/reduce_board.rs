//! Reduce on the board: everybody publishes its vector, piece by piece, the root combines the cells in order of rank.
//!
//! No message; for each of s pieces the root reads n cells.

use super::board::{beat, fetch_part};
pub use super::board::{plan, traffic};
use crate::collective::{Buffer, Case, Cost, Role, Step};

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let beat = beat(k, role.parts);
    out.extend(beat.publish.map(|piece| Step::publish(piece, role.own().block(piece))));
    if role.rank == role.root {
        out.extend(beat.awaiting.map(|turn| Step::Await { turn, of: 0, count: role.size }));
        let fetch = |piece| fetch_part(0, role.size, piece, (0, 1), Buffer::Output.block(piece), role);
        out.extend(beat.fetch.map(fetch));
    }
}

pub fn cost(case: &Case) -> Cost {
    let (n, pieces, m) = (case.size as u64, case.pieces() as u64, case.bytes());
    Cost {
        cells: (1 + n) * pieces,
        copied: 2 * m,
        reduced: (n - 1) * m,
        turns: pieces - 1,
        ..Cost::default()
    }
}
