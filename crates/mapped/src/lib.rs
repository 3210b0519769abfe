//! Lock-free structures in memory that several processes map.
//!
//! The only crate that uses atomics on shared memory. Whatever another process can write is atomics or raw bytes,
//! never a Rust reference to plain data, and is checked before it is used as an index or a length: a hostile or
//! broken peer damages its own traffic, never this process's memory.
//!
//! | module | what |
//! |---|---|
//! | [`ring`] | a queue of 64-byte lines from one producer to one consumer, with a payload area beside it |
//! | [`doorbell`] | how a receiver that doesn't look at a ring learns of its frames, and how it sleeps |
//! | [`board`] | where members of a communicator publish a few bytes each, and read the others' |
//! | [`pool`] | which parts of a pool of shared memory are taken |
//! | [`Lock`] | in memory of one process: what a lane is behind |
//! | [`Seat`] | in memory of one process: where a thread waits until another calls it |
//! | [`Looks`] | in memory of one process: at what its threads look, so that nobody drops it |
//! | [`segment`] | the memory of one host and job: a control page, and an area for each process |
//!
//! The structures know nothing of ranks or messages. Under `--cfg loom` the atomics are loom's, and the models in
//! `tests/` explore every interleaving of them.

pub mod board;
pub mod doorbell;
mod lock;
mod looks;
pub mod pool;
pub mod ring;
mod seat;
#[cfg(not(loom))]
pub mod segment;
mod sync;

pub use doorbell::{Doorbell, Sleep};
pub use lock::RawLock;
#[cfg(not(loom))]
pub use lock::{Guard, Lock};
pub use looks::{Look, Looks};
pub use pool::Pool;
pub use ring::{Body, Consumer, Corrupt, Full, Producer, Record, Reservation};
pub use seat::Seat;
#[cfg(not(loom))]
pub use segment::{ProcessState, Segment, Shape};
