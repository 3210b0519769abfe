//! Whoever is killed with -9, in whatever order: no process, no segment, no file is left.

use crate::scene::{Scene, claimant, is_installed};
use os::signal::{SIGINT, SIGKILL, send};
use std::path::Path;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Victim {
    Launcher,
    Guard,
    Keeper,
    Rank,
}
use Victim::*;

/// All orders of one, two and three victims.
const ORDERS: [&[Victim]; 15] = [
    &[Launcher],
    &[Keeper],
    &[Rank],
    &[Launcher, Keeper],
    &[Launcher, Rank],
    &[Keeper, Launcher],
    &[Keeper, Rank],
    &[Rank, Launcher],
    &[Rank, Keeper],
    &[Launcher, Keeper, Rank],
    &[Launcher, Rank, Keeper],
    &[Keeper, Launcher, Rank],
    &[Keeper, Rank, Launcher],
    &[Rank, Launcher, Keeper],
    &[Rank, Keeper, Launcher],
];

/// Runs the words on two ranks, waits for `sleepers` processes that sleep, and kills in every order, all at once.
fn kill_in_every_order(words: &[&str], sleepers: usize) {
    for order in ORDERS {
        println!("killing {order:?}");
        let scene = Scene::new();
        let mut child = scene.archi(&[&["-n", "2"], words].concat()).spawn().unwrap();
        scene.wait_for(sleepers, "sleep 1000");
        let keeper = scene.wait_for_keeper();
        let rank = scene.first_rank(keeper);
        for victim in order {
            let pid = match victim {
                Launcher => child.id(),
                Guard => scene.wait_for_one("job-guard"),
                Keeper => keeper,
                Rank => rank,
            };
            // One that is already gone is as good.
            let _ = send(pid, SIGKILL);
        }
        scene.expect_failure(&mut child);
        scene.expect_nothing_left();
    }
}

#[test]
fn plain_programs() {
    kill_in_every_order(&["sleep", "1000"], 2);
}

#[test]
fn behind_a_shell() {
    // The shell's own command line contains the words as well.
    kill_in_every_order(&["sh", "-c", "sleep 1000; sleep 1001"], 4);
}

#[test]
fn behind_python() {
    let script = "import subprocess; subprocess.run(['sleep', '1000']); subprocess.run(['sleep', '1001'])";
    if is_installed("python3") {
        kill_in_every_order(&["python3", "-c", script], 2);
    }
}

#[test]
fn processes_of_the_library() {
    kill_in_every_order(&[&claimant(), "claim", "sleep", "1000"], 2);
}

#[test]
fn what_daemonises_ends_with_the_job() {
    // Its own session and group, its parent gone: only the keeper's being a subreaper finds it.
    let script = "setsid sh -c 'sleep 1000 >/dev/null 2>&1 &'";
    let outcome = Scene::new().run(&["-n", "2", "sh", "-c", script]);
    assert_eq!(outcome.status, Some(0), "{outcome:?}");
}

#[test]
fn what_daemonised_ends_whichever_two_are_killed() {
    // In a session of its own, where only who adopts orphans finds it.
    let orders = [
        &[Launcher][..],
        &[Keeper],
        &[Guard],
        &[Launcher, Keeper],
        &[Keeper, Launcher],
        &[Guard, Keeper],
        &[Keeper, Guard],
        &[Guard, Launcher],
        &[Launcher, Guard],
    ];
    for order in orders {
        println!("killing {order:?}");
        let scene = Scene::new();
        let mut child =
            scene.archi(&["-n", "1", "sh", "-c", "setsid sleep 1000 & sleep 1001; true"]).spawn().unwrap();
        scene.wait_for(2, "sleep 1000");
        scene.wait_for(2, "sleep 1001");
        let pids = [child.id(), scene.wait_for_one("job-guard"), scene.wait_for_keeper()];
        for victim in order {
            let _ =
                send(pids[[Launcher, Guard, Keeper].iter().position(|one| one == victim).unwrap()], SIGKILL);
        }
        if order == [Guard] {
            // The job runs on without it.
            send(child.id(), SIGINT).unwrap();
        }
        scene.expect_failure(&mut child);
        scene.expect_nothing_left();
    }
}

#[test]
fn what_stays_in_its_group_ends_when_all_three_are_killed() {
    let scene = Scene::new();
    let mut child = scene.archi(&["-n", "2", "sh", "-c", "sleep 1000; sleep 1001"]).spawn().unwrap();
    scene.wait_for(4, "sleep 1000");
    for pid in [scene.wait_for_one("job-guard"), scene.wait_for_keeper(), child.id()] {
        let _ = send(pid, SIGKILL);
    }
    scene.expect_failure(&mut child);
    scene.expect_nothing_left();
}

#[test]
fn a_killed_keeper_is_said_in_one_line() {
    let scene = Scene::new();
    let child = scene.archi(&["-n", "2", "sleep", "1000"]).spawn().unwrap();
    scene.wait_for(2, "sleep 1000");
    send(scene.wait_for_keeper(), SIGKILL).unwrap();
    let outcome = scene.finish(child);
    assert_eq!(outcome.status, Some(1));
    outcome.expect_one_line(&["the keeper on ", "was killed", "the job is ended"]);
}

#[test]
fn no_named_memory_and_no_file_appear() {
    let scene = Scene::new();
    let child = scene.archi(&["-n", "2", &claimant(), "claim", "sleep", "1000"]).spawn().unwrap();
    scene.wait_for(2, "claim sleep 1000");
    // All that the keeper holds open has no name in any file system, except for what it inherited.
    let folder = format!("/proc/{}/fd", scene.wait_for_keeper());
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let Ok(target) = std::fs::read_link(entry.path()) else { continue };
        let named =
            target.starts_with("/") && !target.starts_with("/memfd:") && target != Path::new("/dev/null");
        assert!(!named || target.to_string_lossy().contains("(deleted)"), "{}", target.display());
    }
    send(child.id(), SIGKILL).unwrap();
    scene.finish(child);
}
