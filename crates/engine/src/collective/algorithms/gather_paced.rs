//! Gather straight to the root, which invites eight members at a time, so that never more than sixteen blocks are
//! on their way to it. Costs: see `paced`.

pub use super::paced::{cost, plan, traffic};
use crate::collective::{Role, Step};

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    super::paced::round(role, k, true, out);
}
