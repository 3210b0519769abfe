//! The keeper: one process on each host that starts the job's processes there, answers them, sees them end, and
//! leaves nothing of them behind.
//!
//! It is a single thread around one `poll`: the stream to the launcher, signals (as reads), and four descriptors
//! a process. Nothing in it waits for anyone: what has no room is queued, each queue with its bound, and when
//! the launcher does not read, the processes' output waits in their pipes.

mod board;
mod conversation;
mod keep;
mod member;
mod memory;
mod program;
mod stage;
mod start;

use crate::job::STATUS_FAILURE;
use keep::Keeper;
use os::signal::{self, SignalReader};
use std::os::fd::RawFd;
use std::os::unix::net::UnixStream;

/// The command-line word by which a program that can be a keeper is told to be one; the number of an inherited
/// descriptor follows it.
pub const VERB: &str = "__keeper";

/// Is a keeper until its job is over; returns the exit status. `descriptor` is the inherited stream to the
/// launcher. Takes over the whole process: its children, its signals.
pub fn run(descriptor: RawFd) -> u8 {
    os::spawn::name_this_process(c"archi-keeper");
    let signals = SignalReader::block(&[
        signal::SIGCHLD,
        signal::SIGINT,
        signal::SIGTERM,
        signal::SIGHUP,
        signal::SIGQUIT,
        signal::SIGUSR1,
        signal::SIGUSR2,
    ]);
    let stream = os::descriptor::duplicate_inherited(descriptor);
    let (signals, stream) = match (signals, stream) {
        (Ok(signals), Ok(stream)) => (signals, UnixStream::from(stream)),
        _ => {
            eprintln!("archi: a keeper is started by `archi run`, not by hand");
            return STATUS_FAILURE;
        }
    };
    // The original number is of no more use, least of all to the processes.
    os::descriptor::close_on_exec(descriptor);
    // Without it, orphans among the descendants go to init: the process groups are still killed.
    let _ = os::spawn::become_subreaper();
    match Keeper::new(stream, signals) {
        Ok(mut keeper) => keeper.run(),
        Err(error) => {
            eprintln!("archi: the keeper cannot work: {error}");
            STATUS_FAILURE
        }
    }
}
