//! MPI's life in this process: before, running, ended; who runs it; the sessions.
//!
//! The process joins its job when the first session or the world model begins, and leaves when it exits: after the world model, and after
//! the last session, there may be another session (MPI 5.0 §11.3). Between them it rests: whatever it does then is no matter of
//! the job's.
//!
//! Sessions begin and end on any thread at any time: whatever changes depends on what there is, and is changed, under one lock, which
//! nobody holds while it waits for others.

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::ThreadId;

use control::process::INITIAL_HANDLER_VARIABLE;
use runtime::Process;

use crate::comm::{self, Communicator};
use crate::handler::Held;
use crate::number::{
    ERR_OTHER, ERRORS_ABORT, ERRORS_ARE_FATAL, ERRORS_RETURN, THREAD_FUNNELED, THREAD_MULTIPLE,
    THREAD_SERIALIZED, THREAD_SINGLE,
};
use crate::{Errhandler, Error, Result, Session, buffer, caller, leaks, session, table};

/// Where the world model stands.
const BEFORE: u8 = 0;
const RUNNING: u8 = 1;
const ENDED: u8 = 2;

static STAGE: AtomicU8 = AtomicU8::new(BEFORE);
static LEVEL: AtomicI32 = AtomicI32::new(THREAD_SINGLE);
static MAIN: OnceLock<ThreadId> = OnceLock::new();
/// Set once; whoever ends the job reads it without a lock.
static PROCESS: OnceLock<Arc<Process>> = OnceLock::new();
/// Held by whoever joins, begins or ends something; whether the process has nothing to do in its job.
static RESTS: Mutex<bool> = Mutex::new(false);
/// Whether the process could not join because its job was being ended.
static COMES_LATE: AtomicBool = AtomicBool::new(false);
/// Whether the program is checked.
static CHECKS: AtomicBool = AtomicBool::new(false);

fn changing() -> MutexGuard<'static, bool> {
    RESTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The process's place in the job; joins it first.
pub(crate) fn process() -> Result<Arc<Process>> {
    check_original()?;
    join(&changing())
}

/// Joins the job, unless the process has.
fn join(_changing: &MutexGuard<'_, bool>) -> Result<Arc<Process>> {
    if let Some(process) = PROCESS.get() {
        return Ok(process.clone());
    }
    let process = runtime::join().map_err(|error| {
        COMES_LATE.store(error.is_of_ending(), Ordering::Relaxed);
        Error::new(ERR_OTHER, error.to_string())
    })?;
    runtime::place::find_by(caller::find);
    CHECKS.store(process.is_checking(), Ordering::Relaxed);
    os::exit::at_exit(leave_at_exit);
    Ok(PROCESS.get_or_init(|| process).clone())
}

/// The process, if it has joined.
pub(crate) fn joined() -> Option<Arc<Process>> {
    PROCESS.get().cloned()
}

/// Begins the world model (MPI 5.0 §11.2.1).
pub(crate) fn init(required: i32) -> Result<i32> {
    check_original()?;
    let mut changing = changing();
    match STAGE.load(Ordering::Acquire) {
        BEFORE => {}
        RUNNING => return Err(Error::new(ERR_OTHER, "MPI is initialised already: call MPI_Init once")),
        _ => return Err(Error::new(ERR_OTHER, "MPI is finalised, and MPI_Init can't begin again")),
    }
    let process = resumed(&mut changing)?;
    let level = provided(required);
    LEVEL.store(level, Ordering::Relaxed);
    MAIN.get_or_init(|| std::thread::current().id());
    let predefined = |comm| {
        let comm = Communicator::new(comm);
        comm.handler.set(Held::predefined(initial_handler().1));
        comm
    };
    comm::open_world(predefined(process.world()), predefined(process.alone()));
    table::set_alone(level != THREAD_MULTIPLE && !session::is_any_open());
    STAGE.store(RUNNING, Ordering::Release);
    Ok(level)
}

/// The thread level that is provided where this one is asked for.
pub(crate) fn provided(required: i32) -> i32 {
    match required {
        THREAD_SINGLE | THREAD_FUNNELED | THREAD_SERIALIZED => required,
        level if level < THREAD_SINGLE => THREAD_SINGLE,
        _ => THREAD_MULTIPLE,
    }
}

/// Ends the world model.
pub(crate) fn finalize() -> Result {
    // A program's own exit handler may call this in copies that `fork` has made: there is nothing to end there.
    if os::fork::is_copy() && STAGE.load(Ordering::Acquire) == RUNNING {
        STAGE.store(ENDED, Ordering::Release);
        return Ok(());
    }
    check_running()?;
    comm::close_world()?;
    let process = joined();
    // What a session has made is given back before that ends.
    if let Some(process) = process.as_ref().filter(|_| !session::is_any_open()) {
        leaks::tell(process);
    }
    // Nobody goes on before all come here, but those who never will.
    match &process {
        Some(process) if session::is_any_open() => drop(process.world().barrier()),
        Some(process) => process.settle(true),
        None => {}
    }
    let mut changing = changing();
    STAGE.store(ENDED, Ordering::Release);
    rest(&mut changing);
    Ok(())
}

/// If the process has nothing to do in its job, and has completed what it has sent, it rests.
fn rest(rests: &mut MutexGuard<'_, bool>) {
    if is_busy() || **rests {
        return;
    }
    // MPI 5.0 §11.2.2: what is attached is detached.
    buffer::PROCESS.forget();
    if let Some(process) = joined() {
        process.rest();
        **rests = true;
    }
}

