//! Exclusive scan on the board: everybody publishes its vector, piece by piece, and combines the cells before its own.
//!
//! No message; for each of s pieces the last member reads n - 1 cells and combines n - 2.

pub use super::board::{plan, traffic};
pub use super::reduce_board::cost;
use crate::collective::{Role, Step};

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    super::scan_board::combine(role, k, role.rank, out);
}
