//! The launcher: the process that the user started, and that the user's signals, input and output belong to.

mod begin;
mod control_loop;
mod endings;
mod fold;
mod input;
mod lines;
mod outputs;
mod sink;
mod statistics;
mod verdict;
pub(crate) mod watch;

pub use begin::run;
