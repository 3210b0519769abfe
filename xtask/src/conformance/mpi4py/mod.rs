//! mpi4py's own tests, on our library: the de-facto conformance test of an MPI.

mod extras;
mod later;
mod report;
mod suite;

pub use suite::{fetch, run, short};
