//! Collective operations (MPI 5.0 §6, §8.6). Each is described once, and then run, started, or kept to be started again and again.

mod describe;
mod forms;
mod local;
mod neighbours;
mod reductions;
mod vectors;

pub use forms::*;
pub use local::*;
