//! Machines that allow little.

use crate::scene::{Scene, claimant};

#[test]
fn a_descriptor_limit_of_64_serves_several_processes() {
    let outcome = Scene::new().run_behind("ulimit -n 64", &["-n", "8", &claimant(), "claim", "goodbye"]);
    assert_eq!(outcome.status, Some(0), "{outcome:?}");
    assert_eq!(outcome.lines().len(), 8);
}

#[test]
fn the_processes_get_the_limit_that_the_user_set() {
    let outcome = Scene::new().run_behind("ulimit -Sn 60", &["-n", "1", "sh", "-c", "ulimit -Sn"]);
    assert_eq!(outcome.stdout, "60\n", "{outcome:?}");
}

#[test]
fn a_limit_that_is_too_low_is_one_clear_line() {
    let outcome = Scene::new().run_behind("ulimit -n 64", &["-n", "40", "true"]);
    assert_eq!(outcome.status, Some(1), "{outcome:?}");
    outcome.expect_one_line(&["40 processes need", "hard limit is 64", "ulimit -Hn"]);
}

#[test]
fn a_limit_on_the_size_of_files_leaves_tcp() {
    // Shared memory is a file to the kernel.
    let outcome = Scene::new().run_behind("ulimit -f 100", &["-n", "2", &claimant(), "claim", "goodbye"]);
    assert_eq!(outcome.status, Some(0), "{outcome:?}");
    assert_eq!(outcome.lines(), ["rank 0 of 2 with no segment", "rank 1 of 2 with no segment"]);
    let scene = Scene::new();
    let words = ["-c", "ulimit -f 100; exec \"$0\" doctor", env!("CARGO_BIN_EXE_archi")];
    let outcome = scene.finish(scene.program("sh", &words).spawn().unwrap());
    assert_eq!(outcome.status, Some(0), "{outcome:?}");
    assert!(
        outcome.stdout.contains("slow    shared memory") && outcome.stdout.contains("ulimit -f"),
        "{outcome:?}"
    );
}

#[test]
fn many_more_processes_than_cores() {
    let outcome = Scene::new().run(&["-n", "64", &claimant(), "claim", "goodbye"]);
    assert_eq!(outcome.status, Some(0), "{outcome:?}");
    assert_eq!(outcome.lines().len(), 64);
}

/// The outcome of a job of eight for a user who may have no more than so many processes. `None` where the test may not
/// become such a user; who may do everything has no limit.
fn with_few_processes(limit: u32, words: &[&str]) -> Option<crate::scene::Outcome> {
    let scene = Scene::new();
    let archi = scene.path("archi");
    std::fs::copy(env!("CARGO_BIN_EXE_archi"), &archi).unwrap();
    // Somebody who has no process yet, as far as anybody knows.
    let user = (3_000_000_000 + std::process::id() % 1_000_000).to_string();
    let limit = format!("--nproc={limit}:{limit}");
    let drop = ["setpriv", "--reuid", &user, "--clear-groups", "--inh-caps=-all"];
    let run = |program: &[&str]| {
        let words = [&[limit.as_str()], &drop[..], program].concat();
        scene.finish(scene.program("prlimit", &words).spawn().unwrap())
    };
    if run(&[archi.to_str().unwrap(), "--version"]).status != Some(0) {
        return None;
    }
    Some(run(&[&[archi.to_str().unwrap()], words].concat()))
}

#[test]
fn a_limit_on_processes_is_one_clear_line() {
    for limit in [1, 2, 3, 6] {
        let Some(outcome) = with_few_processes(limit, &["run", "-n", "8", "true"]) else { return };
        assert_eq!(outcome.status, Some(1), "{outcome:?}");
        outcome.expect_one_line(&["cannot be started", "no more processes are allowed", "ulimit -u"]);
    }
    let Some(outcome) = with_few_processes(6, &["doctor", "-n", "8"]) else { return };
    assert_eq!(outcome.status, Some(1), "{outcome:?}");
    assert!(outcome.stdout.contains("BROKEN  processes"), "{outcome:?}");
}
