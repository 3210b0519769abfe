//! `cargo xtask conformance`: whether we do what others define: the contract of a transport, the MPI standard as real programs
//! understand it. Each part does its own set-up, below `target/conformance`.

mod differential;
mod ground;
mod hpcc;
mod hydra;
mod mpi4py;
mod parts;
mod run;
mod suites;
pub mod textbook;

pub use parts::{run, short};
