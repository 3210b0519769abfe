//! Collectives between processes, over both transports, for numbers of ranks that algorithms treat differently.

use std::process::Command;

use system_tests::{Ran, archi};

const PROGRAM: &str = env!("CARGO_BIN_EXE_collectives");

/// All ranks say this.
fn check(ranks: usize, transport: &str, arguments: &[&str], said: &str) {
    let mut command = Command::new(archi());
    command.args(["run", "-n", &ranks.to_string(), "--transport", transport, PROGRAM]).args(arguments);
    let ran = Ran::of(command).expect_status(0);
    let spoken = ran.output.iter().filter(|line| line.contains(said)).count();
    assert_eq!(spoken, ranks, "{transport}: {:?}", ran.output);
}

#[test]
fn every_algorithm_is_right_over_shared_memory() {
    [1, 2, 3, 4, 7].into_iter().for_each(|ranks| check(ranks, "shm", &[], "is right"));
}

#[test]
fn every_algorithm_is_right_over_sockets() {
    [2, 3, 4, 7].into_iter().for_each(|ranks| check(ranks, "tcp", &[], "is right"));
}

#[test]
fn processes_that_call_different_things_are_told() {
    for transport in ["shm", "tcp"] {
        check(3, transport, &["differ"], "was told");
    }
}
