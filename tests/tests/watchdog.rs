//! Programs that hang, under the launcher: the watchdog says who waits for whom, and says "deadlock" only of one.

use std::process::Command;
use std::time::Duration;

use system_tests::{Ran, archi, said_until};

const SUBJECT: &str = env!("CARGO_BIN_EXE_subject");

/// Nothing takes so long.
const HOPELESS: Duration = Duration::from_secs(240);

/// A hang on so many ranks: what is said until these words are, or until it ends by itself.
fn hang(how: &str, ranks: usize, transport: &str, words: &[&str]) -> String {
    let mut command = Command::new(archi());
    command.args(["run", "-n", &ranks.to_string(), "--transport", transport, "--watchdog", "0.3"]);
    command.args([SUBJECT, "hang", how]);
    let is_said = |said: &str| words.iter().all(|word| said.contains(word));
    let (said, status) = said_until(command, HOPELESS, is_said);
    assert!(is_said(&said), "{words:?} of {how} on {ranks}, which ended with {status:?}:\n{said}");
    said
}

#[test]
fn a_circle_is_told_with_calls_tags_types_and_processes() {
    for transport in ["shm", "tcp"] {
        for ranks in [2, 3, 7] {
            let circle = match ranks {
                2 => "deadlock: ranks 0 and 1 wait for each other".to_owned(),
                n => format!("deadlock: {n} ranks wait for each other in a circle: rank 0 -> rank 1 -> "),
            };
            let host = format!(" {} ", os::host::name());
            let last = format!("\n  {}     receive from rank 0  7    f64  world", ranks - 1);
            hang("receives", ranks, transport, &[&circle, &last, &host]);
        }
    }
}

#[test]
fn programs_read_the_report_as_json() {
    let path = std::env::temp_dir().join(format!("archipelago-watchdog-{}.json", std::process::id()));
    let mut command = Command::new(archi());
    command.args(["run", "-n", "2", "--watchdog", "0.3", "--watchdog-json"]).arg(&path);
    command.args([SUBJECT, "hang", "receives"]);
    // It is written after it is said.
    let lines = || std::fs::read_to_string(&path).unwrap_or_default();
    let is_there = |_: &str| lines().contains("\"deadlock\":true");
    let (said, status) = said_until(command, HOPELESS, is_there);
    let lines = lines();
    let _ = std::fs::remove_file(&path);
    let line = lines.lines().find(|line| line.contains("\"deadlock\":true"));
    let line = line.unwrap_or_else(|| panic!("{lines}, ended with {status:?}:\n{said}"));
    for part in ["\"cycle\":[0,1]", "\"call\":\"receive from rank 1\"", "\"tag\":7", "\"of\":\"f64\""] {
        assert!(line.contains(part), "{part} in {line}");
    }
}

#[test]
fn a_collective_waits_for_who_has_not_come() {
    for transport in ["shm", "tcp"] {
        hang("collective", 4, transport, &["deadlock: ", "barrier", "receive from rank 1"]);
    }
}

#[test]
fn who_waits_for_one_that_computes_waits_and_no_more_is_said() {
    for transport in ["shm", "tcp"] {
        let said = hang("computes", 2, transport, &["rank 0 is waiting since ", "rank 1 computes"]);
        assert!(!said.contains("deadlock"), "{said}");
    }
}

#[test]
fn what_tasks_await_is_told_though_no_thread_waits() {
    for transport in ["shm", "tcp"] {
        let rows = [
            "receive from rank 1 (awaited)  7    f64  world",
            "receive from rank 0 (awaited)  7    f64  world",
        ];
        let said = hang("futures", 2, transport, &[rows[0], rows[1], "are waiting since "]);
        // Who runs the tasks may do anything.
        assert!(!said.contains("deadlock"), "{said}");
    }
}

#[test]
fn other_threads_may_communicate() {
    let said = hang("threads", 2, "auto", &["have other threads, which may communicate"]);
    assert!(!said.contains("deadlock"), "{said}");
}

#[test]
fn a_job_out_of_time_says_what_it_waited_for() {
    let mut command = Command::new(archi());
    command.args(["run", "-n", "2", "--watchdog", "off", "--timeout", "2", SUBJECT, "hang", "receives"]);
    let ran = Ran::of(command).expect_status(124);
    assert!(ran.error.contains("did not end within 2 s") && ran.error.contains("wait"), "{}", ran.error);
}

#[test]
fn a_rank_that_waits_for_itself_is_told_without_a_launcher() {
    let mut command = Command::new(SUBJECT);
    command.args(["hang", "receives"]).env("ARCHIPELAGO_WATCHDOG", "0.3");
    let (said, _) = said_until(command, HOPELESS, |said| said.contains("pid"));
    assert!(said.contains("archipelago: deadlock: rank 0 waits for itself"), "{said}");
}
