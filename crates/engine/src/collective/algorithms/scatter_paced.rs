//! Scatter straight from the root, eight members at a time, to each only when it has said that it is there: no
//! block waits in a receiver's unexpected memory. Costs: see `paced`.

pub use super::paced::{cost, plan, traffic};
use crate::collective::{Role, Step};

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    super::paced::round(role, k, false, out);
}
