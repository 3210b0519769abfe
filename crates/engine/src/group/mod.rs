//! Groups: which processes, in which order. They send nothing, and every operation on them is local.
//!
//! `list` finds a process's rank in an irregular group; `set` has the operations of MPI 5.0 §7.3.

mod list;
mod regular;
mod set;

pub use list::List;
pub use regular::Group;
pub use set::{Comparison, GroupError, Ranks};
