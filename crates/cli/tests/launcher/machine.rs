//! `archi info` and `archi doctor`, on this machine and on ones that allow less.

use crate::scene::{Scene, claimant};
use serde_json::Value;

const DENIED: &str = "process_vm_readv,process_vm_writev,memfd_create,membarrier";

#[test]
fn info_says_what_is_used_and_why() {
    let outcome = Scene::new().command(&["info"]);
    for setting in ["pool_bytes=", "eager_bytes=", "all-reduce=ring"] {
        assert!(outcome.stdout.contains(setting), "{}", outcome.stdout);
    }
    assert_eq!((outcome.status, outcome.stderr.as_str()), (Some(0), ""), "{outcome:?}");
    for word in [env!("CARGO_PKG_VERSION"), "shm", "tcp", "cores", "eager_bytes", "pool_bytes"] {
        assert!(outcome.stdout.contains(word), "{word} is not in {outcome:?}");
    }
    let outcome = Scene::new().command(&["info", "--json"]);
    let info: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(info["version"], env!("CARGO_PKG_VERSION"));
    for (name, threshold) in info["thresholds"].as_object().unwrap() {
        assert!(!threshold["value"].is_null() && !threshold["why"].as_str().unwrap().is_empty(), "{name}");
    }
}

#[test]
fn info_names_what_is_denied_and_the_other_way() {
    let outcome = Scene::new().command_denied(DENIED, &["info", "--json"]);
    assert_eq!(outcome.status, Some(0), "{outcome:?}");
    let info: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let memory = info["machine"]["shared memory"].as_str().unwrap();
    assert!(memory.contains("unnamed file") && memory.contains("memfd_create is denied"), "{info:#}");
    assert!(info["machine"]["reading of memory"].as_str().unwrap().contains("denied"), "{info:#}");
    assert_eq!(info["thresholds"]["shm.reads_directly"]["value"], false);
    assert!(info["thresholds"]["shm.reads_directly"]["why"].as_str().unwrap().contains("stream"), "{info:#}");
}

#[test]
fn jobs_run_where_calls_are_denied() {
    let words = ["run", "-n", "2", &claimant(), "claim", "goodbye"];
    let outcome = Scene::new().command_denied(DENIED, &words);
    assert_eq!(outcome.status, Some(0), "{outcome:?}");
    assert_eq!(outcome.lines(), ["rank 0 of 2 with a segment", "rank 1 of 2 with a segment"]);
}

#[test]
fn doctor_gives_a_remedy_for_whatever_is_not_good() {
    for outcome in [
        Scene::new().command(&["doctor", "--json", "-n", "100"]),
        Scene::new().command_denied(&format!("{DENIED},pidfd_open"), &["doctor", "--json", "-n", "100"]),
    ] {
        assert_eq!(outcome.status, Some(0), "{outcome:?}");
        let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
        for finding in report["findings"].as_array().unwrap() {
            let is_good = finding["gravity"] == "fine";
            assert_eq!(finding["remedy"].as_str().unwrap().is_empty(), is_good, "{finding}");
            assert!(!finding["found"].as_str().unwrap().is_empty(), "{finding}");
        }
    }
    let outcome = Scene::new().command_denied(DENIED, &["doctor"]);
    assert!(outcome.stdout.contains("slow    reading of memory  denied"), "{}", outcome.stdout);
}

#[test]
fn few_descriptors_hide_nothing() {
    let scene = Scene::new();
    let line = "ulimit -n 64; \"$0\" info --json && exec \"$0\" doctor -n 4 >/dev/null";
    let outcome =
        scene.finish(scene.program("sh", &["-c", line, env!("CARGO_BIN_EXE_archi")]).spawn().unwrap());
    assert_eq!((outcome.status, outcome.stderr.as_str()), (Some(0), ""), "{outcome:?}");
    let info: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert!(info["thresholds"]["shm.eager_bytes"]["value"].is_number(), "{info:#}");
    assert!(info["machine"]["descriptors"].as_str().unwrap().contains("64"), "{info:#}");
}

#[test]
fn doctor_fails_when_a_job_would() {
    let scene = Scene::new();
    let line = "ulimit -n 64; exec \"$0\" doctor -n 1000";
    let command = scene.program("sh", &["-c", line, env!("CARGO_BIN_EXE_archi")]).spawn().unwrap();
    let outcome = scene.finish(command);
    assert_eq!(outcome.status, Some(1), "{outcome:?}");
    assert!(outcome.stdout.contains("BROKEN  descriptors"), "{}", outcome.stdout);
}

#[test]
fn without_proc_jobs_run_and_doctor_says_so() {
    let scene = Scene::new();
    // Needs a mount namespace of its own; where users may not make one, there is nothing to hide /proc with.
    let hidden = |words: &str| {
        let line = format!("mount -t tmpfs none /proc && exec \"$0\" {words}");
        scene.program("unshare", &["-rm", "sh", "-c", &line, env!("CARGO_BIN_EXE_archi")]).spawn().ok().map(
            |child| {
                let output = child.wait_with_output().unwrap();
                (output.status.code(), String::from_utf8(output.stdout).unwrap())
            },
        )
    };
    if hidden("--version").is_none_or(|(status, _)| status != Some(0)) {
        return;
    }
    let (status, said) = hidden("run -n 2 sh -c 'echo here; sleep 0.1 &'").unwrap();
    assert_eq!((status, said.as_str()), (Some(0), "here\nhere\n"));
    let (status, said) = hidden("doctor").unwrap();
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("not mounted") && said.contains("mount -t proc"), "{said}");
    scene.expect_nothing_left();
}

#[test]
fn a_full_disk_is_one_line_and_a_reader_that_left_is_none() {
    let scene = Scene::new();
    for words in [&["info"][..], &["info", "--collectives"], &["doctor"], &["completions", "bash"]] {
        let mut command = scene.program(env!("CARGO_BIN_EXE_archi"), words);
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let outcome = scene.finish(command.stdout(full).spawn().unwrap());
        assert_eq!(outcome.status, Some(1), "{outcome:?}");
        outcome.expect_one_line(&["standard output cannot be written"]);

        let mut command = scene.program(env!("CARGO_BIN_EXE_archi"), words);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let outcome = scene.finish(command.stdout(writer).spawn().unwrap());
        assert_eq!((outcome.status, outcome.stderr.as_str()), (Some(0), ""), "{outcome:?}");
    }
}
