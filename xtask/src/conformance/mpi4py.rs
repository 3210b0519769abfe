//! mpi4py's own tests, on our library: the de-facto conformance test of an MPI.

use super::ground::{Ground, Under, cannot, numbers};
use crate::progress::progress;
use crate::shell::{Failure, Outcome, announce, execute, only, option};

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SOURCE: &str = "mpi4py==4.1.2";

/// What builds it, and what its tests use when it is there.
const PACKAGES: &[&str] =
    &["setuptools>=70.1", "wheel", "cython>=3.0.1", "numpy<3", "cffi", "dill", "pyyaml"];

/// Whole modules that need windows, files or dynamic processes.
const LATER_MODULES: &str = r"^test_(rma|rma_nb|win|file|io|spawn|dynproc)\.py$";

/// Tests of other modules that need them.
const LATER: &[&str] = &[
    "test_attributes.TestWinAttr.*",
    "test_errhandler.TestErrhandlerWin.*",
    "test_errhandler.TestErrhandlerFile.*",
    "test_exceptions.TestExcWin*",
    "test_handle.TestHandleWin.*",
    "test_handle.TestHandleFile.*",
    "test_subclass.TestMyWin.*",
    "test_subclass.TestMyFile.*",
    "test_msgspec.TestMessageRMA.*",
    "test_util_sync.TestSequential*",
    "test_util_sync.TestCounter*",
    "test_util_sync.TestMutex*",
    "test_util_sync.TestCondition*",
    "test_util_sync.TestSemaphore*",
];

pub fn run(arguments: &[String]) -> Outcome {
    only(arguments, &["--ranks", "--only", "--under"])?;
    let ranks = numbers("--ranks", option(arguments, "--ranks")?.unwrap_or("1,2,3,4,5"))?;
    let under = Under::named(option(arguments, "--under")?)?;
    let include = option(arguments, "--only")?;
    let ground = Ground::ready()?;
    let source = built(&ground)?;
    println!("library: {}", ground.library(under)?);
    let mut reports = Vec::new();
    for &size in &ranks {
        announce(&format!("mpi4py's tests on {size} ranks"));
        reports.push((size, suite(&ground, under, &source, size, include)?));
    }
    println!("\n{}", table(&reports));
    match reports.iter().all(|(_, report)| report.green()) {
        true => Ok(()),
        false => Err(Failure::new(format!("not all tests pass; what they wrote is in {}", source.display()))),
    }
}

/// mpi4py's source, unpacked, and the package built from it with our compiler driver and installed.
fn built(ground: &Ground) -> Result<PathBuf, Failure> {
    ground.packages(PACKAGES)?;
    let folder = ground.folder("mpi4py")?;
    let (name, version) = SOURCE.split_once("==").unwrap_or((SOURCE, ""));
    let source = folder.join(format!("{name}-{version}"));
    let done = folder.join("installed");
    if done.exists() {
        return Ok(source);
    }
    announce(&format!("set-up: {SOURCE} from its source, with our mpicc (some minutes)"));
    let pip = |arguments: &[&str]| {
        let mut command = Command::new(ground.python());
        command
            .args(["-m", "pip", "--quiet"])
            .args(arguments)
            .env("MPICC", ground.mpicc())
            .current_dir(&folder);
        command
    };
    let archive = format!("{name}-{version}.tar.gz");
    if !folder.join(&archive).exists() {
        execute(&mut pip(&[
            "download",
            "--no-binary",
            ":all:",
            "--no-deps",
            "--no-build-isolation",
            SOURCE,
        ]))?;
    }
    execute(Command::new("tar").args(["-xzf", &archive]).current_dir(&folder))?;
    execute(&mut pip(&[
        "install",
        "--no-build-isolation",
        "--force-reinstall",
        "--no-deps",
        &format!("./{archive}"),
    ]))?;
    fs::write(&done, SOURCE).map_err(|error| cannot("write", &done, &error))?;
    Ok(source)
}

/// What one run of the tests said.
#[derive(Default, Debug, PartialEq)]
struct Report {
    ran: usize,
    failed: Vec<String>,
    /// How often each reason for a skip was given.
    skipped: BTreeMap<String, usize>,
    /// Whether all ranks ended well.
    ended_well: bool,
    took: Duration,
}

impl Report {
    fn green(&self) -> bool {
        self.ended_well && self.ran > 0 && self.failed.is_empty()
    }

