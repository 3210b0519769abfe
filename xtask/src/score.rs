//! `cargo xtask score`: how well hangs and faults of programs are found.

use crate::shell::{Failure, Outcome, cargo};

/// Runs the scored programs, all or those whose class or name has the word, and prints how they were judged.
pub fn run(arguments: &[String]) -> Outcome {
    if arguments.len() > 1 {
        return Err(Failure::new("score takes one word at most"));
    }
    match judge(arguments) {
        true => Ok(()),
        false => Err(Failure::new("a program was judged wrongly")),
    }
}

fn judge(arguments: &[String]) -> bool {
    let ran = |command: &mut std::process::Command| command.status().is_ok_and(|status| status.success());
    ran(&mut cargo(&[
        "build",
        "--quiet",
        "--package",
        "archipelago-cli",
        "--package",
        "system-tests",
        "--bins",
    ])) && ran(cargo(&["run", "--quiet", "--package", "system-tests", "--bin", "scored", "--", "score"])
        .args(arguments))
}
