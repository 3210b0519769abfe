//! Tests that need several processes: whole programs under the launcher, also where the system denies things.
//!
//! `subject` is the program that is run; it does what its arguments say. [`archi`] finds the launcher, and has cargo
//! build it first. [`output`] runs a command, but does not wait for ever.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{OnceLock, mpsc};
use std::time::{Duration, Instant};

/// A command that takes longer hangs. No test passes or fails by being fast or slow.
const HOPELESS: Duration = Duration::from_secs(300);

/// The launcher, as built in the same profile as the running test.
///
/// # Panics
/// When it does not build.
pub fn archi() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let path = BUILT.get_or_init(|| {
        let test = std::env::current_exe().expect("a running program has a path");
        let profile = test.ancestors().nth(2).expect("tests lie in target/PROFILE/deps").to_owned();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--package", "archipelago-cli", "--bin", "archi"]);
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        cargo.env("CARGO_TARGET_DIR", profile.parent().expect("a profile lies in a folder"));
        assert!(cargo.status().expect("cargo runs").success(), "the launcher does not build");
        profile.join("archi")
    });
    path.clone()
}

/// Runs a command to its end, without input. One that hangs is killed: a launcher's job ends with it.
///
/// # Panics
/// When it cannot be started.
pub fn output(mut command: Command) -> Output {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the program starts");
    let (ended, watch) = mpsc::channel::<()>();
    let id = child.id();
    std::thread::spawn(move || {
        if watch.recv_timeout(HOPELESS) == Err(mpsc::RecvTimeoutError::Timeout) {
            eprintln!("process {id} hangs and is killed");
            let _ = os::signal::send(id, os::signal::SIGKILL);
        }
    });
    let output = child.wait_with_output().expect("its output can be read");
    drop(ended);
    output
}

/// Runs a command until what it says on standard error is enough, or it has ended: then kills it, and a launcher's job with it.
/// Tells what it said, and its exit status if it has ended by itself.
///
/// # Panics
/// When it cannot be started.
pub fn said_until(
    mut command: Command,
    limit: Duration,
    is_enough: impl Fn(&str) -> bool,
) -> (String, Option<i32>) {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let errors = child.stderr.take().expect("it was asked for");
    let (line, lines) = mpsc::channel::<String>();
    let reader = std::thread::spawn(move || {
        for text in BufReader::new(errors).split(b'\n').map_while(Result::ok) {
            // Who has heard enough hears no more.
            let _ = line.send(String::from_utf8_lossy(&text).into_owned());
        }
    });
    let (begin, mut said, mut has_ended) = (Instant::now(), String::new(), false);
    while !has_ended && !is_enough(&said) && begin.elapsed() < limit {
        match lines.recv_timeout(Duration::from_millis(100)) {
            Ok(line) => said = said + &line + "\n",
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => has_ended = true,
        }
    }
    if !has_ended {
        let _ = child.kill();
    }
    let status = child.wait().expect("it was started here");
    let _ = reader.join();
    (said, status.code().filter(|_| has_ended))
}

/// Waits until something holds.
///
/// # Panics
/// When it is hopeless.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = std::time::Instant::now();
    while !holds() {
        assert!(begin.elapsed() < HOPELESS, "waited for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A folder of a test's own, removed at the end.
pub struct Folder(PathBuf);

impl Folder {
    /// A new one in `place`, which is `env!("CARGO_TARGET_TMPDIR")`; no two tests give it the same name.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn new(place: &str, name: &str) -> Folder {
        let path = Path::new(place).join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder can be made");
        Folder(path)
    }

    /// The path of something in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The same as text.
    ///
    /// # Panics
    /// When it is no UTF-8.
    pub fn text(&self, name: &str) -> String {
        self.path(name).into_os_string().into_string().expect("a path of the build is text")
    }

    /// The names of all that is in it.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).expect("the folder can be read");
        let names = entries.map(|entry| entry.expect("an entry can be read").file_name());
        names.map(|name| name.to_string_lossy().into_owned()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a run came to.
pub struct Ran {
    /// Its exit status; 128 + signal for a signal.
    pub status: i32,
    /// Its standard output, line by line, sorted: processes print when they like.
    pub output: Vec<String>,
    /// Its standard error.
    pub error: String,
}

impl Ran {
    /// Runs a command as [`output`] does.
    pub fn of(command: Command) -> Ran {
        Ran::from(output(command))
    }

    fn from(output: Output) -> Ran {
        use std::os::unix::process::ExitStatusExt;
        let status = output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap_or(0));
        let text = String::from_utf8_lossy(&output.stdout);
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        Ran { status, output: lines, error: String::from_utf8_lossy(&output.stderr).into_owned() }
    }

    /// Panics with everything that was said unless the run ended with this status.
    pub fn expect_status(self, status: i32) -> Ran {
        assert_eq!(self.status, status, "output {:#?}\nerror {}", self.output, self.error);
        self
    }
}
