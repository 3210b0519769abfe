//! Ranks as threads, or as processes, for tests: of this crate and of programs that use it.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use runtime::Process;

use crate::Comm;

/// What the body of a test may return.
pub trait Outcome {
    /// Nothing, or why the test failed.
    fn failure(self) -> Option<String>;
}

impl Outcome for () {
    fn failure(self) -> Option<String> {
        None
    }
}

impl<E: std::fmt::Display> Outcome for Result<(), E> {
    fn failure(self) -> Option<String> {
        self.err().map(|error| error.to_string())
    }
}

/// Runs `body` on `ranks` threads, each of which is a rank of one world. When one fails, the world is revoked and the waits
/// of the others end with an error that names it.
///
/// In `body`, [`init`](crate::init) gives the thread's part in that world, so that whole programs can be tested.
///
/// # Panics
/// With the message of the rank that failed first, if one panics or returns an error.
///
/// ```
/// archipelago::testing::run(3, |world| {
///     world.to((world.rank() + 1) % 3).send(&world.rank())?;
///     let left: usize = world.from((world.rank() + 2) % 3).receive()?;
///     assert_eq!(left, (world.rank() + 2) % 3);
///     Ok::<(), archipelago::Error>(())
/// });
/// ```
pub fn run<R: Outcome>(ranks: usize, body: impl Fn(Comm) -> R + Sync) {
    let first: Mutex<Option<(usize, String)>> = Mutex::new(None);
    let outcomes = runtime::harness::run(ranks, |process| {
        let rank = process.me().number as usize;
        let world = Comm::of(process.world());
        let _guard = Rank::begin(process);
        if let Some(message) = failure(|| body(world)) {
            first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert((rank, message.clone()));
            // The runner revokes the world for the others when a rank panics. Without the hook: it was told already, or is
            // told by `run`.
            std::panic::resume_unwind(Box::new(message));
        }
    });
    if let Some((rank, message)) = first.into_inner().unwrap_or_else(PoisonError::into_inner) {
        panic!("rank {rank} of {ranks} failed: {message}");
    }
    assert!(outcomes.iter().all(Result::is_ok), "a rank was lost");
}

/// Runs `body` on as many processes, started by `archi run`: each is this test's program again, in which the test of the
/// given path (`module_path!()` and its name) is the only one to run.
///
/// The program `archi` is the one that the variable `ARCHI` names, or lies where the build put the test's program, or is on the
/// path.
///
/// # Panics
/// With all output of the job, if it failed, or did not end within ten minutes; without the program `archi`.
pub fn run_as_processes<R: Outcome>(ranks: usize, path: &str, body: impl Fn(Comm) -> R) {
    // The runner of tests leaves out the name of the crate.
    let name = path.split_once("::").map_or(path, |(_, name)| name);
    if std::env::var(TEST).is_ok_and(|test| test == name) {
        return run_as_rank(body);
    }
    let program = std::env::current_exe().expect("the system tells where this program is");
    let output = Command::new(archi(&program))
        .args(["run", "-n", &ranks.to_string(), "--timeout", PATIENCE])
        .arg(&program)
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(TEST, name)
        .stdin(Stdio::null())
        .output()
        .expect("archi can be started");
    if !output.status.success() {
        let (said, complained) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        panic!("the job of {ranks} processes failed ({}):\n{said}{complained}", output.status);
    }
}

/// A test that hangs ends, and says so.
const PATIENCE: &str = "10m";

/// Tells a process that it is a rank of this test.
const TEST: &str = "ARCHIPELAGO_TEST";

fn run_as_rank<R: Outcome>(body: impl Fn(Comm) -> R) {
    let outcome = crate::init().and_then(|world| match failure(|| body(Comm::clone(&world))) {
        Some(message) => {
            let why = format!("rank {} of {} failed: {message}", world.rank(), world.size());
            world.untyped.process().abort(FAILED, &why)
        }
        None => world.finalize(),
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// The status of a test's program in which a test failed.
const FAILED: i32 = 101;

/// Why a body failed, if it did.
fn failure<R: Outcome>(body: impl FnOnce() -> R) -> Option<String> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(outcome) => outcome.failure(),
        Err(panic) => Some(text(&*panic)),
    }
}

fn archi(program: &Path) -> PathBuf {
    let named = std::env::var_os("ARCHI").map(PathBuf::from);
    let built = || {
        program.ancestors().skip(1).take(2).map(|folder| folder.join("archi")).find(|archi| archi.exists())
    };
    let on_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|folder| folder.join("archi")).find(|archi| archi.exists())
    };
    let found = named.or_else(built).or_else(on_path);
    found.expect("there is no program `archi`: build it (`cargo build -p archipelago-cli`) or name it in the variable ARCHI")
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "(a panic without a message)".into())
}

thread_local! {
    /// The process that this thread is in a test; none outside of tests.
    static RANK: Cell<Option<Arc<Process>>> = const { Cell::new(None) };
    static IS_RANK: Cell<bool> = const { Cell::new(false) };
}

/// While it lives, this thread is a rank of a test.
struct Rank;

impl Rank {
    fn begin(process: Arc<Process>) -> Rank {
        RANK.set(Some(process));
        IS_RANK.set(true);
        Rank
    }
}

impl Drop for Rank {
    fn drop(&mut self) {
        RANK.take();
        IS_RANK.set(false);
    }
}

/// For [`init`](crate::init): the process that this thread is in a test, once.
pub(crate) fn take_rank_of_this_thread() -> Option<Arc<Process>> {
    RANK.take()
}

/// Whether this thread is a rank of a test.
pub(crate) fn is_rank_of_a_test() -> bool {
    IS_RANK.get()
}
