//! How a process becomes a keeper, and its parent the keeper's guard.

use super::keep::Keeper;
use crate::job::STATUS_FAILURE;
use crate::reaper;
use os::spawn::How;
use std::os::fd::RawFd;
use std::os::unix::net::UnixStream;

/// Is a keeper until its job is over; returns the exit status. `descriptor` is the inherited stream to the
/// launcher. Takes over the whole process, which must have done nothing else yet: its children, its signals, its
/// descriptors.
///
/// The keeper proper is a child of this process, which stays as its *guard*. Launcher, guard and keeper are each the
/// child of the one before, and each adopts the orphans below it: whichever two of them are killed in one moment, the
/// third ends all that is left, in whatever session or group it is.
pub fn run(descriptor: RawFd) -> u8 {
    reaper::expect_ends();
    let _ = os::spawn::become_subreaper();
    match os::spawn::fork_and_stay_bare() {
        Ok(None) => keep(descriptor),
        Ok(Some(keeper)) => guard(keeper),
        // A job without a guard is better than none.
        Err(_) => keep(descriptor),
    }
}

fn keep(descriptor: RawFd) -> u8 {
    os::spawn::name_this_process(c"archi-keeper");
    let signals = reaper::take_over(&reaper::SIGNALS);
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
    match Keeper::new(stream, signals) {
        Ok(mut keeper) => keeper.run(),
        Err(error) => {
            eprintln!("archi: the keeper cannot work: {error}");
            STATUS_FAILURE
        }
    }
}

/// Waits for the keeper's end. One that was killed leaves its processes to us.
fn guard(keeper: u32) -> u8 {
    // Not the launcher's name, nor a beginning of it: who kills by name means that one.
    os::spawn::name_this_process(c"job-guard");
    while let Some(child) = os::spawn::reap(true) {
        match child.how {
            _ if child.pid != keeper => {}
            How::Exited(status) => return status as u8,
            How::Signalled(..) => break,
        }
    }
    reaper::clear(&[], &[], std::thread::sleep);
    STATUS_FAILURE
}
