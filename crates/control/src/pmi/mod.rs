//! PMI-1, the simple form: how a process asks a launcher of another MPI (MPICH's Hydra, Flux, Intel's) who it is, and exchanges a few
//! words with the others of its job. One text line a message, `cmd=NAME key=value ...`; the launcher speaks only when asked.

mod client;
mod line;

pub use client::{Client, PmiError};

/// The variables by which such a launcher tells a process who it is.
pub const VARIABLES: [&str; 5] = ["PMI_FD", "PMI_PORT", "PMI_ID", "PMI_RANK", "PMI_SIZE"];
pub use line::{LINE_BYTES_MAX, Line, Malformed};
