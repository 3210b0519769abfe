//! All-gather between two groups: everybody gives its block straight to all of the other side, up to 32 at a time.
//!
//! ⌈c/32⌉·L + c·(o + m·β) with c members on the larger side; 2·a·b messages between sides of a and b.

use super::all_to_all_between::exchange;
use crate::collective::{Buffer, Role, Step};

pub use super::all_to_all_between::{cost, plan, traffic};

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    exchange(role, k, |_| Buffer::Input.block(0), out);
}
