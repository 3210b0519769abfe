//! The user's signals.

use crate::running::{Running, with_input};
use crate::scene::{Outcome, Scene, claimant, is_installed, until};
use os::signal::{SIGCONT, SIGHUP, SIGINT, SIGKILL, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2, send};
use std::os::unix::process::CommandExt;
use std::process::Child;

/// Starts a job, and waits until so many of its processes have `ready` in their command lines.
fn start(scene: &Scene, words: &[&str], ready: &str, count: usize) -> Child {
    let child = scene.archi(words).spawn().unwrap();
    scene.wait_for(count, ready);
    child
}

fn end_by(scene: &Scene, child: Child, signals: &[i32]) -> Outcome {
    for signal in signals {
        send(child.id(), *signal).unwrap();
    }
    scene.finish(child)
}

#[test]
fn each_ending_signal_ends_the_job_with_its_status() {
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
        let scene = Scene::new();
        let child = start(&scene, &["-n", "2", "sleep", "1000"], "sleep 1000", 2);
        let outcome = end_by(&scene, child, &[signal]);
        assert_eq!(outcome.status, Some(128 + signal));
        outcome.expect_one_line(&[os::signal::name(signal).unwrap(), "the job is ended"]);
    }
}

#[test]
fn under_nohup_a_hang_up_ends_nothing() {
    let scene = Scene::new();
    let words = ["-c", "trap '' HUP; exec \"$0\" run -n 2 sleep 1000", env!("CARGO_BIN_EXE_archi")];
    let child = scene.program("sh", &words).spawn().unwrap();
    scene.wait_for(2, "sleep 1000");
    send(child.id(), SIGHUP).unwrap();
    let outcome = end_by(&scene, child, &[SIGTERM]);
    assert_eq!(outcome.status, Some(128 + SIGTERM), "{outcome:?}");
    outcome.expect_one_line(&["SIGTERM"]);
}

#[test]
fn a_caller_may_ignore_and_block_whatever_it_likes() {
    let scene = Scene::new();
    for option in ["--ignore-signal", "--block-signal"] {
        let words = [option, env!("CARGO_BIN_EXE_archi"), "run", "-n", "2", "sh", "-c", "exit 3"];
        let outcome = scene.finish(scene.program("env", &words).spawn().unwrap());
        assert_eq!(outcome.status, Some(3), "{option}: {outcome:?}");
        let words = [option, env!("CARGO_BIN_EXE_archi"), "run", "-n", "2", "sleep", "1000"];
        let mut child = scene.program("env", &words).spawn().unwrap();
        scene.wait_for(2, "sleep 1000");
        send(scene.wait_for_keeper(), SIGKILL).unwrap();
        scene.expect_failure(&mut child);
        scene.expect_nothing_left();
    }
}

#[test]
fn in_the_background_of_a_script_an_interrupt_still_ends_the_job() {
    let scene = Scene::new();
    let words = ["-c", "\"$0\" run -n 2 sleep 1000 & wait", env!("CARGO_BIN_EXE_archi")];
    let mut shell = scene.program("sh", &words).spawn().unwrap();
    // The shell's own command line has the words as well.
    scene.wait_for(3, "sleep 1000");
    send(scene.named("archi")[0], SIGINT).unwrap();
    scene.expect_nothing_left();
    shell.wait().unwrap();
}

#[test]
fn ctrl_c_on_a_terminal_ends_the_job() {
    // `script` gives a terminal; without it there is no key to press.
    if !is_installed("script") {
        return;
    }
    let scene = Scene::new();
    let line = format!("{} run -n 2 sh -c 'echo here; sleep 1000'", env!("CARGO_BIN_EXE_archi"));
    let mut job = Running::listen(&scene, with_input(scene.program("script", &["-qec", &line, "/dev/null"])));
    job.says(&["here\r\nhere"]);
    job.hears("\x03");
    job.says(&["SIGINT: the job is ended"]);
    assert_eq!(job.finish().status, Some(130));
}

