//! Ours beside the bare limits, each in processes of its own, taken in turn.
//!
//! `bench compare` is what `cargo xtask bench` runs; `bench limit NAME` and `bench ours NAME` are the programs that it
//! starts, which print one figure.

mod compare;
mod limits;
mod measures;
mod ours;
mod page;
mod usage;

use std::process::ExitCode;

const USAGE: &str = "usage: bench compare --archi PROGRAM --page FILE --json FILE [--runs N] [--limits]
       bench limit NAME
       bench ours NAME";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        ["compare", ref options @ ..] => compare::run(options),
        ["limit", name] => {
            limits::run(name).map(|figure| println!("{figure}")).ok_or_else(|| unknown_limit(name))
        }
        ["ours", name] => ours::run(name),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(line) => {
            eprintln!("bench: {line}");
            ExitCode::FAILURE
        }
    }
}

fn unknown_limit(name: &str) -> String {
    let names: Vec<&str> = limits::LIMITS.iter().map(|limit| limit.name).collect();
    format!("no limit `{name}`; there are {}", names.join(", "))
}
