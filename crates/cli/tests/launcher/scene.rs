//! One run of the launcher, watched from outside.

use crate::running::Running;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// A test that waits this long for something that must happen has failed. No test passes or fails by being fast
/// or slow.
pub const HOPELESS: Duration = Duration::from_secs(120);
const MARKER: &str = "ARCHIPELAGO_TEST_MARKER";

/// A place for one run: every process that descends from it carries its marker in its environment. Whatever a test
/// waits for, it does not wait for ever: when the scene has stood for too long, all its processes are killed.
pub struct Scene {
    marker: String,
    directory: PathBuf,
    /// Closed with the scene, which ends its watch.
    _stands: Sender<()>,
}

/// What a run came to.
#[derive(Debug)]
pub struct Outcome {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Scene {
    pub fn new() -> Scene {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        // Relaxed: only the numbers must differ.
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let marker = format!("{}-{number}", std::process::id());
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(&marker);
        std::fs::create_dir_all(&directory).unwrap();
        let (stands, watch) = mpsc::channel::<()>();
        let watched = marker.clone();
        std::thread::spawn(move || {
            while watch.recv_timeout(HOPELESS) == Err(RecvTimeoutError::Timeout) {
                eprintln!("a scene stands for too long: {:?} are killed", marked(&watched));
                kill_marked(&watched);
            }
        });
        Scene { marker, directory, _stands: stands }
    }

    /// A directory of this run's own, removed with it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// `archi run` with these words.
    pub fn archi(&self, words: &[&str]) -> Command {
        self.program(env!("CARGO_BIN_EXE_archi"), &[&["run"], words].concat())
    }

    /// `archi` with these words, for commands other than `run`.
    pub fn command(&self, words: &[&str]) -> Outcome {
        self.finish(self.program(env!("CARGO_BIN_EXE_archi"), words).spawn().unwrap())
    }

    /// `archi` with these words where these system calls are denied.
    pub fn command_denied(&self, calls: &str, words: &[&str]) -> Outcome {
        let words = [&[calls, "--", env!("CARGO_BIN_EXE_archi")], words].concat();
        self.finish(self.program(example("denied"), &words).spawn().unwrap())
    }

    /// `mpiexec` with these words.
    pub fn mpiexec(&self, words: &[&str]) -> Command {
        self.program(env!("CARGO_BIN_EXE_mpiexec"), words)
    }

    /// Any program, marked. Who runs the tests may ignore signals, as `nohup` does, and what it starts would too; `env`
    /// sets that right.
    pub fn program(&self, program: impl AsRef<OsStr>, words: &[&str]) -> Command {
        let mut command = Command::new("env");
        command.arg("--default-signal").arg(program).args(words);
        command.env(MARKER, &self.marker).env_remove("RUST_BACKTRACE");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs `archi run` with these words to its end, and checks that nothing is left.
    pub fn run(&self, words: &[&str]) -> Outcome {
        self.finish(self.archi(words).spawn().unwrap())
    }

    /// Starts `archi run` with these words, to be listened to while it runs.
    pub fn start(&self, words: &[&str]) -> Running<'_> {
        Running::listen(self, self.archi(words))
    }

    /// Waits for the end of a run, and checks that nothing is left.
    pub fn finish(&self, child: Child) -> Outcome {
        let outcome = Outcome::of(child.wait_with_output().unwrap());
        self.expect_nothing_left();
        outcome
    }

    /// Runs `archi run` with these words behind a shell line that prepares something, such as a limit.
    pub fn run_behind(&self, preparation: &str, words: &[&str]) -> Outcome {
        let line = format!("{preparation}; exec \"$0\" run \"$@\"");
        let words = [&["-c", &line, env!("CARGO_BIN_EXE_archi")], words].concat();
        self.finish(self.program("sh", &words).spawn().unwrap())
    }

    /// All living processes of this run: process id, name, command line.
    pub fn processes(&self) -> Vec<(u32, String, String)> {
        marked(&self.marker)
    }

    /// Those with this name; their process ids.
    pub fn named(&self, wanted: &str) -> Vec<u32> {
        let all = self.processes().into_iter();
        all.filter(|(_, name, _)| name == wanted).map(|(pid, _, _)| pid).collect()
    }

