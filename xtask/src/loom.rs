//! `cargo xtask loom`: the models of the lock-free structures, under every interleaving that loom can find.
//!
//! A crate takes part by naming loom under `[target.'cfg(loom)'.dependencies]` (or dev-dependencies); its models are
//! the tests of files `tests/loom*.rs`, and tests of the library with `loom` in their path.

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
    for crate_with_models in crates_with_models(&root().join("crates")) {
        announce(&format!("loom: {}", crate_with_models.package));
        for arguments in crate_with_models.selections() {
            let preemptions = if form == Form::Short { "2" } else { "3" };
            let mut command =
                cargo(&["test", "--quiet", "--release", "--package", &crate_with_models.package]);
            command
                .args(arguments)
                .args(["--", "--format=pretty"])
                .env("RUSTFLAGS", "--cfg loom")
                .env("LOOM_MAX_PREEMPTIONS", preemptions)
                // Models need no link-time optimisation, and other flags must not rebuild the ordinary target folder.
                .env("CARGO_PROFILE_RELEASE_LTO", "off")
                .env("CARGO_TARGET_DIR", target_directory().join("loom"));
            total += tally(&mut command);
        }
    }
    total
}

/// A crate that names loom, and where its models are.
struct Modelled {
    package: String,
    /// Files `tests/loom*.rs`, by name.
    files: Vec<String>,
}

impl Modelled {
    /// What to ask cargo for: tests of the library with `loom` in their path, then each file of models.
    fn selections(&self) -> Vec<Vec<&str>> {
        let mut selections = vec![vec!["--lib", "loom"]];
        selections.extend(self.files.iter().map(|file| vec!["--test", file.as_str()]));
        selections
    }
}

fn crates_with_models(crates: &Path) -> Vec<Modelled> {
    let entries =
        |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<Modelled> = entries(crates)
        .filter_map(|folder| {
            let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).ok()?;
            let line = manifest.lines().find(|line| line.starts_with("name = "))?;
            let mut files: Vec<String> = entries(&folder.join("tests"))
                .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
                .filter(|name| name.starts_with("loom"))
                .collect();
            files.sort();
            manifest.contains("cfg(loom)").then_some(())?;
            Some(Modelled { package: line.split('"').nth(1)?.to_owned(), files })
        })
        .collect();
    found.sort_by(|a, b| a.package.cmp(&b.package));
    found
}
