//! Exclusive scan on the board: everybody publishes its vector, piece by piece, and combines the cells before its own.
//!
//! No message; for each of s pieces the last member reads n - 1 cells and combines n - 2.

pub use super::board::{plan, traffic};
use crate::collective::{Case, Cost, Role, Step};

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    super::scan_board::combine(role, k, role.rank, out);
}

pub fn cost(case: &Case) -> Cost {
    let (n, pieces) = (case.size as u64, case.pieces() as u64);
    Cost {
        cells: n * pieces,
        copied: 2 * case.bytes(),
        reduced: n.saturating_sub(2) * case.bytes(),
        turns: pieces - 1,
        ..Cost::default()
    }
}
