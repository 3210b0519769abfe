//! MPI's life in this process: before, running, ended; who runs it; the sessions.
//!
//! The process joins its job when the first session or the world model begins, and leaves with the world model, or when it exits
//! after the last session.

use std::io::Write;
use std::sync::atomic::{AtomicI32, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once, OnceLock, PoisonError};
use std::thread::ThreadId;

use runtime::Process;

use crate::comm::{self, Communicator};
use crate::info::Pairs;
use crate::number::{
    ERR_OTHER, ERRORS_ARE_FATAL, THREAD_FUNNELED, THREAD_MULTIPLE, THREAD_SERIALIZED, THREAD_SINGLE,
};
use crate::{Errhandler, Error, Result, Session, session, table};

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
/// The handler of errors that no communicator can see.
static INITIAL: AtomicUsize = AtomicUsize::new(ERRORS_ARE_FATAL);

/// The process's place in the job; joins it first.
pub(crate) fn process() -> Result<Arc<Process>> {
    check_original()?;
    let _joining = JOINING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(process) = PROCESS.get() {
        return Ok(process.clone());
    }
    let process = runtime::join().map_err(|error| Error::new(ERR_OTHER, error.to_string()))?;
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
    let process = process()?;
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
    // To others, who has left is gone: what they have asked of it is over. So nobody leaves before all come here, but those who
    // never will.
    if let Some(process) = joined() {
        let _ = process.world().barrier();
    }
    STAGE.store(ENDED, Ordering::Release);
    // Sessions may go on.
    if session::is_any_open() { Ok(()) } else { leave() }
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

/// This process's rank in the world, if it has joined.
pub(crate) fn rank() -> Option<u32> {
    PROCESS.get().map(|process| process.me().number)
}

/// Ends the job; works from any thread, before the beginning and after the end.
pub(crate) fn abort(code: i32, reason: &str) -> ! {
    match PROCESS.get() {
        Some(process) => process.abort(code, reason),
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
    static LEAVES_AT_EXIT: Once = Once::new();
    if process()?.has_left() {
        let why = "the process has left its job with MPI_Finalize: sessions that are to go on after it begin before it";
        return Err(Error::new(ERR_OTHER, why));
    }
    LEAVES_AT_EXIT.call_once(|| os::exit::at_exit(leave_at_exit));
    // Its thread level is the highest.
    table::set_alone(false);
    session::create(handler, hints)
}

/// The last session has ended: where the world model has ended too, the process leaves.
pub(crate) fn last_session_ended() -> Result {
    match STAGE.load(Ordering::Acquire) {
        ENDED => leave(),
        _ => Ok(()),
    }
}

/// Leaves the job, with the others.
fn leave() -> Result {
    match joined() {
        Some(process) => process.finalize().map_err(Into::into),
        None => Ok(()),
    }
}

/// A process whose sessions have ended, and that has no world model, leaves when it exits: there may have been another session.
extern "C" fn leave_at_exit() {
    if !os::fork::is_copy() && STAGE.load(Ordering::Acquire) == BEFORE && !session::is_any_open() {
        // Nobody is left who could be told.
        let _ = leave();
    }
}
