//! Datatypes (MPI 5.0 §5).

mod address;
mod construct;

pub use address::*;
pub use construct::*;
