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

/// Over both transports: addresses are found, and ends are heard of, also by who never waits.
#[test]
fn who_only_asks_hears_of_everything() {
    for transport in ["shm", "tcp"] {
        let mut command = Command::new(archi());
        command.args(["run", "-n", "2", "--keep-going", "--transport", transport, SUBJECT, "spin"]);
        let ran = Ran::of(command).expect_status(5);
        let end = "is gone: its process ended: exited with status 5 without finalising";
        assert_eq!(ran.output.len(), 2, "{:?}", ran.output);
        assert!(
            ran.output.iter().all(|line| line.contains("rank 1 on ") && line.ends_with(end)),
            "{:?}",
            ran.output
        );
    }
}

/// What the ranks that are left say is the same over both transports. They have a moment to say it before the job's end takes
/// them: enough nearly always, so among a few runs there is one in which all have spoken; and in none do they say else.
fn check_survivors(how: &str, said: &str) {
    for options in [&[][..], &["--transport", "tcp"]] {
        let expected = |rank: usize| {
            format!("rank {rank}: receive_into from rank 1, tag 0, on `world` as rank {rank} of 3: {said}")
        };
        let all_spoke = (0..50).any(|_| {
            let ran = end(how, 3, options);
            let spoken: Vec<&str> =
                ran.error.lines().filter(|line| line.contains("receive_into from rank 1")).collect();
            for line in &spoken {
                assert!(*line == expected(0) || *line == expected(2), "{how} {options:?}: {line}");
            }
            spoken.len() == 2
        });
        assert!(all_spoke, "{how} {options:?}: the others said nothing in 50 runs");
    }
}

#[test]
fn who_waits_for_the_dead_is_told_so_over_either_transport() {
    let gone = format!("rank 1 on {} is gone", os::host::name());
    check_survivors("kill", &format!("{gone}: its process ended: killed by signal 9 (SIGKILL)"));
    check_survivors("status", &format!("{gone}: its process ended: exited with status 7 without finalising"));
    check_survivors("exit", &format!("{gone}: its process ended: exited with status 0 without finalising"));
}

#[test]
fn who_waits_for_one_that_left_is_told_so_over_either_transport() {
    check_survivors("error", &format!("rank 1 on {} is gone: it has left the job", os::host::name()));
}

#[test]
fn who_waits_when_the_job_is_aborted_is_told_so_over_either_transport() {
    let host = os::host::name();
    let asked = "abort(42) was called on `world` by rank 1 of 3";
    check_survivors(
        "abort",
        &format!("the job ends: rank 1 on {host} aborted the job with code 42: {asked}"),
    );
    let panicked = "aborted the job with code 101: rank 1 panicked";
    check_survivors("panic", &format!("the job ends: rank 1 on {host} {panicked}"));
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

/// A setting that is none is refused by the launcher, once, before anything starts.
#[test]
fn settings_that_are_none_are_refused() {
    for (setting, said) in [
        ("pool_byte=1000000", "there are pool_bytes, eager_bytes"),
        ("all-reduce=magic", "no algorithm \"magic\" for all-reduce; there are: board"),
        ("link_timeout=soon", "it takes a number of seconds"),
        ("pool_bytes=lots", "it takes a number of bytes"),
        ("pool_bytes=1", "at least 65536 bytes"),
    ] {
        let ran = end("caught", 2, &["--set", setting]).expect_status(2);
        assert!(ran.error.contains(said) && ran.error.contains(setting), "{}", ran.error);
    }
}
