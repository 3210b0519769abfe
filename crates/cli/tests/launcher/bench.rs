//! `archi bench`: real ranks for a moment, and what becomes of its files.

use crate::scene::{Outcome, Scene};

fn measured(scene: &Scene, words: &[&str]) -> Outcome {
    let outcome = scene.command(&[&["bench"], words].concat());
    assert_eq!((outcome.status, outcome.stderr.as_str()), (Some(0), ""), "{words:?}: {outcome:?}");
    outcome
}

/// All benchmarks for a moment by one transport; two files of figures.
fn all_by(transport: &str, ranks: &str) {
    let scene = Scene::new();
    let [json, csv, svg] = ["a.json", "a.csv", "a.svg"].map(|name| scene.path(name).display().to_string());
    let words = ["all", "-n", ranks, "--transport", transport, "--sizes", "8,20K", "--time", "100ms"];
    let files = ["--form", "all", "--json", &json, "--csv", &csv, "--svg", &svg];
    let outcome = measured(&scene, &[&words[..], &files].concat());
    for name in ["latency:", "thread-rate:", "all-reduce:", "neighbour-all-to-all:", "overlap-barrier:"] {
        assert!(outcome.stdout.lines().any(|line| line.starts_with(name)), "{name} {outcome:?}");
    }
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    let results: serde_json::Value = serde_json::from_str(&read(&json)).unwrap();
    assert_eq!((results["transport"].as_str(), results["version"].as_u64()), (Some(transport), Some(1)));
    let rows = results["rows"].as_array().unwrap().len();
    assert_eq!(read(&csv).lines().count(), rows + 1);
    assert!(read(&svg).starts_with("<svg "));
    // The same figures are not worse than themselves.
    let compared = measured(&scene, &["--compare", &json, &json, "--svg", &svg]);
    assert!(compared.stdout.contains(&format!("{rows} rows: 0 better, 0 worse")), "{compared:?}");
}

#[test]
fn all_benchmarks_over_shared_memory() {
    all_by("shm", "3");
}

#[test]
fn all_benchmarks_over_sockets() {
    all_by("tcp", "2");
}

#[test]
fn one_rank_and_four() {
    let scene = Scene::new();
    let alone = measured(&scene, &["all", "--ranks", "1", "--sizes", "8", "--time", "50ms"]);
    assert!(alone.stdout.contains("latency was left out: it needs 2 ranks"), "{alone:?}");
    assert!(alone.stdout.contains("\nbarrier: "), "{alone:?}");
    let words = ["all-reduce", "--ranks", "4", "--form", "persistent", "--algorithm", "ring"];
    let four = measured(&scene, &[&words[..], &["--sizes", "64", "--time", "50ms"]].concat());
    assert!(four.stdout.contains("persistent") && four.stdout.contains("=ring"), "{four:?}");
}

#[test]
fn under_a_launcher_it_is_a_program_like_any_other() {
    let scene = Scene::new();
    let archi = env!("CARGO_BIN_EXE_archi");
    let words = ["-n", "3", archi, "bench", "barrier", "--time", "20ms"];
    let outcome = scene.run(&words);
    assert_eq!(outcome.status, Some(0), "{outcome:?}");
    assert!(
        outcome.stdout.starts_with("3 ranks on ") && outcome.stdout.contains("\nbarrier: "),
        "{outcome:?}"
    );
    let refused = scene.run(&["-n", "3", archi, "bench", "barrier", "--ranks", "2"]);
    assert_eq!(refused.status, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("archi run has started 3 ranks"), "{refused:?}");
    let refused = scene.run(&["-n", "1", archi, "bench", "latency"]);
    assert!(refused.stderr.contains("latency needs 2 ranks"), "{refused:?}");
}

