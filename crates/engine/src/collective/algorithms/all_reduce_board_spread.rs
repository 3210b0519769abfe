//! All-reduce on the board with the work spread: of each piece every member combines its n-th part from all cells, in
//! order of rank; then all publish what they have combined, as much of it at a time as a cell holds, and fetch it from all.
//!
//! No message; for each of s pieces every member writes a cell, reads n and combines (n - 1)/n of a piece instead of n - 1;
//! for each n pieces it writes one more and reads n - 1.

use super::spread::{self, Phase};
use crate::collective::{Buffer, Case, Cost, Role, Step};

pub use super::board::traffic;
pub use super::spread::plan;

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    match spread::phase(role, k) {
        Phase::Combining(beat) => spread::combine(role, beat, Buffer::Output, out),
        Phase::Collecting(beat) => {
            out.extend(beat.publish.map(|turn| spread::publish(role, turn, Buffer::Output)));
            out.extend(beat.awaiting.map(|turn| spread::await_all(role, turn)));
            if let Some(turn) = beat.fetch {
                let others = (0..role.size).filter(|of| *of != role.rank);
                out.extend(others.map(|of| spread::fetch(role, turn, of)));
            }
        }
    }
}

pub fn cost(case: &Case) -> Cost {
    spread::cost(case)
}
