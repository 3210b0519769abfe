//! Gather on two levels, the scatter backwards: each leader collects its host's blocks, and they go up a 4-nomial tree between
//! hosts.
//!
//! ⌈log4 h⌉·L + 3·⌈log4 h⌉·o + (n - g)·m·β between h hosts, g - 1 messages of m bytes on a host of g.

use super::{mirror, scatter_two_level};
use crate::collective::{Role, Step};

pub use super::scatter_two_level::{cost, plan, traffic};

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let rounds = scatter_two_level::rounds(role.hosts.as_ref().map_or(1, |hosts| hosts.len()));
    mirror::round(role, k, rounds, scatter_two_level::round, out);
}
