//! Starts processes, keeps them, and ends them.
//!
//! - [`job`]: what is to be run, as data.
//! - [`launcher`]: [`run`]s a job: passes input, output and signals, and decides when the job ends and with which
//!   status.
//! - [`keeper`]: a process of its own on each host that starts the job's processes, answers them, sees them end,
//!   and leaves nothing of them behind.
//! - [`binding`]: which cores each process runs on.
//! - [`hosts`]: the host lists of other launchers, read.
//!
//! The launcher talks to a keeper by a stream of `control::agent` frames and assumes nothing else, so that a
//! keeper may as well run on another host.
//!
//! # Who ends whom
//! | killed | what ends the rest |
//! |---|---|
//! | a process | its keeper sees it (`SIGCHLD`), the launcher decides, the keeper kills |
//! | the launcher | its keepers see their streams end and kill everything they started |
//! | a keeper | the kernel kills its children (parent's death signal) and their process groups (lifeline); the launcher adopts whatever else is left, being a subreaper, and kills it |
//! | both at once | the keeper's guard, a process between them that does nothing else, and the kernel as above |
//! | these three at once | the kernel alone |
//!
//! Refuses to move messages between processes, and to know of `fabric` or `engine`.

pub mod binding;
pub mod hosts;
pub mod job;
pub mod keeper;
pub mod launcher;
mod pattern;
mod reaper;
mod refusal;

pub use job::{Job, JobError, Part};
pub use launcher::run;
