//! The HPC Challenge of Debian's source packages, built with our compiler driver: a real C program of some age that verifies its own
//! results (Linpack, matrix transposition, random access, Fourier transforms).

use super::ground::{Build, Ground, Under, cannot, numbers};
use crate::setup;
use crate::shell::{Failure, Outcome, announce, execute, only, option, output};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const MAKEFILE: &str = include_str!("hpcc.make");

/// Order of the Linpack matrix: small, since the question is whether it is right.
const ORDER: usize = 400;

/// What the report must have, and what it must not have.
const WANTED: &[&str] = &[
    "Success=1",
    "1 tests completed and passed residual checks",
    "MPIRandomAccess_Errors=0",
    "MPIRandomAccess_LCG_Errors=0",
    "PTRANS_residual=0",
    "...... PASSED",
];
const UNWANTED: &[&str] = &["...... FAILED", "Failed="];

pub fn run(arguments: &[String]) -> Outcome {
    only(arguments, &["--ranks", "--under"])?;
    let ranks = numbers("--ranks", option(arguments, "--ranks")?.unwrap_or("4"))?;
    let under = Under::named(option(arguments, "--under")?)?;
    let ground = Ground::ready(Build::Release)?;
    fetch(&ground)?;
    if under == Under::Mpich {
        ground.with_mpich()?;
    }
    let program = built(&ground)?;
    println!("library: {}", ground.library(under)?);
    ranks.into_iter().try_for_each(|size| verified(&ground, under, &program, size, ORDER))
}

/// A small matrix on two ranks: seconds.
pub fn short(ground: &Ground) -> Outcome {
    verified(ground, Under::Us, &built(ground)?, 2, ORDER / 4)
}

fn verified(ground: &Ground, under: Under, program: &Path, size: usize, order: usize) -> Outcome {
    announce(&format!("HPC Challenge on {size} ranks"));
    let start = Instant::now();
    let report = challenge(ground, under, program, size, order)?;
    let missing = verdict(&report);
    if !missing.is_empty() {
        return Err(Failure::new(format!("on {size} ranks: {}", missing.join("; "))));
    }
    println!("{size} ranks: all verifications passed, {:.1} s", start.elapsed().as_secs_f64());
    for line in report.lines().filter(|line| line.starts_with("HPL_Tflops") || line.contains("||Ax-b||")) {
        println!("   {line}");
    }
    Ok(())
}

/// The program, built if it isn't there.
fn built(ground: &Ground) -> Result<PathBuf, Failure> {
    let folder = ground.folder("hpcc")?;
    if let Some(source) = unpacked(&folder)
        && source.join("hpcc").exists()
    {
        return Ok(source.join("hpcc"));
    }
    let source =
        unpacked(&folder).ok_or_else(|| Failure::new("the source of hpcc has another name than it had"))?;
    let makefile = source.join("hpl/Make.archi");
    fs::write(&makefile, MAKEFILE).map_err(|error| cannot("write", &makefile, &error))?;
    announce("building hpcc with our mpicc");
    let compiler = format!("CC={}", ground.mpicc().display());
    // Its makefiles build one folder after the other, and print every line of theirs.
    execute(
        Command::new("make").args(["-s", "arch=archi", &compiler]).current_dir(&source).stdout(Stdio::null()),
    )?;
    Ok(source.join("hpcc"))
}

/// The folder that the archive was unpacked to.
fn unpacked(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?;
    entries.flatten().map(|entry| entry.path()).find(|path| path.join("hpl/Make.top").exists())
}

