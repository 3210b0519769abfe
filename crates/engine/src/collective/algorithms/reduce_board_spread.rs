//! Reduce on the board with the work spread: of each piece every member combines its n-th part from all cells, in order of
//! rank; then all publish what they have combined, as much of it at a time as a cell holds, and the root fetches it.
//!
//! No message; for each of s pieces every member writes a cell, reads n and combines (n - 1)/n of a piece; for each n pieces
//! it writes one more, and the root reads n - 1.

use super::spread::{self, Phase};
use crate::collective::{Buffer, Case, Cost, Plan, Range, Role, Scratch, Step};

pub use super::board::traffic;

pub fn plan(case: &Case, rank: u32) -> Plan {
    // Of the scratch memory a member that isn't the root touches its part alone.
    spread::plan(case, rank).scratch(Scratch::Vectors(1))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let at_root = role.rank == role.root;
    let result = if at_root { Buffer::Output } else { Buffer::Scratch };
    match spread::phase(role, k) {
        Phase::Combining(beat) => spread::combine(role, beat, result, out),
        Phase::Collecting(beat) if at_root => {
            // It waits for all, so it says that it is there, too.
            let turns = spread::combining_turns(role);
            out.extend(beat.publish.map(|turn| Step::publish(turns + turn, Range::NOTHING)));
            out.extend(beat.awaiting.map(|turn| spread::await_all(role, turn)));
            if let Some(turn) = beat.fetch {
                let others = (0..role.size).filter(|of| *of != role.rank);
                out.extend(others.map(|of| spread::fetch(role, turn, of)));
            }
        }
        Phase::Collecting(beat) => {
            out.extend(beat.publish.map(|turn| spread::publish(role, turn, result)));
        }
    }
}

pub fn cost(case: &Case) -> Cost {
    spread::cost(case)
}