#[test]
fn processes_may_end_in_their_own_way() {
    let scene = Scene::new();
    let script = "trap 'echo saved; exit 0' INT; touch \"$0\"; while :; do sleep 0.01; done";
    let mark = scene.path("ready");
    let child = scene.archi(&["-n", "1", "sh", "-c", script, mark.to_str().unwrap()]).spawn().unwrap();
    until("the process to be ready", || mark.exists());
    let outcome = end_by(&scene, child, &[SIGINT]);
    assert_eq!((outcome.status, outcome.stdout.as_str()), (Some(130), "saved\n"));
}

#[test]
fn a_second_signal_kills_at_once() {
    let scene = Scene::new();
    let script = "trap '' INT TERM; touch \"$0\"; while :; do sleep 0.01; done";
    let mark = scene.path("ready");
    let words = ["-n", "1", "-grace", "10m", "sh", "-c", script, mark.to_str().unwrap()];
    let mut job = scene.start(&words);
    until("the process to be ready", || mark.exists());
    send(job.id(), SIGINT).unwrap();
    // Two signals of one kind would be one if the first was still on its way.
    job.says(&["the job is ended"]);
    assert!(job.runs(), "the grace is ten minutes");
    send(job.id(), SIGINT).unwrap();
    let outcome = job.finish();
    assert_eq!(outcome.status, Some(130), "{outcome:?}");
}

#[test]
fn who_ignores_everything_is_killed_after_the_grace() {
    let scene = Scene::new();
    let script = "trap '' INT TERM; touch \"$0\"; while :; do sleep 0.01; done";
    let mark = scene.path("ready");
    let words = ["-n", "1", "-grace", "200ms", "sh", "-c", script, mark.to_str().unwrap()];
    let child = scene.archi(&words).spawn().unwrap();
    until("the process to be ready", || mark.exists());
    assert_eq!(end_by(&scene, child, &[SIGTERM]).status, Some(143));
}

#[test]
fn user_defined_signals_are_passed_on() {
    for signal in [SIGUSR1, SIGUSR2] {
        let scene = Scene::new();
        let script = "trap 'echo heard; exit 0' USR1 USR2; touch \"$0.$ARCHIPELAGO_RANK\"; while :; do sleep 0.01; done";
        let mark = scene.path("ready");
        let child = scene.archi(&["-n", "2", "sh", "-c", script, mark.to_str().unwrap()]).spawn().unwrap();
        until("the processes to be ready", || {
            (0..2).all(|rank| mark.with_extension(rank.to_string()).exists())
        });
        let outcome = end_by(&scene, child, &[signal]);
        assert_eq!((outcome.status, outcome.stdout.as_str()), (Some(0), "heard\nheard\n"), "{outcome:?}");
    }
}

#[test]
fn a_user_defined_signal_does_not_kill_the_shell_around_a_claimant() {
    let scene = Scene::new();
    let script = format!("trap 'echo shell hit' USR1; {} claim sleep 1000; echo after", claimant());
    let mut job = scene.start(&["-n", "1", "sh", "-c", &script]);
    job.says(&["rank 0 of 1"]);
    send(job.id(), SIGUSR1).unwrap();
    let outcome = job.finish();
    assert_eq!(outcome.stdout.lines().last(), Some("after"), "{outcome:?}");
    assert!(!outcome.stdout.contains("shell hit"), "{outcome:?}");
}

#[test]
fn a_stopped_job_stands_still_and_goes_on() {
    let scene = Scene::new();
    // In a group of its own, as under a shell: in a group without anybody of its session outside, who asks to be stopped isn't.
    let child = scene.archi(&["-n", "2", "sleep", "1000"]).process_group(0).spawn().unwrap();
    scene.wait_for(2, "sleep 1000");
    let state = |pid: u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(") ").next().and_then(|rest| rest.chars().next())
    };
    let sleepers = scene.named("sleep");
    send(child.id(), SIGTSTP).unwrap();
    until("the processes to stop", || sleepers.iter().all(|pid| state(*pid) == Some('T')));
    // It stops itself after them; a shell continues a job that it has seen stop.
    until("the launcher to stop", || state(child.id()) == Some('T'));
    send(child.id(), SIGCONT).unwrap();
    until("the processes to go on", || sleepers.iter().all(|pid| state(*pid) == Some('S')));
    assert_eq!(end_by(&scene, child, &[SIGTERM]).status, Some(143));
}