    /// Waits until this many processes of the run, besides launcher and keeper, have `text` in their command line;
    /// their process ids.
    pub fn wait_for(&self, count: usize, text: &str) -> Vec<u32> {
        let mut found = Vec::new();
        until_or(
            || {
                let all = self.processes();
                let own = |name: &str| name.starts_with("archi") || name == "mpiexec" || name == "job-guard";
                let ours = all.iter().filter(|(_, name, _)| !own(name));
                found = ours.filter(|(_, _, line)| line.contains(text)).map(|(pid, _, _)| *pid).collect();
                found.len() == count
            },
            || format!("{count} processes {text:?} of {:?}", self.processes()),
        );
        found
    }

    /// Waits for the keeper; its process id.
    pub fn wait_for_keeper(&self) -> u32 {
        self.wait_for_one("archi-keeper")
    }

    /// Waits for a process of this name; its process id.
    pub fn wait_for_one(&self, name: &str) -> u32 {
        let mut found = None;
        until(name, || {
            found = self.named(name).first().copied();
            found.is_some()
        });
        found.unwrap()
    }

    /// The process of rank 0: the keeper's first child.
    pub fn first_rank(&self, keeper: u32) -> u32 {
        let is_child = |pid: &u32| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let rest = stat.rsplit(") ").next().unwrap_or_default();
            rest.split(' ').nth(1) == Some(&keeper.to_string())
        };
        self.processes().into_iter().map(|(pid, _, _)| pid).filter(is_child).min().expect("rank 0 runs")
    }

    /// Waits for the end of a launcher that is expected to fail.
    pub fn expect_failure(&self, child: &mut Child) {
        let mut status = None;
        until("the launcher's end", || {
            status = child.try_wait().unwrap();
            status.is_some()
        });
        assert!(!status.unwrap().success());
    }

    /// Waits until no process of this run is left.
    pub fn expect_nothing_left(&self) {
        until_or(|| self.processes().is_empty(), || format!("the end of {:?}", self.processes()));
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        kill_marked(&self.marker);
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// All living processes with this marker: process id, name, command line.
fn marked(marker: &str) -> Vec<(u32, String, String)> {
    let marker = format!("{MARKER}={marker}");
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // A zombie has no environment any more: it holds nothing and is not counted.
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment.split(|byte| *byte == 0).any(|variable| variable == marker.as_bytes()) {
            let read = |name| std::fs::read_to_string(entry.path().join(name)).unwrap_or_default();
            found.push((pid, read("comm").trim().to_owned(), read("cmdline").replace('\0', " ")));
        }
    }
    found
}

fn kill_marked(marker: &str) {
    for (pid, _, _) in marked(marker) {
        let _ = os::signal::send(pid, os::signal::SIGKILL);
    }
}

impl Outcome {
    pub(crate) fn of(output: Output) -> Outcome {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Outcome { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// The lines of standard output, sorted: processes write in any order.
    pub fn lines(&self) -> Vec<&str> {
        let mut lines: Vec<&str> = self.stdout.lines().collect();
        lines.sort_unstable();
        lines
    }

    /// Standard error is one line of the launcher that says all of this.
    #[track_caller]
    pub fn expect_one_line(&self, words: &[&str]) {
        let lines: Vec<&str> = self.stderr.lines().collect();
        assert_eq!(lines.len(), 1, "{self:?}");
        for word in words {
            assert!(lines[0].contains(word), "{word:?} is not in {self:?}");
        }
    }
}

/// Waits until something holds.
pub fn until(what: &str, holds: impl FnMut() -> bool) {
    until_or(holds, || what.to_owned());
}

/// Waits until something holds; `what` says at the end what was waited for.
pub fn until_or(mut holds: impl FnMut() -> bool, what: impl Fn() -> String) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < HOPELESS, "waited for {}", what());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The example program that claims its rank.
pub fn claimant() -> String {
    example("claimant")
}

/// An example program of this crate.
pub fn example(name: &str) -> String {
    let file = PathBuf::from(env!("CARGO_BIN_EXE_archi")).with_file_name("examples").join(name);
    assert!(file.exists(), "`cargo test` without `--test` builds the examples: {}", file.display());
    file.into_os_string().into_string().unwrap()
}

/// Whether a program is in the search path.
pub fn is_installed(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).exists()))
}
