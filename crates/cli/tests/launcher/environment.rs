//! Variables, directories, several programs.

use crate::scene::Scene;

#[track_caller]
fn check(words: &[&str], expected: &[&str]) {
    let scene = Scene::new();
    let child = scene.archi(words).env("OUTER", "outer").spawn().unwrap();
    let outcome = scene.finish(child);
    assert_eq!((outcome.status, outcome.lines()), (Some(0), expected.to_vec()), "{}", outcome.stderr);
}

const SHOW: [&str; 3] = ["sh", "-c", "echo ${A-none} ${OUTER-none}"];

#[test]
fn every_spelling() {
    check(&[&["-env", "A", "1"], &SHOW[..]].concat(), &["1 outer"]);
    check(&[&["-genv", "A", "1"], &SHOW[..]].concat(), &["1 outer"]);
    check(&[&["-x", "A=1"], &SHOW[..]].concat(), &["1 outer"]);
    check(&[&["--env", "A=1 2=3"], &SHOW[..]].concat(), &["1 2=3 outer"]);
    check(&[&["-genv", "A", "1", "-env", "A", "2"], &SHOW[..]].concat(), &["2 outer"]);
    check(&[&["-envall"], &SHOW[..]].concat(), &["none outer"]);
    // Without its marker the process could not be found if it stayed; it is part of the job all the same.
    check(&["-envnone", "-x", "A=1", "/bin/sh", "-c", "echo ${A-none} ${OUTER-none}"], &["1 none"]);
    check(&["-genvnone", "-x", "OUTER", "/bin/sh", "-c", "echo ${A-none} ${OUTER-none}"], &["none outer"]);
    check(
        &["-envlist", "OUTER,A", "/bin/sh", "-c", "echo ${A-none} ${OUTER-none} ${HOME-none}"],
        &["none outer none"],
    );
}

#[test]
fn several_programs_share_one_world() {
    let scene = Scene::new();
    let directory = scene.path("here");
    std::fs::create_dir(&directory).unwrap();
    let here = directory.canonicalize().unwrap();
    let show =
        "echo $ARCHIPELAGO_RANK/$ARCHIPELAGO_SIZE $ARCHIPELAGO_LOCAL_RANK/$ARCHIPELAGO_LOCAL_SIZE $A $PWD";
    let words = [
        "-n",
        "1",
        "-env",
        "A",
        "x",
        "-wdir",
        "/",
        "sh",
        "-c",
        show,
        ":",
        "-n",
        "2",
        "-env",
        "A",
        "y",
        "-wdir",
        directory.to_str().unwrap(),
        "sh",
        "-c",
        show,
    ];
    let here = here.display();
    check(&words, &["0/3 0/3 x /", &format!("1/3 1/3 y {here}"), &format!("2/3 2/3 y {here}")]);
}

#[test]
fn binding() {
    let cores = os::cores::affinity().unwrap();
    let script = "grep Cpus_allowed_list /proc/self/status | tr '\\t' ' '";
    let expected: Vec<String> = cores
        .iter()
        .take(2)
        .enumerate()
        .map(|(rank, core)| format!("[{rank}] Cpus_allowed_list: {core}"))
        .collect();
    let count = expected.len().to_string();
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    check(&["-n", &count, "-l", "-bind-to", "core", "sh", "-c", script], &expected);
    let too_many = (cores.len() + 1).to_string();
    let outcome = Scene::new().run(&["-n", &too_many, "-bind-to", "core", "true"]);
    assert_eq!(outcome.status, Some(0));
    outcome.expect_one_line(&["more processes than cores"]);
}

#[test]
fn hosts_in_both_spellings() {
    let scene = Scene::new();
    let file = scene.path("hosts");
    for text in ["localhost slots=2 # two\n", "# MPICH\nlocalhost:2\n"] {
        std::fs::write(&file, text).unwrap();
        check(&["-hostfile", file.to_str().unwrap(), "echo", "x"], &["x", "x"]);
    }
    check(&["-host", "localhost:3", "echo", "x"], &["x", "x", "x"]);
    std::fs::write(&file, "localhost\nnode17\n").unwrap();
    let outcome = scene.run(&["-f", file.to_str().unwrap(), "true"]);
    assert_eq!(outcome.status, Some(2));
    outcome.expect_one_line(&["node17 is another host", "later version"]);
}
