//! The keeper: one process on each host that starts the job's processes there, answers them, sees them end, and
//! leaves nothing of them behind.
//!
//! It is a single thread around one `poll`: the stream to the launcher, signals (as reads), and five descriptors
//! a process. Nothing in it waits for anyone: what has no room is queued, each queue with its bound, and when
//! the launcher does not read, the processes' output waits in their pipes.
//!
//! Where another launcher has started the processes it is *hosted*: it starts and ends nobody, and the processes come to it.

mod behind;
mod board;
mod conversation;
mod entry;
mod hosted;
mod keep;
mod lifelines;
mod member;
mod memory;
mod program;
mod stage;
mod start;
mod starved;

pub use entry::run;
pub use hosted::run_hosted;

pub use start::descriptors_needed;

/// The command-line word by which a program that can be a keeper is told to be one; the number of an inherited
/// descriptor follows it.
pub const VERB: &str = "__keeper";
