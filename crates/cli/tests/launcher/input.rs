//! Standard input: to rank 0, to all, to one, to none.

use crate::scene::Scene;
use std::io::Write;
use std::process::Stdio;

#[track_caller]
fn check(words: &[&str], input: &[u8], expected: &[&str]) {
    let scene = Scene::new();
    let mut child = scene.archi(words).stdin(Stdio::piped()).spawn().unwrap();
    // A reader that ends early closes the pipe: not our concern here.
    let _ = child.stdin.take().unwrap().write_all(input);
    let outcome = scene.finish(child);
    assert_eq!((outcome.status, outcome.lines()), (Some(0), expected.to_vec()), "{}", outcome.stderr);
}

#[test]
fn modes() {
    check(&["-n", "2", "-l", "cat"], b"text\n", &["[0] text"]);
    check(&["-n", "2", "-l", "-stdin", "all", "cat"], b"text\n", &["[0] text", "[1] text"]);
    check(&["-n", "2", "-l", "-stdin", "1", "cat"], b"text\n", &["[1] text"]);
    check(&["-n", "2", "-l", "-stdin", "none", "cat"], b"text\n", &[]);
}

#[test]
fn more_than_any_pipe_holds_arrives_whole() {
    let input: Vec<u8> = (0..200_000).flat_map(|n| format!("{n}\n").into_bytes()).collect();
    let count = format!("[0] {}", input.len());
    check(&["-n", "2", "-l", "sh", "-c", "test $ARCHIPELAGO_RANK = 1 || wc -c"], &input, &[&count]);
}

#[test]
fn readers_of_different_speed_all_get_everything() {
    let input = vec![b'x'; 1_000_000];
    let script = "test $ARCHIPELAGO_RANK = 0 || sleep 0.3; wc -c";
    check(&["-n", "2", "-l", "-stdin", "all", "sh", "-c", script], &input, &["[0] 1000000", "[1] 1000000"]);
}

#[test]
fn who_reads_nothing_holds_nobody_up() {
    let input = vec![b'x'; 1_000_000];
    let script = "test $ARCHIPELAGO_RANK = 0 && exit; wc -c";
    check(&["-n", "2", "-l", "-stdin", "all", "sh", "-c", script], &input, &["[1] 1000000"]);
    check(&["-n", "1", "true"], &input, &[]);
}

#[test]
fn a_rank_that_is_not_there() {
    let outcome = Scene::new().run(&["-n", "2", "-stdin", "2", "cat"]);
    assert_eq!(outcome.status, Some(2));
    outcome.expect_one_line(&["rank 2", "0 to 1"]);
}

#[test]
fn standard_streams_may_be_closed() {
    let scene = Scene::new();
    let run = |line: &str| {
        let words = ["-c", line, env!("CARGO_BIN_EXE_archi")];
        scene.finish(scene.program("sh", &words).spawn().unwrap())
    };
    let outcome = run("\"$0\" run -n 2 -l cat <&-; \"$0\" run -n 2 -l echo x <&-");
    assert_eq!((outcome.status, outcome.lines()), (Some(0), vec!["[0] x", "[1] x"]), "{outcome:?}");
    // Nowhere to write is no reason to hang.
    let outcome = run("\"$0\" run -n 2 echo x >&- 2>&- <&-");
    assert!(outcome.status.is_some(), "{outcome:?}");
}
