//! Every chore of the project is a verb here: `cargo xtask VERB`. A newcomer needs no other knowledge.

mod bench;
mod conformance;
mod demo;
mod doc;
mod fuzz;
mod generate;
// What makes the header of the C door of its tables; cargo makes the rest with it.
#[path = "../../crates/mpi-abi/build/header.rs"]
mod header;
mod install;
mod loom;
// The rule of the command line itself; the crate that it is in takes long to build.
#[path = "../../crates/cli/src/nearest.rs"]
mod nearest;
mod progress;
mod score;
mod setup;
mod shell;
mod soak;
// The tables of the C door.
#[path = "../../crates/mpi-abi/build/table.rs"]
mod table;
mod tally;
mod test;
mod tidy;

use shell::{Failure, Outcome};
use std::process::ExitCode;

/// One chore: what is typed, what `cargo xtask` says about it, what it does.
struct Verb {
    name: &'static str,
    arguments: &'static str,
    summary: &'static str,
    run: fn(&[String]) -> Outcome,
}

const VERBS: &[Verb] = &[
    Verb {
        name: "demo",
        arguments: "",
        summary: "build in release mode and multiply real matrices on 4 processes, verified",
        run: demo::run,
    },
    Verb {
        name: "test",
        arguments: "",
        summary: "every test: format, clippy, tidy, links of the docs, unit, integration, doc tests, loom models",
        run: test::run,
    },
    Verb {
        name: "bench",
        arguments: "[--runs N] [--quick] [--limits]",
        summary: "ours beside the bare limits, as ratios; writes docs/performance.md",
        run: bench::run,
    },
    Verb {
        name: "conformance",
        arguments: "[transports | mpi4py | hpcc | hydra] [...]",
        summary: "what others define: the suite of the transports, and real MPI programs with their own tests",
        run: conformance::run,
    },
    Verb {
        name: "score",
        arguments: "[WORD]",
        summary: "small programs, right and wrong: how well hangs and faults are found",
        run: score::run,
    },
    Verb {
        name: "tidy",
        arguments: "",
        summary: "rules of the house that no compiler checks",
        run: tidy::run,
    },
    Verb {
        name: "loom",
        arguments: "[--long]",
        summary: "models of every lock-free structure, all interleavings",
        run: loom::run,
    },
    Verb {
        name: "fuzz",
        arguments: "[TARGET] [--seconds N]",
        summary: "fuzz every parser of outside bytes (needs cargo-fuzz and a nightly toolchain)",
        run: fuzz::run,
    },
    Verb {
        name: "soak",
        arguments: "[--rounds N]",
        summary: "the long forms: many more cases and seeds, long loom models",
        run: soak::run,
    },
    Verb {
        name: "generate",
        arguments: "",
        summary: "write what is made of the tables of the C door: mpi.h, docs/mpi-functions.md",
        run: generate::run,
    },
    Verb {
        name: "install",
        arguments: "--prefix DIR",
        summary: "build in release mode and install archi, mpiexec, mpicc, mpi.h and libmpi_abi.so.1 under DIR",
        run: install::run,
    },
    Verb {
        name: "doc",
        arguments: "[--open]",
        summary: "the documentation of all crates, warnings denied",
        run: doc::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Outcome {
    match arguments.split_first() {
        None => {
            print!("{}", overview());
            Ok(())
        }
        Some((word, _)) if ["help", "-h", "--help"].contains(&word.as_str()) => {
            print!("{}", overview());
            Ok(())
        }
        Some((word, rest)) => match VERBS.iter().find(|verb| verb.name == word) {
            Some(verb) if rest.iter().any(|word| ["-h", "--help"].contains(&word.as_str())) => {
                println!("{}", usage(verb));
                Ok(())
            }
            Some(verb) => (verb.run)(rest),
            None => Err(unknown(word)),
        },
    }
}

fn overview() -> String {
    let mut text = String::from("usage: cargo xtask VERB\n\n");
    let call = |verb: &Verb| format!("{} {}", verb.name, verb.arguments);
    let width = VERBS.iter().map(|verb| call(verb).len()).max().unwrap_or(0);
    for verb in VERBS {
        text.push_str(&format!("  {:width$}  {}\n", call(verb), verb.summary));
    }
    text
}

fn usage(verb: &Verb) -> String {
    let call = format!("{} {}", verb.name, verb.arguments);
    format!("usage: cargo xtask {}\n\n  {}", call.trim_end(), verb.summary)
}

fn unknown(word: &str) -> Failure {
    let names = VERBS.iter().map(|verb| verb.name);
    match nearest::nearest(word, names) {
        Some((name, true)) => Failure::new(format!("no verb `{word}`; did you mean `{name}`?")),
        _ => Failure::new(format!("no verb `{word}`; `cargo xtask help` lists them")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_verb_names_the_nearest_one() {
        let check = |word: &str, expected: &str| assert_eq!(unknown(word).to_string(), expected);
        check("tset", "no verb `tset`; did you mean `test`?");
        check("dmeo", "no verb `dmeo`; did you mean `demo`?");
        check("conform", "no verb `conform`; did you mean `conformance`?");
        check("zzzzzzz", "no verb `zzzzzzz`; `cargo xtask help` lists them");
    }

    #[test]
    fn a_verb_that_is_asked_for_help_explains_itself_and_does_nothing() {
        for verb in VERBS {
            assert!(usage(verb).contains(verb.summary));
            assert!(dispatch(&[verb.name.into(), "--help".into()]).is_ok());
        }
        let install = VERBS.iter().find(|verb| verb.name == "install").map(usage).unwrap();
        assert!(install.starts_with("usage: cargo xtask install --prefix DIR\n"), "{install}");
    }

    #[test]
    fn the_overview_lists_every_verb() {
        let text = overview();
        assert!(VERBS.iter().all(|verb| text.contains(verb.summary)));
    }
}
