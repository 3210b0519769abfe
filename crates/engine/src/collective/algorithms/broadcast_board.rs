//! Broadcast on the board: the root publishes, piece by piece, the others fetch.
//!
//! No message; for each of s pieces one cell written, and one read by each member. Root and readers copy at once.

use super::board::{beat, fetch_all};
pub use super::board::{plan, traffic};
use crate::collective::{Buffer, Case, Cost, Role, Step};

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let beat = beat(k, role.parts);
    let part = |piece| Buffer::Output.block(piece);
    match role.rank {
        0 => out.extend(beat.publish.map(|piece| Step::publish(piece, part(piece)))),
        _ => {
            out.extend(beat.awaiting.map(|turn| Step::Await { turn, of: 0, count: 1 }));
            out.extend(beat.fetch.map(|piece| fetch_all(0, piece, part(piece), role)));
        }
    }
}

pub fn cost(case: &Case) -> Cost {
    let pieces = case.pieces() as u64;
    Cost {
        cells: 2 * pieces,
        copied: case.bytes() + case.bytes() / pieces,
        turns: pieces - 1,
        ..Cost::default()
    }
}
