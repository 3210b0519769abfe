//! Processes that claim their rank.

use crate::running::{Running, with_input};
use crate::scene::{Scene, claimant};

#[test]
fn everyone_gets_its_rank_and_the_segment() {
    let outcome = Scene::new().run(&["-n", "3", &claimant(), "claim", "goodbye"]);
    assert_eq!(outcome.status, Some(0), "{outcome:?}");
    assert_eq!(
        outcome.lines(),
        ["rank 0 of 3 with a segment", "rank 1 of 3 with a segment", "rank 2 of 3 with a segment"]
    );
}

#[test]
fn a_second_claim_is_one_clear_line() {
    let outcome = Scene::new().run(&["-n", "1", &claimant(), "claim", "child", "goodbye"]);
    assert_eq!(outcome.status, Some(0), "{outcome:?}");
    outcome.expect_one_line(&["claimant: rank 0 is already claimed by process ", "claimant"]);
    assert!(outcome.stdout.contains("the child ended with 4"));
}

#[test]
fn behind_a_shell_the_program_claims() {
    let script = format!("true; {} claim goodbye; true", claimant());
    let outcome = Scene::new().run(&["-n", "2", "sh", "-c", &script]);
    assert_eq!(outcome.status, Some(0), "{outcome:?}");
    assert_eq!(outcome.lines().len(), 2);
}

#[test]
fn without_a_launcher_it_is_a_world_of_one() {
    let scene = Scene::new();
    let mut command = scene.program(claimant(), &["claim"]);
    let outcome = scene.finish(command.spawn().unwrap());
    assert_eq!(outcome.stdout, "a world of one\n");
}

#[test]
fn a_rank_without_its_descriptor_is_an_error() {
    let scene = Scene::new();
    let mut command = scene.program(claimant(), &["claim"]);
    let outcome = scene.finish(command.env("ARCHIPELAGO_RANK", "3").spawn().unwrap());
    assert_eq!(outcome.status, Some(4));
    outcome.expect_one_line(&["ARCHIPELAGO_RANK is 3 but ARCHIPELAGO_FD is not set"]);
    // A descriptor that is something else is never written to.
    for value in ["1", "77", "-3", "x"] {
        let mut command = scene.program(claimant(), &["claim"]);
        command.env("ARCHIPELAGO_RANK", "3").env("ARCHIPELAGO_FD", value);
        let outcome = scene.finish(command.spawn().unwrap());
        assert_eq!((outcome.status, outcome.stdout.as_str()), (Some(4), ""));
        outcome.expect_one_line(&[&format!("ARCHIPELAGO_FD is {value}")]);
    }
}

#[test]
fn a_nested_job_has_ranks_of_its_own() {
    let scene = Scene::new();
    let archi = env!("CARGO_BIN_EXE_archi");
    let outcome = scene.run(&["-n", "2", archi, "run", "-n", "2", &claimant(), "claim", "goodbye"]);
    assert_eq!(outcome.status, Some(0), "{outcome:?}");
    assert_eq!(outcome.lines().iter().filter(|line| line.starts_with("rank 1 of 2")).count(), 2);
}

#[test]
fn leaving_without_finalising_is_reported() {
    let outcome = Scene::new().run(&["-n", "1", &claimant(), "claim"]);
    assert_eq!(outcome.status, Some(1), "{outcome:?}");
    outcome.expect_one_line(&["rank 0 on ", "exited with status 0 without finalising"]);
}

#[test]
fn an_abort_ends_the_job_with_its_code() {
    // Who claims while the job ends already would complain about that.
    let all_are_here = ["claim", "put", "here=yes", "get", "0:here", "get", "1:here", "get", "2:here"];
    let then = ["only", "2", "abort", "42", "sleep", "1000"];
    let outcome = Scene::new().run(&[&["-n", "3", &claimant()], &all_are_here[..], &then].concat());
    // The others said goodbye and are well.
    assert_eq!(outcome.status, Some(42), "{outcome:?}");
    outcome.expect_one_line(&["rank 2 on ", "aborted the job with code 42: a test wants it"]);
}

