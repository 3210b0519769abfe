//! The command line as people type it, and as they mistype it.

use crate::scene::Scene;

#[track_caller]
fn refused(words: &[&str], says: &[&str]) {
    let scene = Scene::new();
    let outcome = scene.finish(scene.mpiexec(words).spawn().unwrap());
    assert_eq!((outcome.status, outcome.stdout.as_str()), (Some(2), ""), "{words:?}: {outcome:?}");
    outcome.expect_one_line(&[&["mpiexec: "], says].concat());
}

#[test]
fn mistakes_get_one_line_that_helps() {
    refused(&["-hots", "localhost", "true"], &["'--hots'", "did you mean --host?"]);
    refused(&["-tiemout", "3", "true"], &["did you mean --timeout?"]);
    refused(&["-n", "0", "true"], &["at least 1"]);
    refused(&["-n", "four", "true"], &["'four'", "at least 1"]);
    refused(&["-n"], &["--np"]);
    refused(&["-n", "2"], &["no program is named"]);
    refused(&[], &["no program is named"]);
    refused(&["-n", "1", "true", ":"], &["part 2", "names no program"]);
    refused(&["-bind-to", "socket", "true"], &["core, none"]);
    refused(&["-transport", "infiniband", "true"], &["auto, shm, tcp"]);
    refused(&["-n", "100000", "true"], &["100000 processes"]);
    refused(&["-host", "elsewhere", "true"], &["elsewhere is another host"]);
    refused(&["-env", "A", "1", "-env"], &["--env"]);
    refused(&["-timeout", "soon", "true"], &["seconds"]);
}

#[test]
fn mpiexec_is_archi_run() {
    let scene = Scene::new();
    let outcome =
        scene.finish(scene.mpiexec(&["-np", "2", "-prepend-rank", "echo", "-n", "x"]).spawn().unwrap());
    assert_eq!((outcome.status, outcome.lines()), (Some(0), vec!["[0] x", "[1] x"]), "{}", outcome.stderr);
}

#[test]
fn the_same_program_under_another_name() {
    let scene = Scene::new();
    let link = scene.path("mpirun");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_archi"), &link).unwrap();
    let outcome = scene.finish(scene.program(&link, &["-np", "2", "echo", "x"]).spawn().unwrap());
    assert_eq!((outcome.status, outcome.stdout.as_str()), (Some(0), "x\nx\n"), "{}", outcome.stderr);
    let outcome = scene.finish(scene.program(&link, &["-hots", "x", "y"]).spawn().unwrap());
    outcome.expect_one_line(&["mpirun: "]);
}

#[test]
fn help_documents_the_statuses() {
    let scene = Scene::new();
    let outcome = scene.finish(scene.archi(&["--help"]).spawn().unwrap());
    assert_eq!((outcome.status, outcome.stderr.as_str()), (Some(0), ""));
    assert!(outcome.stdout.contains("Exit status:") && outcome.stdout.contains("128 + N"));
}

#[test]
fn completions_know_the_options() {
    let scene = Scene::new();
    for shell in ["bash", "zsh", "fish"] {
        let child = scene.program(env!("CARGO_BIN_EXE_archi"), &["completions", shell]).spawn().unwrap();
        let outcome = scene.finish(child);
        assert_eq!(outcome.status, Some(0));
        assert!(outcome.stdout.contains("bind-to"), "{shell}");
    }
}
