//! Collectives between the program's buffers and the engine's rows of bytes.
//!
//! A call is described once ([`Job`]): which collective, how its buffers are cut, where they are. A description is run, started, or
//! started again and again. Buffers whose bytes don't lie in a row are packed before and unpacked afterwards.

mod job;
mod root;
mod side;

pub(crate) use job::Job;
pub(crate) use root::Root;
pub(crate) use side::{Side, blocks_at};
