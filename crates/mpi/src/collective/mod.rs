//! Collectives between the program's buffers and the engine's rows of bytes.

mod rooted;

pub(crate) use rooted::{Root, barrier, broadcast};
