//! Exclusive scan on two levels, where the ranks of each host follow one another: as a scan, and each member of a host hands what the
//! host has up to it to the next.
//!
//! ⌈log2 h⌉·(L + m·β + 2·m·γ) between h hosts; 2·⌈log2 g⌉ + 2 messages of m bytes on a host of g, and ⌈log2 g⌉ + 1 combinations.

use super::scan_two_level;
use super::two_level::levels;
use crate::collective::{Case, Cost};

pub use super::scan_two_level::{plan, scan_exclusively as round, traffic};

pub fn cost(case: &Case) -> Cost {
    let handed = (levels(case).1 > 0) as u32;
    scan_two_level::cost(case).near(handed, handed as u64 * case.bytes()).copying(3 * case.bytes())
}
