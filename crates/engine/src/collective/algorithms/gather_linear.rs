//! Gather straight to the root, all at once, each block to its place: the scatter backwards.
//!
//! L + (n - 1)·(o + m·β); n - 1 messages.

use super::{mirror, scatter_linear};
use crate::collective::{Role, Step};

pub use super::scatter_linear::{cost, plan, traffic};

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    mirror::round(role, k, mirror::rounds(plan, role), scatter_linear::round, out);
}
