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
fn many_more_processes_than_cores() {
    let outcome = Scene::new().run(&["-n", "64", &claimant(), "claim", "goodbye"]);
    assert_eq!(outcome.status, Some(0), "{outcome:?}");
    assert_eq!(outcome.lines().len(), 64);
}
