//! `cargo xtask demo`: a newcomer's first command.

use crate::setup;
use crate::shell::{Outcome, announce, cargo, execute, only};

pub fn run(arguments: &[String]) -> Outcome {
    only(arguments, &[])?;
    setup::for_builds()?;
    announce("building in release mode");
    execute(&mut cargo(&["build", "--release", "--package", "archipelago-cli", "--package", "matmul"]))
}
