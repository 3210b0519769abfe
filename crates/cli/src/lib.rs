//! `archi` and `mpiexec`: the command line of Archipelago.
//!
//! Reads arguments, calls `launch`, prints. What a command does beyond that does not belong here.

mod bench;
mod command_line;
pub mod compiler;
mod complaint;
mod doctor;
mod findings;
mod foreign;
mod info;
mod machine;
mod mpi_words;
mod nearest;
mod run;

pub use command_line::main;
