//! The parts of `cargo xtask conformance`, and which of them run.

use super::{hpcc, hydra, mpi4py, transports};
use crate::shell::{Failure, Outcome, announce};

/// A part that can be run alone.
struct Part {
    name: &'static str,
    arguments: &'static str,
    summary: &'static str,
    run: fn(&[String]) -> Outcome,
}

const PARTS: &[Part] = &[
    Part {
        name: "transports",
        arguments: "[FILTER]",
        summary: "the suite that every transport must pass",
        run: transports::run,
    },
    Part {
        name: "mpi4py",
        arguments: "[--ranks 1,2,3,4,5] [--only REGEX] [--under mpich]",
        summary: "mpi4py's own tests, built with our mpicc",
        run: mpi4py::run,
    },
    Part {
        name: "hpcc",
        arguments: "[--ranks 4] [--under mpich]",
        summary: "the HPC Challenge, Linpack among it, as Debian has its source",
        run: hpcc::run,
    },
    Part {
        name: "hydra",
        arguments: "[--ranks 1,2,4,7]",
        summary: "programs of ours under MPICH's launcher",
        run: hydra::run,
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