/// Whether the process has something to do in its job.
pub(crate) fn is_busy() -> bool {
    STAGE.load(Ordering::Acquire) == RUNNING || session::is_any_open()
}

/// The process, which has something to do in its job from now on.
fn resumed(rests: &mut MutexGuard<'_, bool>) -> Result<Arc<Process>> {
    let process = join(rests)?;
    if std::mem::take(&mut **rests) {
        process.resume();
    }
    Ok(process)
}

/// Refuses calls before the beginning and after the end.
pub(crate) fn check_running() -> Result {
    match STAGE.load(Ordering::Acquire) {
        RUNNING => Ok(()),
        BEFORE => Err(Error::new(ERR_OTHER, "MPI is not initialised yet: call MPI_Init first")),
        _ => Err(Error::new(ERR_OTHER, "MPI is finalised: nothing but a few queries can be called any more")),
    }
}

/// Refuses what only the process that has joined can do.
fn check_original() -> Result {
    match os::fork::is_copy() {
        false => Ok(()),
        true => Err(Error::new(
            ERR_OTHER,
            "this process is a copy of a rank, made by fork, and no rank itself: it may do anything but communicate",
        )),
    }
}

/// Whether the world model has begun, and whether it has ended.
pub(crate) fn stage() -> (bool, bool) {
    let stage = STAGE.load(Ordering::Acquire);
    (stage != BEFORE, stage == ENDED)
}

/// The thread level.
pub(crate) fn level() -> i32 {
    LEVEL.load(Ordering::Relaxed)
}

/// Whether this is the thread that called `MPI_Init`.
pub(crate) fn is_main_thread() -> bool {
    MAIN.get() == Some(&std::thread::current().id())
}

/// Whether the program is checked (`--check`).
#[inline]
pub(crate) fn is_checking() -> bool {
    // Relaxed: set before the process has a communicator, and never again.
    CHECKS.load(Ordering::Relaxed)
}

/// This process's rank in the world, if it has joined.
pub(crate) fn rank() -> Option<u32> {
    PROCESS.get().map(|process| process.me().number)
}

/// Ends the job; works from any thread, before the beginning and after the end.
pub(crate) fn abort(code: i32, reason: &str) -> ! {
    match PROCESS.get() {
        Some(process) => process.abort(code, reason),
        // The job was being ended when this process came: the launcher says why, and nobody has to hear of it once more.
        None if COMES_LATE.load(Ordering::Relaxed) => os::exit::fail(code),
        None => {
            // Nobody may read it any more.
            let _ = writeln!(std::io::stderr(), "archipelago: aborted with status {code}: {reason}");
            os::exit::fail(code)
        }
    }
}

/// The handlers that can be the initial one, and what the launcher calls them (MPI 5.0 §11.8.4). The first is the default.
const INITIAL: [(&str, usize); 3] = [
    ("mpi_errors_are_fatal", ERRORS_ARE_FATAL),
    ("mpi_errors_abort", ERRORS_ABORT),
    ("mpi_errors_return", ERRORS_RETURN),
];

/// The handler of errors that no communicator can see, and the first one of the predefined communicators: what it is called and which it
/// is. The launcher says it in the environment, since it counts before the process has joined. What is no such name is the default.
pub(crate) fn initial_handler() -> (&'static str, Errhandler) {
    static FOUND: OnceLock<(&str, usize)> = OnceLock::new();
    let (name, handler) = *FOUND.get_or_init(|| {
        let said = std::env::var(INITIAL_HANDLER_VARIABLE).unwrap_or_default();
        INITIAL.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(&said)).unwrap_or(INITIAL[0])
    });
    (name, Errhandler(handler))
}

/// Ends this process alone, as if it had failed for this reason; what becomes of the others is the launcher's affair.
pub(crate) fn end_alone(code: i32, reason: &str) -> ! {
    let rank = rank().map_or_else(String::new, |rank| format!("rank {rank}: "));
    // Nobody may read it any more.
    let _ = writeln!(std::io::stderr(), "archipelago: {rank}{reason}");
    os::exit::fail(code)
}

/// Begins a session; joins the job first.
pub(crate) fn begin_session(handler: Held) -> Result<Session> {
    check_original()?;
    let mut changing = changing();
    resumed(&mut changing)?;
    let session = session::create(handler)?;
    // Its thread level is the highest.
    table::set_alone(false);
    Ok(session)
}

/// Ends a session; if it was the last thing in its job that this process had, it rests. Returns whether there was one of this name.
pub(crate) fn end_session(name: Session) -> bool {
    if !name.remove() {
        return false;
    }
    if let Some(process) = joined()
        && !is_busy()
    {
        process.settle(false);
        rest(&mut changing());
    }
    true
}

/// A process whose world model and sessions have ended, leaves when it exits.
extern "C" fn leave_at_exit() {
    if os::fork::is_copy() || is_busy() {
        return;
    }
    if let Some(process) = joined() {
        process.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::ERRORS_RETURN;

    /// A process that nobody has launched, on four threads: whatever the order, it rests when no session is open, and no count is kept as if
    /// one thread at a time called while one is.
    #[test]
    fn sessions_begin_and_end_on_any_thread() {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        let name = begin_session(Held::predefined(Errhandler(ERRORS_RETURN))).unwrap();
                        assert!(!*changing() && session::is_any_open() && !table::is_alone());
                        assert!(end_session(name));
                        assert!(!end_session(name));
                    }
                });
            }
        });
        assert!(*changing() && !session::is_any_open());
    }
}
