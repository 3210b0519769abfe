//! `cargo xtask test`: everything that must hold before a change is merged, in one command.

use crate::shell::{Failure, Outcome, announce, cargo, only, works};
use crate::tally::{Tally, tally};
use crate::{conformance, doc, loom, setup, tidy};
use std::time::Instant;

/// One part of the whole, and what it counted.
type Part = (&'static str, fn() -> Tally);

const PARTS: &[Part] = &[
    ("formatting", formatting),
    ("clippy, warnings denied", clippy),
    ("tidy", tidied),
    ("documentation, broken links denied", documentation),
    ("unit, integration and doc tests", tests),
    ("loom models, short form", models),
    ("real MPI programs, short form", conformance::short),
];

/// Runs all parts, also after one has failed, and ends with a line `N passed, N failed`.
pub fn run(arguments: &[String]) -> Outcome {
    only(arguments, &[])?;
    setup::for_tests()?;
    let start = Instant::now();
    let mut total = Tally::default();
    let mut broken = Vec::new();
    for (number, (name, part)) in PARTS.iter().enumerate() {
        announce(&format!("[{}/{}] {name}", number + 1, PARTS.len()));
        let started = Instant::now();
        let counted = part();
        total += counted;
        let seconds = started.elapsed().as_secs_f64();
        println!("   {name}: {} passed, {} failed ({seconds:.0} s)", counted.passed, counted.failed);
        if counted.ignored > 0 {
            println!("   {} ignored: nothing may be ignored", counted.ignored);
        }
        if !counted.green() {
            broken.push(*name);
        }
    }
    println!("\n{} s in all", start.elapsed().as_secs());
    println!("{} passed, {} failed", total.passed, total.failed + total.ignored);
    if broken.is_empty() { Ok(()) } else { Err(Failure::new(format!("not green: {}", broken.join(", ")))) }
}

fn formatting() -> Tally {
    Tally::of_check(cargo(&["fmt", "--all", "--check"]).status().is_ok_and(|status| status.success()))
}

fn clippy() -> Tally {
    let mut command = cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]);
    Tally::of_check(command.status().is_ok_and(|status| status.success()))
}

fn tidied() -> Tally {
    match tidy::run(&[]) {
        Ok(()) => Tally::of_check(true),
        Err(failure) => {
            eprintln!("xtask: {failure}");
            Tally::of_check(false)
        }
    }
}

fn documentation() -> Tally {
    Tally::of_check(doc::command().arg("--quiet").status().is_ok_and(|status| status.success()))
}

fn tests() -> Tally {
    // Tests start archi and the apps as a user would: they must be there before the first test looks for them.
    let built =
        cargo(&["build", "--quiet", "--workspace", "--bins"]).status().is_ok_and(|status| status.success());
    if !built {
        return Tally::of_check(false);
    }
    // A test binary at a time, its tests on as many threads as there are cores: cargo's own way. cargo-nextest would
    // start a process per test, which costs more than it wins on two cores, and it runs no doc tests.
    tally(&mut cargo(&["test", "--quiet", "--workspace", "--no-fail-fast", "--", "--format=pretty"]))
}

fn models() -> Tally {
    if !works("rustc", &["--version"]) {
        return Tally::of_check(false);
    }
    loom::check(loom::Form::Short)
}
