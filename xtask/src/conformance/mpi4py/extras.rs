//! What else comes with mpi4py: its benchmarks, and its futures, whose workers are ranks here since nothing is spawned.

use super::super::ground::{Ground, Under};
use super::super::run::{End, watched};
use crate::shell::{Failure, Outcome, announce};
use std::path::Path;
use std::time::Duration;

/// Ranks, words, and what they must write.
const RUNS: &[(usize, &[&str], &str)] = &[
    (3, &["-m", "mpi4py.bench", "helloworld"], "Hello, World! I am process 2 of 3"),
    (3, &["-m", "mpi4py.bench", "ringtest", "--loop", "100", "--size", "64"], "time for 100 loops"),
    (2, &["-m", "mpi4py.bench", "pingpong", "--max-size", "65536", "--loop", "200"], "65536"),
    (2, &["-m", "mpi4py.bench", "pingpong", "--pickle", "--max-size", "4096", "--loop", "200"], "4096"),
    (3, &["-m", "mpi4py.futures", "-m", "mpi4py.bench", "futures", "--num-tasks", "64"], ""),
    (1, &["-m", "mpi4py.futures", "demo/futures/test_futures.py"], "OK"),
    (2, &["-m", "mpi4py.futures", "demo/futures/test_futures.py"], "OK"),
    (3, &["-m", "mpi4py.futures", "demo/futures/run_hello.py"], ""),
    (3, &["-m", "mpi4py.futures", "demo/futures/run_primes.py"], ""),
    (3, &["demo/futures/run_julia.py"], ""),
];

/// Runs all, also after one has failed.
pub fn run(ground: &Ground, under: Under, source: &Path, limit: Duration) -> Outcome {
    announce("mpi4py.bench and mpi4py.futures");
    let mut broken = 0;
    for (at, (size, words, wanted)) in RUNS.iter().enumerate() {
        let log = source.join(format!("extra-{at}.txt"));
        let mut command = ground.launch(under, *size, &ground.python());
        command.args(*words).current_dir(source).env("MPI4PY_TEST_SPAWN", "0");
        let (end, took) = watched(&mut command, &log, limit, |_| None)?;
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let verdict = match end {
            End::Well if text.contains(wanted) => "ok".to_owned(),
            End::Well => format!("it doesn't write `{wanted}`: {}", log.display()),
            End::Badly => format!("it did not end well: {}", log.display()),
            End::TimedOut => format!("ended after {} s: {}", limit.as_secs(), log.display()),
        };
        broken += usize::from(verdict != "ok");
        println!("{size} ranks  {:<60} {:>6.1} s  {verdict}", words.join(" "), took.as_secs_f64());
    }
    match broken {
        0 => Ok(()),
        _ => Err(Failure::new(format!("{broken} of what comes with mpi4py don't work"))),
    }
}
