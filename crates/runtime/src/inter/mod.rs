//! Inter-communicators: two groups, each of which talks to the other (MPI 5.0 §7.6).
//!
//! Messages name ranks of the other group. What the members of one side do among themselves goes over a private
//! communicator of that side; collectives send between the sides over a context of their own, mostly from leader to leader
//! (rank 0 of each side).

mod collective;
mod create;

pub use collective::Root;
pub use create::Inter;
