//! Gather on a binomial tree, the scatter backwards: every member collects its subtree's blocks and hands them up in one
//! message.
//!
//! ⌈log2 n⌉·L + (n - 1)·m·β with blocks of m bytes; n - 1 messages.

use super::{mirror, scatter_binomial};
use crate::collective::{Role, Step};

pub use super::scatter_binomial::{cost, plan, traffic};

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    mirror::round(role, k, mirror::rounds(plan, role), scatter_binomial::round, out);
}
