//! Output: whole lines, labels, files, and readers that have seen enough.

use crate::scene::{Scene, is_installed};
use std::collections::HashMap;
use std::io::{Read, Write};
use std::process::Stdio;

/// Each rank writes 2,000 lines in pieces, as fast as it can; a line says whose it is and ends with its number.
const CHATTER: &str = "i=0; while [ $i -lt 2000 ]; do printf '<%s ' $ARCHIPELAGO_RANK; \
                       printf 'abcdefghijklmnopqrstuvwxyz '; printf '%s>\\n' $i; i=$((i+1)); done";

#[test]
fn lines_are_never_torn_and_stay_in_order() {
    let outcome = Scene::new().run(&["-n", "8", "sh", "-c", CHATTER]);
    assert_eq!(outcome.status, Some(0), "{}", outcome.stderr);
    let mut next: HashMap<&str, usize> = HashMap::new();
    for line in outcome.stdout.lines() {
        let words: Vec<&str> = line.trim_matches(['<', '>']).split(' ').collect();
        assert!(line.starts_with('<') && line.ends_with('>') && words.len() == 3, "{line:?}");
        let expected = next.entry(words[0]).or_default();
        assert_eq!(words[2], expected.to_string(), "{line:?}");
        *expected += 1;
    }
    assert_eq!(next.len(), 8);
    assert!(next.values().all(|count| *count == 2000));
}

#[test]
fn labels_and_times() {
    let outcome = Scene::new().run(&["-n", "3", "-l", "sh", "-c", "echo one; printf two"]);
    assert_eq!(outcome.lines(), ["[0] one", "[0] two", "[1] one", "[1] two", "[2] one", "[2] two"]);
    let outcome = Scene::new().run(&["-n", "1", "-l", "--timestamp", "echo", "text"]);
    let words: Vec<&str> = outcome.stdout.split_whitespace().collect();
    assert_eq!((words[0], words[2], words[1].len()), ("[0]", "text", "2026-11-22T16:20:31.123Z".len()));
}

#[test]
fn both_streams_keep_their_way() {
    let outcome = Scene::new().run(&["-n", "1", "sh", "-c", "echo out; echo err >&2"]);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("out\n", "err\n"));
}

#[test]
fn one_process_is_passed_on_byte_by_byte() {
    let outcome = Scene::new().run(&["-n", "1", "printf", "no end of line"]);
    assert_eq!(outcome.stdout, "no end of line");
}

#[test]
fn unfinished_lines_of_several_do_not_run_together() {
    let outcome = Scene::new().run(&["-n", "2", "sh", "-c", "printf $ARCHIPELAGO_RANK"]);
    assert_eq!(outcome.lines(), ["0", "1"]);
}

#[test]
fn large_output_is_complete() {
    let outcome = Scene::new().run(&["-n", "2", "sh", "-c", "head -c 5000000 /dev/zero | tr '\\0' x; echo"]);
    assert_eq!(outcome.status, Some(0), "{}", outcome.stderr);
    let lengths: Vec<usize> = outcome.stdout.lines().map(str::len).collect();
    assert_eq!(lengths, [5_000_000, 5_000_000]);
}

#[test]
fn what_a_process_says_last_comes_before_its_end() {
    let outcome = Scene::new().run(&["-n", "1", "sh", "-c", "echo last words >&2; kill -9 $$"]);
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    assert_eq!(lines[0], "last words");
    assert!(lines[1].contains("SIGKILL"));
}

#[test]
fn files_for_each_rank() {
    let scene = Scene::new();
    let (out, err) = (scene.path("out.%r"), scene.path("err.%r"));
    let words =
        ["-n", "3", "-outfile-pattern", out.to_str().unwrap(), "-errfile-pattern", err.to_str().unwrap()];
    let script = "echo out $ARCHIPELAGO_RANK; echo err $ARCHIPELAGO_RANK >&2";
    let outcome = scene.run(&[&words[..], &["sh", "-c", script]].concat());
    assert_eq!((outcome.status, outcome.stdout.as_str(), outcome.stderr.as_str()), (Some(0), "", ""));
    for rank in 0..3 {
        let read = |name: &str| std::fs::read_to_string(scene.path(&format!("{name}.{rank}"))).unwrap();
        assert_eq!((read("out"), read("err")), (format!("out {rank}\n"), format!("err {rank}\n")));
    }
}

#[test]
fn users_files_stay_when_the_job_is_killed() {
    let scene = Scene::new();
    let out = scene.path("out");
    let out = out.to_str().unwrap();
    let script = "test $ARCHIPELAGO_RANK = 1 || { echo kept; sleep 1000; }; \
                  until test -s $0; do sleep 0.01; done; kill -9 $$";
    let outcome = scene.run(&["-n", "2", "--output-file", out, "sh", "-c", script, out]);
    assert_eq!(outcome.status, Some(137));
    assert_eq!(std::fs::read_to_string(out).unwrap(), "kept\n");
}

