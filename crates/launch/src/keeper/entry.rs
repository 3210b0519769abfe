//! How a process becomes a keeper.

use super::keep::Keeper;
use crate::job::STATUS_FAILURE;
use os::signal::{self, SignalReader};
use std::os::fd::RawFd;
use std::os::unix::net::UnixStream;

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
