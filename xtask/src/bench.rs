//! `cargo xtask bench`: ours beside the bare limits.

use crate::setup;
use crate::shell::{Outcome, announce, cargo, execute, only};

pub fn run(arguments: &[String]) -> Outcome {
    only(arguments, &["--runs", "--quick", "--limits"])?;
    setup::for_builds()?;
    announce("building in release mode");
    execute(&mut cargo(&["build", "--release", "--package", "archipelago-cli", "--package", "bench"]))
}
