//! What a lane checks besides when it is told to (`archi run --check`): for programs that are being looked for faults.
//!
//! - `calls`: members of a collective tell each other what they call before it begins.
//! - `overlaps`: no two operations under way may use the same bytes if one of them writes.
//! - `races`: a receive from any rank that could have got another's message as well.
//! - `ready`: a ready send that came before its receive.
//! - `leaks`: what is left when the process leaves.
//!
//! A lane that isn't told to has none of it, and pays a branch for each collective.

pub(crate) mod calls;
mod known;
mod leaks;
mod overlaps;
mod races;
mod ready;

pub(crate) use known::Check;
pub use known::{Caller, Finding, Place, Site};
