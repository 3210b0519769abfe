//! `cargo xtask doc`: the documentation of all crates, with broken links as errors.

use crate::shell::{Outcome, announce, cargo, execute, only};

pub fn run(arguments: &[String]) -> Outcome {
    only(arguments, &["--open"])?;
    announce("rustdoc, warnings denied");
    let mut command = cargo(&["doc", "--workspace", "--no-deps", "--exclude", "xtask"]);
    if !arguments.is_empty() {
        command.arg("--open");
    }
    execute(command.env("RUSTDOCFLAGS", "-D warnings"))
}
