//! Active messages between processes, over both transports.

use std::process::Command;

use system_tests::{Ran, archi};

const PROGRAM: &str = env!("CARGO_BIN_EXE_active");

fn run(ranks: usize, transport: &str, arguments: &[&str]) -> Ran {
    let mut command = Command::new(archi());
    command.args(["run", "-n", &ranks.to_string(), "--transport", transport]).args(arguments);
    Ran::of(command)
}

fn are_right(ranks: usize, transport: &str) {
    let ran = run(ranks, transport, &[PROGRAM]).expect_status(0);
    let right = ran.output.iter().filter(|line| line.contains("is right")).count();
    assert_eq!(right, ranks, "{transport}: {:?}", ran.output);
}

#[test]
fn ranks_on_one_host_are_right() {
    [1, 2, 3, 4, 7, 16].into_iter().for_each(|ranks| are_right(ranks, "shm"));
}

#[test]
fn ranks_over_sockets_are_right() {
    [1, 2, 3, 4, 7, 16].into_iter().for_each(|ranks| are_right(ranks, "tcp"));
}

#[test]
fn nobody_waits_for_one_that_dies() {
    for transport in ["shm", "tcp"] {
        for ranks in [2, 3, 4] {
            let ran = run(ranks, transport, &["--keep-going", PROGRAM, "kill"]);
            assert_ne!(ran.status, 0, "{:?}", ran.output);
            let told = ran.output.iter().filter(|line| line.contains("was told")).count();
            assert_eq!(told, ranks - 1, "{transport}, {ranks} ranks: {:?} {}", ran.output, ran.error);
        }
    }
}

#[test]
fn a_panic_in_a_handler_ends_the_job_with_its_message() {
    for transport in ["shm", "tcp"] {
        let ran = run(3, transport, &[PROGRAM, "panic"]).expect_status(101);
        assert!(ran.error.contains("on purpose"), "{}", ran.error);
        assert!(ran.error.contains("rank 1 panicked in a handler"), "{}", ran.error);
    }
}
