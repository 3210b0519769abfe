//! Gather from the other of two groups, the scatter backwards: straight to the root.
//!
//! L + b·(o + m·β) and b messages from a side of b members.

use super::{mirror, scatter_between};
use crate::collective::{Role, Step};

pub use super::scatter_between::{cost, plan, traffic};

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    mirror::round(role, k, 1, scatter_between::round, out);
}
