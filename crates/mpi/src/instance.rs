//! MPI's life in this process: before, running, ended; who runs it; the sessions.
//!
//! The process joins its job when the first session or the world model begins, and leaves when it exits: after the world model, and after
//! the last session, there may be another session (MPI 5.0 §11.3). Between them it rests: whatever it does then is no matter of
//! the job's.

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::ThreadId;

use runtime::Process;

use crate::comm::{self, Communicator};
use crate::info::Pairs;
use crate::number::{
    ERR_OTHER, ERRORS_ARE_FATAL, THREAD_FUNNELED, THREAD_MULTIPLE, THREAD_SERIALIZED, THREAD_SINGLE,
};
use crate::{Errhandler, Error, Result, Session, caller, leaks, session, table};

/// Where the world model stands.
const BEFORE: u8 = 0;
const RUNNING: u8 = 1;
const ENDED: u8 = 2;

static STAGE: AtomicU8 = AtomicU8::new(BEFORE);
static LEVEL: AtomicI32 = AtomicI32::new(THREAD_SINGLE);
static MAIN: OnceLock<ThreadId> = OnceLock::new();
/// Set once; whoever ends the job reads it without a lock.
static PROCESS: OnceLock<Arc<Process>> = OnceLock::new();
/// Held by whoever joins.
static JOINING: Mutex<()> = Mutex::new(());
/// Whether it has nothing to do in its job.
static RESTS: AtomicBool = AtomicBool::new(false);
/// Whether the process could not join because its job was being ended.
static COMES_LATE: AtomicBool = AtomicBool::new(false);
/// Whether the program is checked.
static CHECKS: AtomicBool = AtomicBool::new(false);
/// The handler of errors that no communicator can see.
static INITIAL: AtomicUsize = AtomicUsize::new(ERRORS_ARE_FATAL);

/// The process's place in the job; joins it first.
pub(crate) fn process() -> Result<Arc<Process>> {
    check_original()?;
    let _joining = JOINING.lock().unwrap_or_else(PoisonError::into_inner);
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
    match STAGE.load(Ordering::Acquire) {
        BEFORE => {}
        RUNNING => return Err(Error::new(ERR_OTHER, "MPI is initialised already: call MPI_Init once")),
        _ => return Err(Error::new(ERR_OTHER, "MPI is finalised, and MPI_Init can't begin again")),
    }
    let process = resumed()?;
    let level = provided(required);
    LEVEL.store(level, Ordering::Relaxed);
    MAIN.get_or_init(|| std::thread::current().id());
    comm::open_world(Communicator::new(process.world()), Communicator::new(process.alone()));
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
    if let Some(process) = joined() {
        leaks::tell(&process);
    }
    // Nobody goes on before all come here, but those who never will.
    match joined() {
        Some(process) if session::is_any_open() => drop(process.world().barrier()),
        Some(process) => rest(&process, true),
        None => {}
    }
    STAGE.store(ENDED, Ordering::Release);
    Ok(())
}

/// The process has nothing to do in its job.
fn rest(process: &Arc<Process>, together: bool) {
    RESTS.store(true, Ordering::Relaxed);
    process.rest(together);
}

/// The process, which has something to do in its job from now on.
fn resumed() -> Result<Arc<Process>> {
    let process = process()?;
    if RESTS.swap(false, Ordering::Relaxed) {
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
        None if COMES_LATE.load(Ordering::Relaxed) => std::process::exit(code),
        None => {
            // Nobody may read it any more.
            let _ = writeln!(std::io::stderr(), "archipelago: aborted with status {code}: {reason}");
            std::process::exit(code)
        }
    }
}

/// The handler of errors that no communicator can see.
pub(crate) fn initial_handler() -> Errhandler {
    Errhandler(INITIAL.load(Ordering::Relaxed))
}

/// The handler of a session.
pub(crate) fn session_handler(name: Session) -> Option<Errhandler> {
    session::find(name).map(|session| session.handler())
}

/// Begins a session; joins the job first.
pub(crate) fn begin_session(handler: Errhandler, hints: Pairs) -> Result<Session> {
    resumed()?;
    // Its thread level is the highest.
    table::set_alone(false);
    session::create(handler, hints)
}

/// A session has ended: if it was the last thing in its job that this process had, it rests.
pub(crate) fn session_ended() {
    if let Some(process) = joined()
        && STAGE.load(Ordering::Acquire) != RUNNING
        && !session::is_any_open()
    {
        rest(&process, false);
    }
}

/// A process whose world model and sessions have ended, leaves when it exits.
extern "C" fn leave_at_exit() {
    if os::fork::is_copy() || STAGE.load(Ordering::Acquire) == RUNNING || session::is_any_open() {
        return;
    }
    if let Some(process) = joined() {
        process.leave();
    }
}
