//! Scan on the board: everybody publishes its vector, piece by piece, and combines the cells up to its own.
//!
//! No message; for each of s pieces the last member reads n cells and combines n - 1.

use super::board::{beat, fetch_part};
pub use super::board::{plan, traffic};
pub use super::reduce_board::cost;
use crate::collective::{Buffer, Role, Step};

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    combine(role, k, role.rank + 1, out);
}

/// Combines the cells of the first `count` members.
pub(super) fn combine(role: &Role, k: u32, count: u32, out: &mut Vec<Step>) {
    let beat = beat(k, role.parts);
    out.extend(beat.publish.map(|piece| Step::publish(piece, role.own().block(piece))));
    if count > 0 {
        out.extend(beat.awaiting.map(|turn| Step::Await { turn, of: 0, count }));
        let fetch = |piece| fetch_part(0, count, piece, (0, 1), Buffer::Output.block(piece), role);
        out.extend(beat.fetch.map(fetch));
    }
}
