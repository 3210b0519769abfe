//! All-reduce of very large vectors on one host: each member gets its part of every other's vector by a message, one member at a time, and
//! combines it; then all publish what they have combined on the board, piece by piece, and fetch it from all. The operator must
//! commute.
//!
//! No byte is copied to a cell before it is combined; for each of s pieces of a part every member writes one cell and reads n - 1.

use super::board::{beat, fetch_all};
use super::pairwise_board as parts;
use crate::collective::{Buffer, Case, Cost, Role, Step};

pub use super::pairwise_board::{plan, traffic};

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let Some(k) = parts::combine(role, k, Buffer::Output, out) else { return };
    let beat = beat(k, parts::pieces_of(role));
    out.extend(beat.publish.map(|piece| parts::publish(role, piece, Buffer::Output)));
    out.extend(beat.awaiting.map(|turn| Step::Await { turn, of: 0, count: role.size }));
    if let Some(piece) = beat.fetch {
        let others = (0..role.size).filter(|of| *of != role.rank);
        out.extend(
            others.map(|of| fetch_all(of, piece, parts::piece(role, of, piece, Buffer::Output), role)),
        );
    }
}

pub fn cost(case: &Case) -> Cost {
    parts::cost(case, case.size as u64 + 1)
}
