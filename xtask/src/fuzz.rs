//! `cargo xtask fuzz`: a fuzz target for every parser of outside bytes, a while each.

use crate::shell::{Failure, Outcome, announce, execute, only, option, root, target_directory, works};
use std::process::Command;

/// Runs one target, or all, for `--seconds` each (30 unless told).
pub fn run(arguments: &[String]) -> Outcome {
    only(arguments, &["--seconds"])?;
    let seconds = option(arguments, "--seconds")?.unwrap_or("30");
    if seconds.parse::<u32>().is_err() {
        return Err(Failure::new(format!("--seconds: `{seconds}` is not a count")));
    }
    let targets = targets()?;
    let asked = arguments.first().filter(|word| !word.starts_with('-'));
    let chosen: Vec<&String> =
        targets.iter().filter(|target| asked.is_none_or(|name| name == *target)).collect();
    if chosen.is_empty() {
        return Err(Failure::new(format!("no such fuzz target; there are: {}", targets.join(", "))));
    }
    equipped()?;
    for target in chosen {
        announce(&format!("fuzz: {target} for {seconds} s"));
        let limit = format!("-max_total_time={seconds}");
        let mut command = Command::new("cargo");
        command.args(["+nightly", "fuzz", "run", target, "--", &limit, "-rss_limit_mb=2048"]);
        execute(command.current_dir(root()).env("CARGO_TARGET_DIR", target_directory().join("fuzz")))?;
    }
    Ok(())
}

fn targets() -> Result<Vec<String>, Failure> {
    let folder = root().join("fuzz/fuzz_targets");
    let entries =
        std::fs::read_dir(&folder).map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}

/// The fuzzer's instrumentation exists on nightly only, and cargo-fuzz drives it.
fn equipped() -> Outcome {
    if !works("cargo", &["+nightly", "--version"]) {
        return Err(Failure::new("fuzzing needs a nightly toolchain: rustup toolchain install nightly"));
    }
    if !works("cargo", &["+nightly", "fuzz", "--version"]) {
        return Err(Failure::new("fuzzing needs cargo-fuzz: cargo install cargo-fuzz"));
    }
    Ok(())
}
