//! Reduce-scatter on the board: everybody publishes its contributions for all, piece by piece, and combines those for
//! itself in order of rank. The work is spread over all members, and none copies what it combines.
//!
//! No message; for each of s pieces every member writes one cell, reads n and combines n - 1 pieces.

use super::board::{beat, fetch_part, publish_of_each};
pub use super::board::{plan, traffic};
use crate::collective::{Case, Cost, Range, Role, Step};

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let beat = beat(k, role.parts);
    out.extend(beat.publish.map(|piece| publish_of_each(role.own(), piece, role.size, role)));
    out.extend(beat.awaiting.map(|turn| Step::Await { turn, of: 0, count: role.size }));
    if let Some(piece) = beat.fetch {
        let result = role.result();
        let into = Range { first: result.first + piece, ..result };
        out.push(fetch_part(0, role.size, piece, (role.rank, role.size), into, role));
    }
}

pub fn cost(case: &Case) -> Cost {
    let (n, pieces, m) = (case.size as u64, case.pieces() as u64, case.bytes());
    Cost {
        cells: (1 + n) * pieces,
        copied: (n + 1) * m,
        reduced: (n - 1) * m,
        turns: pieces - 1,
        ..Cost::default()
    }
}
