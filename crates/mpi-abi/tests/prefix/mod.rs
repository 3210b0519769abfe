//! A prefix as `cargo xtask install` lays it out, of what this test run has built; and programs that are compiled and run in it.
#![allow(dead_code, reason = "each test file uses some of it")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The prefix, with `bin`, `include` and `lib`.
pub fn prefix() -> &'static Path {
    static PREFIX: OnceLock<PathBuf> = OnceLock::new();
    PREFIX.get_or_init(|| {
        let test = std::env::current_exe().expect("a running program has a path");
        let profile = test.ancestors().nth(2).expect("tests lie in target/PROFILE/deps").to_owned();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "-p", "archipelago-cli", "-p", "archipelago-mpi-abi"]);
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        cargo.env("CARGO_TARGET_DIR", profile.parent().expect("a profile lies in a folder"));
        assert!(cargo.status().expect("cargo runs").success(), "the programs and the library don't build");
        let runs = Path::new(env!("CARGO_TARGET_TMPDIR"));
        remove_old(runs);
        let prefix = runs.join(format!("prefix-{}", std::process::id()));
        let header = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/mpi-abi/include/mpi.h");
        place(&header, &prefix.join("include/mpi.h"));
        for program in ["archi", "mpiexec", "mpicc", "mpicxx"] {
            place(&profile.join(program), &prefix.join("bin").join(program));
        }
        place(&profile.join("libmpi_abi.so"), &prefix.join("lib/libmpi_abi.so.1"));
        std::os::unix::fs::symlink("libmpi_abi.so.1", prefix.join("lib/libmpi_abi.so"))
            .expect("a link can be made");
        prefix
    })
}

/// Removes the prefixes of test runs that have ended.
fn remove_old(place: &Path) {
    for entry in std::fs::read_dir(place).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let run = name
            .to_str()
            .and_then(|name| name.strip_prefix("prefix-"))
            .filter(|run| run.parse::<u32>().is_ok());
        if run.is_some_and(|run| !Path::new("/proc").join(run).exists() && Path::new("/proc/self").exists()) {
            // Another run may be removing it too.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

fn place(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.parent().expect("it lies in a folder")).expect("a folder can be made");
    let _ = std::fs::remove_file(to);
    std::fs::copy(from, to).unwrap_or_else(|error| panic!("{} to {}: {error}", from.display(), to.display()));
}

/// What somebody types, run in a folder of this test run with the prefix's programs first in the search path. Its standard output.
pub fn typed(line: &str, folder: &Path) -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    shell.args(["-ec", line]).current_dir(folder).stdin(Stdio::null());
    let output = shell
        .env("PATH", format!("{}:{path}", prefix().join("bin").display()))
        .output()
        .expect("the shell runs");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{line}\n{stdout}\n{}", String::from_utf8_lossy(&output.stderr));
    stdout
}

/// Compiles a program of `tests/c` with a wrapper of the prefix; returns where it is.
pub fn compile(source: &str, options: &[&str]) -> PathBuf {
    compile_in("tests/c", source, options)
}

/// Compiles a program of a folder of the crate with a wrapper of the prefix; returns where it is.
pub fn compile_in(folder: &str, source: &str, options: &[&str]) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(source);
    let wrapper = if source.ends_with(".c") { "mpicc" } else { "mpicxx" };
    // Tests run at once, and may compile one source in different ways.
    static COMPILED: AtomicUsize = AtomicUsize::new(0);
    let number = COMPILED.fetch_add(1, Ordering::Relaxed);
    let program = prefix().join(format!("{}-{number}", source.replace('.', "-")));
    let mut compiler = Command::new(prefix().join("bin").join(wrapper));
    compiler.args(["-Wall", "-Wextra", "-Werror"]).arg(path).args(options).arg("-o").arg(&program);
    let output = compiler.output().expect("the wrapper runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    program
}

/// A program on so many ranks, ready to be run.
pub fn launch(program: &Path, ranks: usize) -> Command {
    let mut launcher = Command::new(prefix().join("bin/archi"));
    launcher.args(["run", "-n", &ranks.to_string()]).arg(program).stdin(Stdio::null());
    launcher
}

/// Runs a program on so many ranks to its end.
pub fn run(program: &Path, ranks: usize) -> Output {
    launch(program, ranks).output().expect("the launcher runs")
}

/// Runs a program that must end well; returns what it printed.
pub fn succeeds(program: &Path, ranks: usize) -> String {
    let output = run(program, ranks);
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(
        output.status.success(),
        "{} on {ranks} ranks: {}\n{stdout}\n{stderr}",
        program.display(),
        output.status
    );
    stdout.into_owned()
}
