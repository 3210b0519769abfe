//! Inter-communicators: two groups, each of which talks to the other (MPI 5.0 §7.6).
//!
//! Messages name ranks of the other group. What the members of one side do among themselves goes over a private
//! communicator of that side; collectives go over a communicator of both. A side's leader is its rank 0.

mod collective;
mod create;

pub use collective::Root;
pub use create::Inter;
