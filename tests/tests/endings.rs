//! How jobs end: each way in which a rank may go while the others wait for it.

use std::process::Command;

use system_tests::{Ran, archi};

const SUBJECT: &str = env!("CARGO_BIN_EXE_subject");

fn end(how: &str, ranks: usize, options: &[&str]) -> Ran {
    let mut command = Command::new(archi());
    command.args(["run", "-n", &ranks.to_string()]).args(options).args([SUBJECT, "end", how]);
    Ran::of(command)
}

/// The status and a part of what is said, over both transports.
fn check(how: &str, status: i32, said: &[&str]) {
    for options in [&[][..], &["--transport", "tcp"]] {
        let ran = end(how, 3, options).expect_status(status);
        for part in said {
            assert!(ran.error.contains(part), "{how} {options:?}: no {part:?} in\n{}", ran.error);
        }
    }
}

#[test]
fn an_error_out_of_main_ends_the_job() {
    check("error", 1, &["rank 99", "rank 1 on", "exited with status 1"]);
}

#[test]
fn a_panic_ends_the_job_with_its_message() {
    check("panic", 101, &["out of luck", "rank 1 on"]);
}

#[test]
fn a_caught_panic_ends_nothing() {
    let ran = end("caught", 3, &[]).expect_status(0);
    assert_eq!(ran.output, ["rank 0 got 5", "rank 2 got 5"]);
}

#[test]
fn abort_from_another_thread_sets_the_status() {
    check("abort", 42, &["rank 1"]);
}

#[test]
fn exit_without_finalising_is_told() {
    check("exit", 1, &["rank 1 on", "without finalising"]);
}

#[test]
fn a_status_is_the_jobs() {
    check("status", 7, &["rank 1 on", "exited with status 7"]);
}

#[test]
fn a_killed_rank_ends_the_job() {
    check("kill", 137, &["rank 1 on", "SIGKILL"]);
}

/// A setting that is none is refused by every rank before it joins, in one line each.
#[test]
fn settings_that_are_none_are_refused() {
    for (setting, said) in [
        ("pool_byte=1000000", "there are pool_bytes and eager_bytes"),
        ("pool_bytes=lots", "it takes a number of bytes"),
        ("pool_bytes=1", "at least 65536 bytes"),
    ] {
        let ran = end("caught", 2, &["--set", setting]).expect_status(1);
        assert!(ran.error.contains(said) && ran.error.contains(setting), "{}", ran.error);
    }
}