#[test]
fn a_comparison_ends_with_what_it_found() {
    let scene = Scene::new();
    let written = |name: &str, text: &str| {
        std::fs::write(scene.path(name), text).unwrap();
        scene.path(name).display().to_string()
    };
    let figures = |figure: &str| {
        format!(
            r#"{{"format": "archi bench", "version": 1, "taken": "", "host": "h", "machine": "m", "load": "0", "archipelago": "0",
            "ranks": 2, "transport": "auto", "bind_to": "none", "settings": [], "rows": [{{"benchmark": "latency", "form": null,
            "algorithm": null, "threads": null, "communicators": null, "bytes": 8, "unit": "µs", "less_is_better": true,
            "operations": 1, "figures": [{figure}], "microseconds": null}}]}}"#
        )
    };
    let (slow, fast) = (written("slow", &figures("2")), written("fast", &figures("1")));
    let compare = |before: &str, after: &str| scene.command(&["bench", "--compare", before, after]);
    let worse = compare(&fast, &slow);
    assert_eq!(worse.status, Some(3), "{worse:?}");
    assert!(worse.stdout.contains("2.00  WORSE") && worse.stdout.contains("1 worse"), "{worse:?}");
    assert_eq!(compare(&slow, &fast).status, Some(0));
    let lenient = scene.command(&["bench", "--compare", &fast, &slow, "--tolerance", "150"]);
    assert_eq!(lenient.status, Some(0), "{lenient:?}");
    for (text, says) in [("", "no JSON"), ("{}", "not written by archi bench"), ("\u{1b}[2J", "no JSON")] {
        let outcome = compare(&fast, &written("bad", text));
        assert_eq!(outcome.status, Some(1), "{outcome:?}");
        outcome.expect_one_line(&["archi: bench: ", "bad", says]);
    }
    let outcome = compare(&fast, "/no/such/file");
    assert_eq!(outcome.status, Some(1));
    outcome.expect_one_line(&["/no/such/file", "No such file"]);
    let endless = compare(&fast, "/dev/zero");
    assert_eq!(endless.status, Some(1));
    endless.expect_one_line(&["/dev/zero", "longer than"]);
}

#[test]
fn mistakes_get_one_line_that_helps() {
    let refused = |words: &[&str], says: &[&str]| {
        let outcome = Scene::new().command(&[&["bench"], words].concat());
        assert_eq!((outcome.status, outcome.stdout.as_str()), (Some(2), ""), "{words:?}: {outcome:?}");
        outcome.expect_one_line(says);
    };
    refused(&["lattency"], &["did you mean latency?"]);
    refused(&["zzzzzzzzz"], &["archi bench --list"]);
    refused(&["latency", "--ranks", "1"], &["latency needs 2 ranks: --ranks 2"]);
    refused(&["--ranks", "0"], &["1..=4096"]);
    refused(&["--ranks", "-1"], &["1..=4096"]);
    refused(&["--sizes", "4K..1K"], &["ends before it begins"]);
    refused(&["--sizes", "big"], &["`big` is no size"]);
    refused(&["--form", "persistant"], &["did you mean persistent?"]);
    refused(&["barrier", "--form", "future"], &["barrier has no form `future`", "--list"]);
    refused(&["latency", "--form", "owned"], &["latency has no form `owned`"]);
    refused(&["all-reduce", "--algorithm", "magic"], &["no collective has an algorithm `magic`"]);
    refused(&["barrier", "--algorithm", "bruck"], &["leave nothing to measure"]);
    refused(&["--threads", "0"], &["1..=256"]);
    refused(&["--time", "soon"], &["number of seconds"]);
    refused(&["--transport", "ib"], &["auto, shm, tcp"]);
    refused(&["--compare", "a"], &["2 values required"]);
    refused(&["--tolerance", "-3"], &["--tolerance"]);
    refused(&["--siezs", "8"], &["did you mean --sizes?"]);
}

#[test]
fn files_that_cannot_be_written_are_told_before_anything_is_measured() {
    let outcome = Scene::new().command(&["bench", "--json", "/no/such/folder/a.json"]);
    assert_eq!((outcome.status, outcome.stdout.as_str()), (Some(1), ""), "{outcome:?}");
    outcome.expect_one_line(&["cannot write /no/such/folder/a.json"]);
}

#[test]
fn the_list_names_every_benchmark() {
    let outcome = measured(&Scene::new(), &["--list"]);
    for collective in engine::collective::Collective::ALL {
        for name in [collective.name().to_owned(), format!("overlap-{}", collective.name())] {
            assert!(outcome.stdout.contains(&format!("  {name} ")), "{name} is not in {outcome:?}");
        }
    }
}
