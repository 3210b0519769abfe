//! Messages between two processes (MPI 5.0 §3).

mod buffered;
mod exchange;
mod probe;
mod receive;
mod send;

pub use buffered::*;
pub use exchange::*;
pub use probe::*;
pub use receive::*;
pub use send::*;
