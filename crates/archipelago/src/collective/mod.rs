//! Collective operations: every member of the communicator calls the same ones in the same order.
//!
//! `job` is the one door to the untyped verb: it turns values into bytes and back. The operations themselves stand in
//! `reduce` (those that combine), `root` (those with a root) and `every` (the others).

mod every;
mod job;
mod parts;
mod reduce;
mod root;

pub use every::AllToAllV;
pub use parts::Parts;
pub use root::Root;

use job::Job;
