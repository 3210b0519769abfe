//! Programs by which the watchdog and `--check` are scored: right ones and wrong ones, in five classes.
//!
//! `scored list` names them; `scored NAME` is one of them, to be started by `archi run`; `scored score [WORD]` runs all (whose
//! names have the word) and prints how many were judged rightly.

mod buffers;
mod deadlocks;
mod leaks;
mod mismatches;
mod program;
mod races;
mod score;

use program::{Outcome, Program, Run};
use std::process::ExitCode;

/// All programs.
fn all() -> Vec<&'static Program> {
    let classes =
        [deadlocks::PROGRAMS, mismatches::PROGRAMS, leaks::PROGRAMS, races::PROGRAMS, buffers::PROGRAMS];
    classes.into_iter().flatten().collect()
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("list") => {
            for program in all() {
                println!("{:10} {:2} ranks  {}", program.class.name(), program.ranks, program.name);
            }
            ExitCode::SUCCESS
        }
        Some("score") => score::run(&all(), arguments.get(1).map(String::as_str)),
        Some(name) => match all().iter().find(|program| program.name == name) {
            Some(program) => run(program),
            None => panic!("scored: no program `{name}`"),
        },
        None => panic!("scored: list, score, or the name of a program"),
    }
}

/// Runs a program as a rank, as programs do: what goes wrong is said and is the status.
fn run(program: &Program) -> ExitCode {
    let outcome = match program.run {
        Run::Typed(body) => typed(body, program.name),
        Run::Raw(body) => raw(body),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Some end by leaving, some together with the others.
fn typed(body: fn(&archipelago::Comm) -> Outcome, name: &str) -> Result<(), String> {
    let run = || {
        let world = archipelago::init()?;
        body(&world)?;
        if name.len().is_multiple_of(2) { world.finalize() } else { Ok(()) }
    };
    run().map_err(|error| error.to_string())
}

fn raw(body: fn(&runtime::Comm) -> Result<(), engine::Error>) -> Result<(), String> {
    let process = runtime::join().map_err(|error| error.to_string())?;
    body(&process.world()).and_then(|()| process.finalize()).map_err(|error| error.to_string())
}
