//! Datatypes (MPI 5.0 §5).

mod address;
mod construct;
mod fortran;
mod pack;
mod query;

pub use address::*;
pub use construct::*;
pub use fortran::*;
pub use pack::*;
pub use query::*;
