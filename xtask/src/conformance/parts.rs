//! The parts of `cargo xtask conformance`, and which of them run.

use super::ground::{Build, Ground};
use super::{differential, hpcc, hydra, mpi4py, suites, textbook};
use crate::shell::{Failure, Outcome, announce};
use crate::tally::Tally;

/// A part that can be run alone.
struct Part {
    name: &'static str,
    arguments: &'static str,
    summary: &'static str,
    run: fn(&[String]) -> Outcome,
    short: Option<Short>,
}

/// What a part does as one of many tests: seconds, once its set-up is there.
struct Short {
    /// What has to come over a network.
    fetch: fn(&Ground) -> Outcome,
    run: fn(&Ground) -> Outcome,
}

const PARTS: &[Part] = &[
    Part {
        name: "transports",
        arguments: "[FILTER]",
        summary: "the suite that every transport must pass",
        run: suites::transports,
        // These are tests of cargo's.
        short: None,
    },
    Part {
        name: "matmul",
        arguments: "[--ranks 1,2,3,4] [--under mpich]",
        summary: "the textbook's matrix multiplication in C: the product that ours in Rust has",
        run: textbook::run,
        short: Some(Short { fetch: textbook::fetch, run: textbook::short }),
    },
    Part {
        name: "manners",
        arguments: "[FILTER]",
        summary: "the manners of a library in another's process: fork, exec, dlopen, throw, longjmp, gdb, valgrind",
        run: suites::manners,
        // These are tests of cargo's.
        short: None,
    },
    Part {
        name: "mpi",
        arguments: "[--only NAME] [--short]",
        summary: "the same C programs under our library and under MPICH's: identical output",
        run: differential::run,
        short: Some(Short { fetch: differential::fetch, run: differential::short }),
    },
    Part {
        name: "mpi4py",
        arguments: "[--ranks 1,2,3,4,5] [--only REGEX] [--under mpich] [--limit SECONDS] [--extras]",
        summary: "mpi4py's own tests, built with our mpicc",
        run: mpi4py::run,
        short: Some(Short { fetch: mpi4py::fetch, run: mpi4py::short }),
    },
    Part {
        name: "hpcc",
        arguments: "[--ranks 4] [--under mpich]",
        summary: "the HPC Challenge, Linpack among it, as Debian has its source",
        run: hpcc::run,
        short: Some(Short { fetch: hpcc::fetch, run: hpcc::short }),
    },
    Part {
        name: "hydra",
        arguments: "[--ranks 1,2,4,7]",
        summary: "programs of ours under MPICH's launcher",
        run: hydra::run,
        // As the transports'.
        short: None,
    },
];

/// Runs one part, or all of them.
pub fn run(arguments: &[String]) -> Outcome {
    let Some((name, rest)) = arguments.split_first() else {
        return all();
    };
    match PARTS.iter().find(|part| part.name == name) {
        Some(part) => (part.run)(rest),
        None => {
            let lines: Vec<String> = PARTS
                .iter()
                .map(|part| format!("  {:<44} {}", format!("{} {}", part.name, part.arguments), part.summary))
                .collect();
            Err(Failure::new(format!("no part is called `{name}`; there are\n{}", lines.join("\n"))))
        }
    }
}

/// Runs the short forms, with what was built for development. What has to be fetched first and can't be is said and left out.
pub fn short() -> Tally {
    let ground = match Ground::ready(Build::Development) {
        Ok(ground) => ground,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            return Tally::of_check(false);
        }
    };
    let mut total = Tally::default();
    for (part, short) in PARTS.iter().filter_map(|part| Some((part, part.short.as_ref()?))) {
        announce(&format!("{}, short form: {}", part.name, part.summary));
        if let Err(failure) = (short.fetch)(&ground) {
            println!(
                "   {}: LEFT OUT, since it can't be fetched here (is there a network?): {failure}",
                part.name
            );
            continue;
        }
        let outcome = (short.run)(&ground);
        if let Err(failure) = &outcome {
            eprintln!("xtask: {}: {failure}", part.name);
        }
        total += Tally::of_check(outcome.is_ok());
    }
    total
}

/// Runs all parts, also after one has failed.
fn all() -> Outcome {
    let mut broken = Vec::new();
    for part in PARTS {
        announce(&format!("{}: {}", part.name, part.summary));
        if let Err(failure) = (part.run)(&[]) {
            eprintln!("xtask: {}: {failure}", part.name);
            broken.push(part.name);
        }
    }
    if broken.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(format!("not conforming: {}", broken.join(", "))))
    }
}
