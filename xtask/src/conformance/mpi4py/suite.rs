//! Fetching and building mpi4py, and running its tests.

use super::super::ground::{Build, Ground, Under, cannot, numbers};
use super::super::run::{End, watched};
use super::report::{Report, table};
use super::{extras, later};
use crate::shell::{Failure, Outcome, announce, execute, only, option};

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const SOURCE: &str = "mpi4py==4.1.2";

/// What builds it, and what its tests use when it is there.
const PACKAGES: &[&str] =
    &["setuptools>=70.1", "wheel", "cython>=3.0.1", "numpy<3", "cffi", "dill", "pyyaml"];

/// After so many seconds a run is ended, unless `--limit` says otherwise: ten times what it takes on a machine with two cores.
const LIMIT_SECONDS: &str = "900";

pub fn run(arguments: &[String]) -> Outcome {
    only(arguments, &["--ranks", "--only", "--under", "--limit", "--extras"])?;
    let ranks = numbers("--ranks", option(arguments, "--ranks")?.unwrap_or("1,2,3,4,5"))?;
    let under = Under::named(option(arguments, "--under")?)?;
    let include = option(arguments, "--only")?;
    let limit = option(arguments, "--limit")?.unwrap_or(LIMIT_SECONDS);
    let limit = limit.parse().map_err(|_| Failure::new(format!("--limit {limit}: no number of seconds")))?;
    let limit = Duration::from_secs(limit);
    let ground = Ground::ready(Build::Release)?;
    fetch(&ground)?;
    if under == Under::Mpich {
        ground.with_mpich()?;
    }
    let source = built(&ground, false)?;
    println!("library: {}", ground.library(under)?);
    println!("{}", later::listed());
    let mut reports = Vec::new();
    if !arguments.iter().any(|argument| argument == "--extras") {
        for &size in &ranks {
            announce(&format!("mpi4py's tests on {size} ranks"));
            reports.push(suite(&ground, under, &source, size, include, limit)?);
        }
        println!("\n{}", table(&reports));
    }
    let rest = if include.is_none() { extras::run(&ground, under, &source, limit) } else { Ok(()) };
    match reports.iter().all(Report::green) {
        true => rest,
        false => Err(Failure::new(format!("not all tests pass; what they wrote is in {}", source.display()))),
    }
}

/// What the short form runs: all but the modules in which the tests' own Python takes most of the time.
const QUICK: &str = r"^test_(?!datatype|util_dtlib|util_pool|pack\b|msgspec|cco_(ngh|pr_ngh))";

/// Nearly all on two ranks: some seconds.
pub fn short(ground: &Ground) -> Outcome {
    let source = built(ground, true)?;
    let limit = Duration::from_secs(300);
    let report = suite(ground, Under::Us, &source, 2, Some(QUICK), limit)?;
    match report.green() {
        true => Ok(()),
        false => Err(Failure::new(format!("not all tests pass; what they wrote is in {}", source.display()))),
    }
}

fn archive() -> String {
    SOURCE.replace("==", "-") + ".tar.gz"
}

/// What has to come over a network.
pub fn fetch(ground: &Ground) -> Outcome {
    ground.packages(PACKAGES)?;
    let folder = ground.folder("mpi4py")?;
    if folder.join(archive()).exists() {
        return Ok(());
    }
    let words = [
        "-m",
        "pip",
        "--quiet",
        "download",
        "--no-binary",
        ":all:",
        "--no-deps",
        "--no-build-isolation",
        SOURCE,
    ];
    execute(Command::new(ground.python()).args(words).env("MPICC", ground.mpicc()).current_dir(&folder))
}

/// mpi4py's source, unpacked, and the package built from it with our compiler driver and installed. For the short form an
/// unoptimised one does, which takes a tenth of the time.
fn built(ground: &Ground, short: bool) -> Result<PathBuf, Failure> {
    let folder = ground.folder("mpi4py")?;
    let source = folder.join(SOURCE.replace("==", "-"));
    let (optimised, unoptimised) = (folder.join("installed"), folder.join("installed-unoptimised"));
    if optimised.exists() || short && unoptimised.exists() {
        return Ok(source);
    }
    let (done, time) = if short { (unoptimised, "half a minute") } else { (optimised, "some minutes") };
    announce(&format!("set-up: {SOURCE} from its source, with our mpicc ({time})"));
    execute(Command::new("tar").args(["-xzf", &archive()]).current_dir(&folder))?;
    let words = ["-m", "pip", "--quiet", "install", "--no-build-isolation", "--force-reinstall", "--no-deps"];
    let mut install = Command::new(ground.python());
    install.args(words).arg(format!("./{}", archive())).env("MPICC", ground.mpicc()).current_dir(&folder);
    if short {
        install.env("CFLAGS", "-O0");
    }
    execute(&mut install)?;
    fs::write(&done, SOURCE).map_err(|error| cannot("write", &done, &error))?;
    Ok(source)
}

/// Runs the tests on `size` ranks; what they write goes to a file, which the error names.
fn suite(
    ground: &Ground,
    under: Under,
    source: &Path,
    size: usize,
    include: Option<&str>,
    limit: Duration,
) -> Result<Report, Failure> {
    let mut command = ground.launch(under, size, &ground.python());
    command.args(["-c", later::MAIN, "--no-builddir", "-v", "-e", later::MODULES]);
    later::TESTS.iter().for_each(|(pattern, _)| {
        command.args(["-x", pattern]);
    });
    if let Some(include) = include {
        command.args(["-i", include]);
    }
    command.env("MPI4PY_TEST_SPAWN", "0").current_dir(source);
    let mut report = Report::new(size);
    let log = source.join(format!("{size}-ranks.txt"));
    let (end, took) = watched(&mut command, &log, limit, |line| {
        report.read(line);
        Some(format!("{size} ranks: {} tests", report.over / size))
    })?;
    (report.end, report.took) = (end, took);
    report.failures().iter().for_each(|line| println!("   {line}"));
    if end == End::TimedOut {
        println!(
            "   not over after {} s, so it was ended; what it wrote is in {}",
            limit.as_secs(),
            log.display()
        );
        report.begun.iter().for_each(|test| println!("   under way at a rank: {test}"));
    }
    Ok(report)
}
