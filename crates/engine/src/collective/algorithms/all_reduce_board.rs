//! All-reduce on the board: everybody publishes its vector, piece by piece, and combines all cells in order of rank, so
//! that all get bitwise the same.
//!
//! No message; for each of s pieces every member writes one cell, reads n and combines n - 1.

use super::board::{beat, fetch_part};
pub use super::board::{plan, traffic};
pub use super::reduce_board::cost;
use crate::collective::{Buffer, Role, Step};

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let beat = beat(k, role.parts);
    out.extend(beat.publish.map(|piece| Step::publish(piece, role.own().block(piece))));
    out.extend(beat.awaiting.map(|turn| Step::Await { turn, of: 0, count: role.size }));
    let fetch = |piece| fetch_part(0, role.size, piece, (0, 1), Buffer::Output.block(piece), role);
    out.extend(beat.fetch.map(fetch));
}