#[test]
fn values_are_waited_for() {
    // It asks before it says that it has asked, and the other answers to that.
    let words = ["claim", "ask", "1:name", "put", "asked=yes", "hear", "goodbye"];
    let other = ["claim", "get", "0:asked", "put", "name=value", "goodbye"];
    let claimant = claimant();
    let words = [&["-n", "1", &claimant], &words[..], &[":", "-n", "1", &claimant], &other[..]].concat();
    let outcome = Scene::new().run(&words);
    assert_eq!(outcome.status, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("rank 0 hears: 1:name is Some(\"value\")"), "{outcome:?}");
}

#[test]
fn a_value_of_one_who_left_never_comes() {
    let claimant = claimant();
    let outcome = Scene::new().run(&[
        "-n", "1", &claimant, "claim", "get", "1:name", "get", "9:name", "goodbye", ":", "-n", "1", "true",
    ]);
    assert_eq!(outcome.status, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("hears: 1:name is None"), "{outcome:?}");
}

#[test]
fn a_death_is_told_to_the_others_before_they_are_ended() {
    let claimant = claimant();
    let words = ["-n", "2", "-stdin", "2", &claimant, "claim", "hear", "hear", "goodbye", "sleep", "1000"];
    let victim = [":", "-n", "1", "sh", "-c", "read now; kill -9 $$"];
    let scene = Scene::new();
    let mut job = Running::listen(&scene, with_input(scene.archi(&[&words[..], &victim].concat())));
    job.says(&["rank 0 of 3", "rank 1 of 3"]);
    job.hears("now\n");
    let outcome = job.finish();
    assert_eq!(outcome.status, Some(137), "{outcome:?}");
    for rank in 0..2 {
        let died = format!("rank {rank} hears: 2 died: killed by signal 9 (SIGKILL)");
        let ending = format!("rank {rank} hears: ending: rank 2 on ");
        assert!(outcome.stdout.contains(&died) && outcome.stdout.contains(&ending), "{outcome:?}");
    }
}

#[test]
fn counters_are_shown_when_asked_for() {
    let outcome =
        Scene::new().run(&["-n", "2", "--stats", &claimant(), "claim", "count", "count", "goodbye"]);
    assert_eq!(outcome.status, Some(0), "{outcome:?}");
    let rows: Vec<Vec<&str>> = outcome.stderr.lines().map(|line| line.split_whitespace().collect()).collect();
    for rank in ["0", "1"] {
        let is_it = |row: &&Vec<&str>| row.starts_with(&[rank, "test"]) && row.contains(&"14");
        assert_eq!(rows.iter().filter(is_it).count(), 1, "{outcome:?}");
    }
    let outcome = Scene::new().run(&["--stats", "true"]);
    outcome.expect_one_line(&["no process reported counters"]);
}

#[test]
fn a_rank_that_dies_behind_a_shell_ends_the_job() {
    // Another program started it, and goes on.
    let scene = Scene::new();
    let script = format!("{} claim sleep 1000; sleep 1001", claimant());
    let mut job = scene.start(&["-n", "2", "sh", "-c", &script]);
    job.says(&["rank 0 of 2", "rank 1 of 2"]);
    os::signal::send(scene.named("claimant")[0], os::signal::SIGKILL).unwrap();
    let outcome = job.finish();
    // What the kernel says of another's child depends on its version.
    assert!(matches!(outcome.status, Some(1 | 137)), "{outcome:?}");
    assert!(outcome.stderr.contains("; the job is ended"), "{outcome:?}");
}

#[test]
fn an_end_behind_a_shell_counts_once() {
    // The shells go on long after the rank's end was told, and one of them fails as well in the end.
    let scene = Scene::new();
    let script = format!("{} claim exit 7; read now; exit 9", claimant());
    let words = ["-n", "2", "--keep-going", "-stdin", "all", "sh", "-c", &script];
    let mut job = Running::listen(&scene, with_input(scene.archi(&words)));
    job.says(&["rank 0 on ", "rank 1 on "]);
    job.hears("now\n");
    let outcome = job.finish();
    assert!(outcome.stderr.ends_with("archi: 2 of 2 processes failed\n"), "{outcome:?}");
    assert_eq!(outcome.stderr.lines().count(), 3, "{outcome:?}");
}
