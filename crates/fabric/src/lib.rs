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
mod peers;
pub mod port;
mod room;
pub mod shm;
pub mod sim;
pub mod sleeper;
pub mod tcp;

pub use counters::Counters;
pub use frame::*;
pub use port::{Port, Reserved};
pub use shm::{Host, ReadError, Reader};
pub use sleeper::{Armed, SLEEP_NS_MAX, Sleeper};
