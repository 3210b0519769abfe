//! Reduce of very large vectors on one host: each member gets its part of every other's vector by a message, one member at a time, and
//! combines it; then the others publish what they have combined on the board, piece by piece, and the root fetches it. The
//! operator must commute.
//!
//! No byte is copied to a cell before it is combined; for each of s pieces of a part the root reads n - 1 cells.

use super::board::{beat, fetch_all};
use super::pairwise_board as parts;
use crate::collective::{Buffer, Case, Cost, Role, Step};

pub use super::pairwise_board::{plan, traffic};

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    // An operator that commutes: the root is rank 0.
    let result = if role.rank == 0 { Buffer::Output } else { Buffer::Scratch };
    let Some(k) = parts::combine(role, k, result, out) else { return };
    let beat = beat(k, parts::pieces_of(role));
    if role.rank > 0 {
        return out.extend(beat.publish.map(|piece| parts::publish(role, piece, result)));
    }
    if role.size > 1 {
        out.extend(beat.awaiting.map(|turn| Step::Await { turn, of: 1, count: role.size - 1 }));
    }
    if let Some(piece) = beat.fetch {
        out.extend(
            (1..role.size)
                .map(|of| fetch_all(of, piece, parts::piece(role, of, piece, Buffer::Output), role)),
        );
    }
}

pub fn cost(case: &Case) -> Cost {
    parts::cost(case, case.size as u64)
}
