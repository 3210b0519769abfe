//! `cargo xtask doc`: the documentation of all crates, with broken links as errors.

use crate::shell::{Outcome, announce, cargo, execute, only};
use std::process::Command;

pub fn run(arguments: &[String]) -> Outcome {
    only(arguments, &["--open"])?;
    announce("rustdoc, warnings denied");
    let mut command = command();
    if !arguments.is_empty() {
        command.arg("--open");
    }
    execute(&mut command)
}

/// What builds it. All broken links are told, not only those of the first crate that has one.
pub fn command() -> Command {
    let mut command = cargo(&["doc", "--workspace", "--no-deps", "--exclude", "xtask", "--keep-going"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    command
}