#[test]
fn a_full_disk_is_said_and_loses_nothing() {
    let outcome =
        Scene::new().run(&["-n", "2", "--output-file", "/dev/full", "sh", "-c", "echo $ARCHIPELAGO_RANK"]);
    assert_eq!(outcome.status, Some(1), "the run ends well, but not without a trace: {outcome:?}");
    assert_eq!(outcome.lines(), ["0", "1"]);
    outcome.expect_one_line(&["archi: /dev/full cannot be written: No space left on device"]);
}

#[test]
fn a_limit_on_the_size_of_files_is_like_a_full_disk() {
    let scene = Scene::new();
    let out = scene.path("out.%r");
    let words = ["-n", "2", "--output-file", out.to_str().unwrap(), "sh", "-c", "echo $ARCHIPELAGO_RANK"];
    let outcome = scene.run_behind("ulimit -f 0", &words);
    assert_eq!((outcome.status, outcome.lines()), (Some(1), vec!["0", "1"]), "{outcome:?}");
    assert!(outcome.stderr.contains("cannot be written: File too large"), "{outcome:?}");
}

#[test]
fn a_file_that_cannot_be_opened_is_said_before_anything_starts() {
    let outcome = Scene::new().run(&["--output-file", "/no/such/place/out", "echo", "x"]);
    assert_eq!((outcome.status, outcome.stdout.as_str()), (Some(1), ""));
    outcome.expect_one_line(&["/no/such/place/out cannot be opened"]);
}

#[test]
fn a_full_disk_under_standard_output_ends_the_job() {
    let scene = Scene::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let child = scene.archi(&["-n", "2", "sh", "-c", "echo x; sleep 1000"]).stdout(full).spawn().unwrap();
    let outcome = scene.finish(child);
    assert_eq!(outcome.status, Some(1));
    outcome.expect_one_line(&["standard output cannot be written", "the job is ended"]);
}

#[test]
fn what_the_launcher_says_last_goes_to_files_too() {
    let scene = Scene::new();
    let path = scene.path("said");
    for target in [path.as_path(), std::path::Path::new("/dev/null")] {
        let file = std::fs::File::create(target).unwrap();
        let words = ["-n", "2", "--stats", "--keep-going", "sh", "-c", "exit $ARCHIPELAGO_RANK"];
        let child = scene.archi(&words).stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        assert_eq!(scene.finish(child).status, Some(1));
    }
    let said = std::fs::read_to_string(path).unwrap();
    assert!(
        said.contains("1 of 2 processes failed") && said.contains("no process reported counters"),
        "{said}"
    );
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_job() {
    let scene = Scene::new();
    let mut child = scene.archi(&["-n", "2", "yes"]).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 100]).unwrap();
    drop(stdout);
    let outcome = scene.finish(child);
    assert_eq!((outcome.status, outcome.stderr.as_str()), (Some(128 + 13), ""));
}

#[test]
fn a_reader_that_does_not_read_holds_up_neither_the_launcher_nor_its_end() {
    let scene = Scene::new();
    let child = scene.archi(&["-n", "2", "-grace", "0.2", "yes"]).spawn().unwrap();
    scene.wait_for(2, "yes");
    // Nobody reads; the launcher must still hear this.
    os::signal::send(child.id(), os::signal::SIGINT).unwrap();
    os::signal::send(child.id(), os::signal::SIGTERM).unwrap();
    let outcome = scene.finish(child);
    assert_eq!(outcome.status, Some(130));
}

#[test]
fn a_prompt_is_shown_on_a_terminal() {
    // `script` gives a terminal; without it there is nothing to show a prompt on.
    if !is_installed("script") {
        return;
    }
    let scene = Scene::new();
    let line = format!(
        "{} run -n 2 sh -c 'printf prompt; read answer; echo got $answer'",
        env!("CARGO_BIN_EXE_archi")
    );
    let mut command = scene.program("script", &["-qec", &line, "/dev/null"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains("prompt") {
        let mut byte = [0; 64];
        let length = stdout.read(&mut byte).unwrap();
        assert!(length > 0, "{}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&byte[..length]);
    }
    child.stdin.take().unwrap().write_all(b"yes\n").unwrap();
    stdout.read_to_end(&mut seen).unwrap();
    child.wait().unwrap();
    assert!(String::from_utf8_lossy(&seen).contains("got yes"), "{}", String::from_utf8_lossy(&seen));
    scene.expect_nothing_left();
}