    /// Takes in one line of what the first rank wrote; true if a test was finished.
    fn read(&mut self, line: &str) -> bool {
        if let Some(rest) = line.strip_prefix("Ran ")
            && let Some(number) = rest.split(' ').next().and_then(|word| word.parse().ok())
        {
            self.ran = number;
        }
        for heading in ["ERROR: ", "FAIL: "] {
            if let Some(name) = line.strip_prefix(heading) {
                self.failed.push(name.to_owned());
            }
        }
        if let Some((_, reason)) = line.split_once("... skipped ") {
            *self.skipped.entry(reason.trim_matches(['\'', '"']).to_owned()).or_default() += 1;
        }
        line.contains(" ... ")
    }
}

/// Runs the tests on `size` ranks; what they write goes to a file, which the error names.
fn suite(
    ground: &Ground,
    under: Under,
    source: &Path,
    size: usize,
    include: Option<&str>,
) -> Result<Report, Failure> {
    let mut command = ground.launch(under, size, &ground.python());
    command.args(["test/main.py", "--no-builddir", "-v", "-e", LATER_MODULES]);
    LATER.iter().for_each(|pattern| {
        command.args(["-x", pattern]);
    });
    if let Some(include) = include {
        command.args(["-i", include]);
    }
    command.env("MPI4PY_TEST_SPAWN", "0").current_dir(source);
    let path = source.join(format!("{size}-ranks.txt"));
    let log = fs::File::create(&path).map_err(|error| cannot("write", &path, &error))?;
    let start = Instant::now();
    // The tests' reporter writes to the error output of every rank: the file takes it all, and is read as it grows.
    let mut child = command
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(|error| cannot("write", &path, &error))?)
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| Failure::new(format!("cannot start mpiexec: {error}")))?;
    let mut report = Report::default();
    let mut seen = 0;
    if let Some(errors) = child.stderr.take() {
        for line in BufReader::new(errors).split(b'\n').map_while(Result::ok) {
            (&log)
                .write_all(&line)
                .and_then(|()| (&log).write_all(b"\n"))
                .map_err(|error| cannot("write", &path, &error))?;
            if report.read(&String::from_utf8_lossy(&line)) {
                seen += 1;
                progress(&format!("{size} ranks: {seen} tests"));
            }
        }
    }
    progress("");
    report.ended_well = child.wait().is_ok_and(|status| status.success());
    report.took = start.elapsed();
    report.failed.iter().for_each(|name| println!("   not passed: {name}"));
    Ok(report)
}

/// The reports side by side, and the reasons of the skips.
fn table(reports: &[(usize, Report)]) -> String {
    let mut text = String::from("ranks   tests  failures  skipped   seconds\n");
    for (size, report) in reports {
        let skipped: usize = report.skipped.values().sum();
        let ended = if report.ended_well { "" } else { "  (a rank did not end well)" };
        let seconds = report.took.as_secs_f64();
        text += &format!(
            "{size:>5}  {:>6}  {:>8}  {skipped:>7}  {seconds:>8.1}{ended}\n",
            report.ran,
            report.failed.len()
        );
    }
    let reasons: std::collections::BTreeSet<&String> =
        reports.iter().flat_map(|(_, report)| report.skipped.keys()).collect();
    if !reasons.is_empty() {
        text += "\nskipped, on so many ranks, because of\n";
        for reason in reasons {
            let counts: Vec<String> = reports
                .iter()
                .filter_map(|(size, report)| {
                    report.skipped.get(reason).map(|count| format!("{size}: {count}"))
                })
                .collect();
            text += &format!("  {reason:<28} {}\n", counts.join(", "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_tests_write_is_understood() {
        let mut report = Report::default();
        let lines = [
            "testA (test_x.TestY.testA) ... ok",
            "testB (test_x.TestY.testB) ... skipped 'mpi-spawn'",
            "testC (test_x.TestY.testC) ... skipped 'mpi-spawn'",
            "FAIL: testD (test_x.TestY.testD)",
            "ERROR: setUpClass (test_x.TestZ)",
            "Ran 1840 tests in 20.604s",
            "FAILED (failures=1, errors=1, skipped=2)",
        ];
        let finished = lines.iter().filter(|line| report.read(line)).count();
        assert_eq!(finished, 3);
        assert_eq!((report.ran, report.failed.len()), (1840, 2));
        assert_eq!(report.skipped.get("mpi-spawn"), Some(&2));
        report.ended_well = true;
        assert!(!report.green());
        report.failed.clear();
        assert!(report.green());
        assert!(table(&[(2, report)]).contains("mpi-spawn                    2: 2"));
    }
}
