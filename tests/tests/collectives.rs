//! Collectives between processes, over both transports, for numbers of ranks that algorithms treat differently.

use std::process::Command;

use system_tests::{Ran, archi};

const PROGRAM: &str = env!("CARGO_BIN_EXE_collectives");
const VIEWS: &str = env!("CARGO_BIN_EXE_views");

/// All ranks say this.
fn check(ranks: usize, transport: &str, arguments: &[&str], said: &str) {
    check_on(1, ranks, transport, PROGRAM, arguments, said);
}

/// The same on so many hosts, which are all this one.
fn check_on(hosts: usize, ranks: usize, transport: &str, program: &str, arguments: &[&str], said: &str) {
    let mut command = Command::new(archi());
    command.args(["run", "-n", &ranks.to_string(), "--transport", transport]);
    command.args(["--set", &format!("hosts={hosts}"), program]).args(arguments);
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
fn sixteen_ranks_are_right() {
    for transport in ["shm", "tcp"] {
        check(16, transport, &["few"], "is right");
    }
}

#[test]
fn ranks_on_several_hosts_are_right() {
    for (hosts, ranks, transport) in [(2, 3, "tcp"), (2, 4, "shm"), (3, 7, "shm")] {
        check_on(hosts, ranks, transport, PROGRAM, &[], "is right");
    }
    check_on(4, 16, "shm", PROGRAM, &["few"], "is right");
}

#[test]
fn processes_that_call_different_things_are_told() {
    for transport in ["shm", "tcp"] {
        check(3, transport, &["differ"], "was told");
    }
}

#[test]
fn every_verb_takes_what_layouts_select() {
    for (ranks, transport) in
        [1, 2, 3, 4, 7, 16].into_iter().flat_map(|ranks| [(ranks, "shm"), (ranks, "tcp")])
    {
        check_on(1, ranks, transport, VIEWS, &[], "is right");
    }
}
