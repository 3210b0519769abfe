//! Scatter on the board: the root publishes all blocks, piece by piece, each member fetches its own.
//!
//! No message; for each of s pieces one cell written, and one read by each member.

use super::board::{beat, block_of, fetch_part, keep, publish_of_each};
pub use super::board::{plan, traffic};
use crate::collective::{Buffer, Case, Cost, Role, Step};

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let beat = beat(k, role.parts);
    if role.rank > 0 {
        let fetch =
            |piece| fetch_part(0, 1, piece, (role.rank, role.size), Buffer::Output.block(piece), role);
        out.extend(beat.awaiting.map(|turn| Step::Await { turn, of: 0, count: 1 }));
        return out.extend(beat.fetch.map(fetch));
    }
    if k == 0 && !role.in_place {
        keep(block_of(Buffer::Input, 0, role), block_of(Buffer::Output, 0, role), out);
    }
    out.extend(beat.publish.map(|piece| publish_of_each(Buffer::Input, piece, role.size, role)));
}

pub fn cost(case: &Case) -> Cost {
    let (n, pieces) = (case.size as u64, case.pieces() as u64);
    Cost {
        cells: 2 * pieces,
        copied: n * case.bytes() + case.bytes() / pieces,
        turns: pieces - 1,
        ..Cost::default()
    }
}