/// Fetches the source as Debian has it, with a list of sources and an index of its own: the system's stay as they are.
pub fn fetch(ground: &Ground) -> Outcome {
    setup::for_c_programs()?;
    let folder = &ground.folder("hpcc")?;
    if unpacked(folder).is_some() {
        return Ok(());
    }
    announce("set-up: the source of hpcc, from Debian");
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let codename =
        release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME=")).unwrap_or("stable");
    let apt = folder.join("apt");
    for inner in ["lists/partial", "cache/archives/partial"] {
        let inner = apt.join(inner);
        fs::create_dir_all(&inner).map_err(|error| cannot("make", &inner, &error))?;
    }
    let list = apt.join("sources.list");
    let key = "/usr/share/keyrings/debian-archive-keyring.gpg";
    fs::write(&list, format!("deb-src [signed-by={key}] http://deb.debian.org/debian {codename} main\n"))
        .map_err(|error| cannot("write", &list, &error))?;
    let at = |name: &str, path: &str| format!("{name}={}", apt.join(path).display());
    let options = [
        at("Dir::Etc::SourceList", "sources.list"),
        "Dir::Etc::SourceParts=/dev/null".to_owned(),
        at("Dir::State::Lists", "lists"),
        at("Dir::Cache", "cache"),
    ];
    let get = |words: &[&str]| {
        let mut command = Command::new("apt-get");
        options.iter().for_each(|option| {
            command.args(["-o", option]);
        });
        command.args(["-q"]).args(words).current_dir(folder);
        command
    };
    execute(get(&["update"]).stdout(Stdio::null()))?;
    // What lies here already, whole or not, apt wouldn't name by its address.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().contains(".orig.tar.") {
            fs::remove_file(entry.path()).map_err(|error| cannot("remove", &entry.path(), &error))?;
        }
    }
    // The archive of the authors is what we build; Debian's own changes are for Debian's own MPI.
    let uris = output(&mut get(&["source", "--print-uris", "hpcc"]))?;
    let archive = uris
        .lines()
        .find(|line| line.contains(".orig.tar."))
        .and_then(|line| line.split('\'').nth(1))
        .ok_or_else(|| Failure::new("Debian has no source archive of hpcc"))?;
    let name = archive.rsplit('/').next().unwrap_or(archive);
    execute(
        Command::new("/usr/lib/apt/apt-helper").args(["download-file", archive, name]).current_dir(folder),
    )?;
    execute(Command::new("tar").args(["-xf", name]).current_dir(folder))
}

/// Runs it and returns its report.
fn challenge(
    ground: &Ground,
    under: Under,
    program: &Path,
    size: usize,
    order: usize,
) -> Result<String, Failure> {
    let folder = ground.folder(&format!("hpcc/run-{size}"))?;
    let report = folder.join("hpccoutf.txt");
    let _ = fs::remove_file(&report);
    let defaults = program.with_file_name("_hpccinf.txt");
    let input = fs::read_to_string(&defaults).map_err(|error| cannot("read", &defaults, &error))?;
    let path = folder.join("hpccinf.txt");
    fs::write(&path, parameters(&input, size, order)).map_err(|error| cannot("write", &path, &error))?;
    execute(ground.launch(under, size, program).current_dir(&folder).stdin(Stdio::null()))?;
    fs::read_to_string(&report).map_err(|error| cannot("read", &report, &error))
}

/// The program's own default input with a matrix of this order and a grid of `size` processes, as square as can be.
fn parameters(defaults: &str, size: usize, order: usize) -> String {
    let rows = (1..=size).filter(|rows| size.is_multiple_of(*rows) && rows * rows <= size).max().unwrap_or(1);
    let line = |line: &str| match line.split_whitespace().nth(1) {
        Some("Ns") => format!("{order} Ns"),
        Some("Ps") => format!("{rows} Ps"),
        Some("Qs") => format!("{} Qs", size / rows),
        _ => line.to_owned(),
    };
    defaults.lines().map(|text| line(text) + "\n").collect()
}

/// What is wrong with a report, one line each.
fn verdict(report: &str) -> Vec<String> {
    let missing =
        WANTED.iter().filter(|text| !report.contains(*text)).map(|text| format!("no line says `{text}`"));
    let failed = report
        .lines()
        .filter(|line| UNWANTED.iter().any(|text| line.contains(text)) && !line.contains("Failed=0"))
        .map(|line| format!("it says `{}`", line.trim()));
    missing.chain(failed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_input_has_a_grid_for_every_number_of_processes() {
        let defaults = "1000         Ns\n2            Ps\n2            Qs\n16.0         threshold\n";
        assert_eq!(parameters(defaults, 6, 400), "400 Ns\n2 Ps\n3 Qs\n16.0         threshold\n");
        assert_eq!(parameters(defaults, 7, 400), "400 Ns\n1 Ps\n7 Qs\n16.0         threshold\n");
    }

    #[test]
    fn a_report_passes_only_as_a_whole() {
        let good: String = WANTED.iter().map(|text| format!("{text}\n")).collect();
        assert!(verdict(&good).is_empty());
        assert_eq!(verdict(&good.replace("Success=1", "Success=0")).len(), 1);
        assert_eq!(verdict(&(good + "||Ax-b|| = 3 ...... FAILED\n")).len(), 1);
        assert_eq!(verdict("").len(), WANTED.len());
    }
}
