//! Runs all programs under `archi run --check`, many at once, and counts what was said of them.

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use system_tests::said_until;

use crate::program::{Class, Expect, Program};

/// Programs that run at once: most of them sleep most of the time.
const AT_ONCE: usize = 8;

/// The watchdog's time, in seconds. What is waited for, is waited for until it is said: a slow machine only takes longer.
const WATCHDOG: &str = "0.3";

/// A program of which nothing is said for so long is missed. No right one waits for that.
const HOPELESS: Duration = Duration::from_secs(120);

/// The same for one of which it is known.
const KNOWN: Duration = Duration::from_secs(2);

/// Words that blame a program.
const BLAME: [&str; 3] = ["deadlock:", "check:", "Error:"];

/// What was said of a program.
struct Said {
    text: String,
    /// The exit status, if the program has ended by itself.
    status: Option<i32>,
}

/// Runs those whose name or class has the word, and tells whether all were judged as expected.
pub fn run(programs: &[&'static Program], word: Option<&str>) -> ExitCode {
    let is_meant = |program: &&&Program| {
        word.is_none_or(|word| program.name.contains(word) || program.class.name() == word)
    };
    let programs: Vec<&Program> = programs.iter().filter(is_meant).copied().collect();
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                // Relaxed: only uniqueness matters.
                while let Some(program) = programs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let said = one(program);
                    results.lock().unwrap_or_else(PoisonError::into_inner).push((*program, said));
                }
            });
        }
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    let unexpected = results.iter().filter(|(program, said)| !is_as_expected(program, said));
    let mut count = 0;
    for (program, said) in unexpected {
        count += 1;
        println!(
            "{} `{}` (expected {:?}), status {:?}:\n{}",
            program.class.name(),
            program.name,
            program.expect,
            said.status,
            said.text
        );
    }
    table(&results);
    if count == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// How the programs of each class were judged.
fn table(results: &[(&Program, Said)]) {
    println!("class       programs   wrong   found  missed   right  silent  false alarms");
    let mut sums = [0; 7];
    let mut missed = Vec::new();
    for class in Class::ALL {
        let of_class = || results.iter().filter(|(program, _)| program.class == class);
        let is_right = |program: &Program| matches!(program.expect, Expect::Right);
        let wrong: Vec<_> = of_class().filter(|(program, _)| !is_right(program)).collect();
        let right: Vec<_> = of_class().filter(|(program, _)| is_right(program)).collect();
        let found = wrong.iter().filter(|(program, said)| is_found(program, said)).count();
        missed.extend(
            wrong.iter().filter(|(program, said)| !is_found(program, said)).map(|(program, _)| program.name),
        );
        let silent = right.iter().filter(|(_, said)| !is_blamed(said)).count();
        let counts = [
            wrong.len() + right.len(),
            wrong.len(),
            found,
            wrong.len() - found,
            right.len(),
            silent,
            right.len() - silent,
        ];
        row(class.name(), counts);
        sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    row("all", sums);
    missed.iter().for_each(|name| println!("missed: {name}"));
}

fn row(name: &str, counts: [usize; 7]) {
    let [programs, wrong, found, missed, right, silent, alarms] = counts;
    println!("{name:10} {programs:9} {wrong:7} {found:7} {missed:7} {right:7} {silent:7} {alarms:13}");
}

fn is_as_expected(program: &Program, said: &Said) -> bool {
    match program.expect {
        Expect::Right => said.status == Some(0) && !is_blamed(said),
        Expect::Wrong(_) => is_found(program, said),
        // What is found all the same is no fault.
        Expect::Missed => true,
    }
}

fn is_found(program: &Program, said: &Said) -> bool {
    match program.expect {
        Expect::Wrong(words) => words.iter().all(|word| said.text.contains(word)),
        Expect::Right | Expect::Missed => false,
    }
}

fn is_blamed(said: &Said) -> bool {
    BLAME.iter().any(|word| said.text.contains(word))
}

/// Runs a program until everything that is expected was said, or it has ended.
fn one(program: &Program) -> Said {
    let scored: PathBuf = std::env::current_exe().expect("a running program has a path");
    let mut command = Command::new(scored.with_file_name("archi"));
    command
        .args(["run", "-n", &program.ranks.to_string(), "--transport", program.over])
        .args(["--check", "--watchdog", WATCHDOG])
        .arg(&scored)
        .arg(program.name);
    let limit = if matches!(program.expect, Expect::Missed) { KNOWN } else { HOPELESS };
    let is_enough = |said: &str| match program.expect {
        Expect::Wrong(words) => words.iter().all(|word| said.contains(word)),
        Expect::Right => said.contains("deadlock:"),
        Expect::Missed => false,
    };
    let (text, status) = said_until(command, limit, is_enough);
    Said { text, status }
}
