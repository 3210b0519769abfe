//! Moves bytes between two processes.
//!
//! A [`Port`] is one lane of one process: its single-threaded window on every transport (shared memory, TCP,
//! simulation). It sends *frames* to *peers* and delivers each peer's frames in the order that they were sent.
//! It gives frames no meaning: kinds and headers belong to the engine. It reads no clock, starts no thread and
//! never blocks; the one place that blocks is [`Sleeper::sleep`].
//!
//! Nothing here is indexed by rank or sized by the world: a peer has an index from first contact on.

pub mod counters;
pub mod frame;
mod room;
pub mod sim;

pub use counters::Counters;
pub use frame::*;
