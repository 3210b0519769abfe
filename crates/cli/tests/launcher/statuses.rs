//! Exit statuses, and the one line that explains them.

use crate::scene::Scene;

#[track_caller]
fn check(words: &[&str], status: i32, line: &[&str]) {
    let outcome = Scene::new().run(words);
    assert_eq!(outcome.status, Some(status), "{words:?}: {outcome:?}");
    if line.is_empty() {
        assert_eq!(outcome.stderr, "");
    } else {
        outcome.expect_one_line(line);
    }
}

#[test]
fn all_well() {
    check(&["-n", "5", "true"], 0, &[]);
}

#[test]
fn a_status_is_that_of_the_process() {
    check(&["-n", "1", "sh", "-c", "exit 7"], 7, &["archi: rank 0 on ", "exited with status 7"]);
}

#[test]
fn a_signal_is_128_and_its_number() {
    check(
        &["-n", "2", "sh", "-c", "test $ARCHIPELAGO_RANK = 0 || kill -SEGV $$; sleep 1000"],
        128 + 11,
        &["rank 1 on ", "killed by signal 11 (SIGSEGV)", "the job is ended"],
    );
}

#[test]
fn the_first_failure_wins() {
    // Rank 1 fails only when it is ended because of rank 0.
    let script = "test $ARCHIPELAGO_RANK = 0 && exit 3; trap 'exit 9' TERM; while :; do sleep 0.01; done";
    let outcome = Scene::new().run(&["-n", "2", "sh", "-c", script]);
    assert_eq!(outcome.status, Some(3));
    // The shell may say "Terminated" after that.
    assert!(
        outcome.stderr.lines().next().unwrap().ends_with("exited with status 3; the job is ended"),
        "{outcome:?}"
    );
}

#[test]
fn a_shell_is_not_left_to_go_on_with_its_next_command() {
    let scene = Scene::new();
    let mark = scene.path("next");
    let script =
        format!("test $ARCHIPELAGO_RANK = 0 && exit 3; sleep 1000; touch {}; sleep 1000", mark.display());
    let outcome = scene.run(&["-n", "3", "sh", "-c", &script]);
    assert_eq!(outcome.status, Some(3));
    assert!(!mark.exists());
}

#[test]
fn keep_going_leaves_the_others_running() {
    let script = "test $ARCHIPELAGO_RANK = 1 && exit 5; sleep 0.2; echo $ARCHIPELAGO_RANK";
    let outcome = Scene::new().run(&["-n", "3", "--keep-going", "sh", "-c", script]);
    assert_eq!(outcome.status, Some(5));
    assert_eq!(outcome.lines(), ["0", "2"]);
    assert!(outcome.stderr.contains("rank 1 on ") && outcome.stderr.contains("1 of 3 processes failed"));
}

#[test]
fn all_exit_statuses_are_said_if_asked_for() {
    let script = "exit $((ARCHIPELAGO_RANK / 2 * 3))";
    let words = ["-n", "4", "--keep-going", "-print-all-exitcodes", "sh", "-c", script];
    let outcome = Scene::new().run(&words);
    assert_eq!(outcome.status, Some(3));
    assert!(outcome.stderr.contains("archi: ranks 0-1: exited with status 0\n"), "{outcome:?}");
    assert!(outcome.stderr.contains("archi: ranks 2-3: exited with status 3\n"), "{outcome:?}");
}

#[test]
fn a_program_that_is_not_there() {
    let line = ["archi: rank 0 on ", "cannot be started", "no program named \"no-such-program\""];
    check(&["-n", "3", "no-such-program"], 127, &line);
    check(&["-n", "1", "/no/such/file"], 127, &["rank 0", "there is no file /no/such/file"]);
    check(&["-n", "1", "/etc"], 126, &["/etc is a directory"]);
    check(&["-n", "1", "/etc/passwd"], 126, &["/etc/passwd is not executable"]);
}

#[test]
fn nothing_starts_if_any_program_is_missing() {
    let scene = Scene::new();
    let mark = scene.path("started");
    let outcome = scene.run(&["-n", "1", "touch", mark.to_str().unwrap(), ":", "-n", "1", "no-such-program"]);
    assert_eq!(outcome.status, Some(127));
    outcome.expect_one_line(&["rank 1 on "]);
    assert!(!mark.exists());
}

#[test]
fn a_directory_that_is_not_there() {
    check(&["-wdir", "/no/such/place", "true"], 1, &["working directory /no/such/place"]);
    check(&["-wdir", "/etc/passwd", "true"], 1, &["working directory /etc/passwd is no directory"]);
}

#[test]
fn a_file_without_an_interpreter_line_is_a_shell_script() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new();
    let file = scene.path("script");
    std::fs::write(&file, "echo from the script\n").unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
    let outcome = scene.run(&["-n", "1", file.to_str().unwrap()]);
    assert_eq!(
        (outcome.status, outcome.stdout.as_str()),
        (Some(0), "from the script\n"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn time_is_over() {
    check(&["-n", "2", "-timeout", "0.3", "sleep", "1000"], 124, &["did not end within 0.3 s"]);
}
