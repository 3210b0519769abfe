//! `cargo xtask bench`: ours beside the bare limits.

use crate::setup;
use crate::shell::{Outcome, announce, cargo, execute, only, option, root, target_directory};
use std::process::Command;

/// Builds, measures, writes docs/performance.md and `bench.json` in the target folder.
///
/// `--quick` takes everything once and leaves the page alone; `--limits` takes the bare limits alone.
pub fn run(arguments: &[String]) -> Outcome {
    only(arguments, &["--runs", "--quick", "--limits"])?;
    let given = |name: &str| arguments.iter().any(|argument| argument == name);
    let runs = if given("--quick") { "1" } else { option(arguments, "--runs")?.unwrap_or("5") };
    setup::for_builds()?;
    announce("building in release mode");
    execute(&mut cargo(&["build", "--release", "--package", "archipelago-cli", "--package", "bench"]))?;
    let release = target_directory().join("release");
    let figures = target_directory().join("bench.json");
    announce(&format!("{runs} runs, ours and the bare limits in turn"));
    let mut command = Command::new(release.join("bench"));
    command
        .args(["compare", "--runs", runs, "--archi"])
        .arg(release.join("archi"))
        .arg("--json")
        .arg(&figures);
    if !given("--quick") {
        command.arg("--page").arg(root().join("docs/performance.md"));
    }
    if given("--limits") {
        command.arg("--limits");
    }
    let measured = execute(&mut command);
    println!("figures: {}", figures.display());
    measured
}
