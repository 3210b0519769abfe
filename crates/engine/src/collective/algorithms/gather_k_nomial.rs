//! Gather on a 4-nomial tree, the scatter backwards: every member collects its subtree's blocks, from three at once, and hands them
//! up in one message.
//!
//! ⌈log4 n⌉·L + 3·⌈log4 n⌉·o + (n - 1)·m·β with blocks of m bytes; n - 1 messages.

use super::{mirror, scatter_k_nomial};
use crate::collective::{Role, Step};

pub use super::scatter_k_nomial::{cost, plan, traffic};

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    mirror::round(role, k, mirror::rounds(plan, role), scatter_k_nomial::round, out);
}
