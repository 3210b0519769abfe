//! `cargo xtask loom`: the models of the lock-free structures, under every interleaving that loom can find.
//!
//! A crate takes part by naming loom under `[target.'cfg(loom)'.dependencies]` (or dev-dependencies); its models are
//! tests with `loom` in their path.

use crate::shell::{Failure, Outcome, announce, cargo, only, root, target_directory};
use crate::tally::{Tally, tally};
use std::path::Path;

/// How far a model goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// At most two preemptions in a run: finds nearly all, in seconds.
    Short,
    /// At most three, in minutes.
    Long,
}

pub fn run(arguments: &[String]) -> Outcome {
    only(arguments, &["--long"])?;
    let form = if arguments.is_empty() { Form::Short } else { Form::Long };
    let counted = check(form);
    println!("{} passed, {} failed", counted.passed, counted.failed);
    if counted.green() { Ok(()) } else { Err(Failure::new("a model failed")) }
}

/// Runs the models of every crate that has some.
pub fn check(form: Form) -> Tally {
    let mut total = Tally::default();
    for package in packages_with_models(&root().join("crates")) {
        announce(&format!("loom: {package}"));
        let preemptions = if form == Form::Short { "2" } else { "3" };
        let mut command =
            cargo(&["test", "--quiet", "--release", "--package", &package, "--lib", "--tests", "loom"]);
        command
            .args(["--", "--format=pretty"])
            .env("RUSTFLAGS", "--cfg loom")
            .env("LOOM_MAX_PREEMPTIONS", preemptions)
            // Models need no link-time optimisation, and other flags must not rebuild the ordinary target folder.
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_TARGET_DIR", target_directory().join("loom"));
        total += tally(&mut command);
    }
    total
}

fn packages_with_models(crates: &Path) -> Vec<String> {
    let mut packages: Vec<String> = std::fs::read_dir(crates)
        .into_iter()
        .flatten()
        .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path().join("Cargo.toml")).ok())
        .filter(|manifest| manifest.contains("cfg(loom)"))
        .filter_map(|manifest| {
            let line = manifest.lines().find(|line| line.starts_with("name = "))?;
            Some(line.split('"').nth(1)?.to_owned())
        })
        .collect();
    packages.sort();
    packages
}
