//! The command line as people type it, and as they mistype it.

use crate::scene::{Scene, is_installed};

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
    refused(&[], &["no program is named", "mpiexec --help"]);
    refused(&["-n", "1", "true", ":"], &["part 2", "names no program"]);
    refused(&["-bind-to", "board", "true"], &["none, core, hwthread, l3cache, numa, socket"]);
    refused(&["-transport", "infiniband", "true"], &["auto, shm, tcp"]);
    refused(&["-n", "100000", "true"], &["100000 processes"]);
    refused(&["-host", "elsewhere", "true"], &["elsewhere is another host"]);
    refused(&["-env", "A", "1", "-env"], &["--env"]);
    refused(&["-timeout", "soon", "true"], &["seconds"]);
    refused(&["--timeout", "-1", "true"], &["'-1'", "--timeout", "not negative", "such as 10"]);
    refused(&["--nmup", "2", "true"], &["did you mean --np?"]);
    refused(&["--bind", "core", "true"], &["did you mean --bind-to?"]);
    refused(&["--qqqqqq", "true"], &["(see mpiexec --help)"]);
    refused(&["-iface", "lo", "true"], &["one host"]);
    refused(&["-configfile", "f"], &["A : -n 2 B"]);
    refused(&["-host", "localhost:2", "-n", "4", "true"], &["room for 2", "--oversubscribe"]);
    refused(&["--output-file", "out.%q", "true"], &["out.%q", "%q is no placeholder", "%r", "%h", "%%"]);
    refused(&["--output-file", "", "true"], &["without a name"]);
    refused(&["--transport", "TCP", "true"], &["did you mean tcp?"]);
    refused(
        &["-ppn", "2", "-n", "4", "true"],
        &["2 on each host", "spreads 4 processes over 2 hosts", "one host only"],
    );
    refused(&["-pernode", "-n", "2", "true"], &["spreads 2 processes over 2 hosts", "one host only"]);
    refused(&["-host", "localhost:1", "-n", "2", "true"], &["room for 1 process,"]);
    refused(&["-exitinfo", "true"], &["--print-all-exitcodes"]);
    refused(&["true", ":", "--label", "true"], &["--label is for the whole job"]);
}

#[test]
fn commands_that_are_none_name_the_right_one() {
    let refused = |words: &[&str], says: &[&str]| {
        let outcome = Scene::new().command(words);
        assert_eq!((outcome.status, outcome.stdout.as_str()), (Some(2), ""), "{words:?}: {outcome:?}");
        outcome.expect_one_line(&[&["archi: "], says].concat());
    };
    refused(&["rnu", "-n", "2", "true"], &["'rnu'", "did you mean archi run?"]);
    refused(&["-n", "2", "true"], &["did you mean archi run -n ...?"]);
    refused(&["./app"], &["archi run -n 4 ./app"]);
    refused(&["frobnicate"], &["there are run, info, doctor, bench, completions, help"]);
    refused(&["help", "rnu"], &["did you mean archi run?"]);
    refused(&["info", "json"], &["'json'", "see archi info --help"]);
    refused(&["info", "--jsno"], &["did you mean --json?"]);
    refused(&["doctor", "-n", "-1"], &["'-1'", "1..=4096"]);
    refused(&["info", "--collectives", "-1"], &["'-1'"]);
    refused(&["info", "--collectives", "8", "--json"], &["cannot be used with"]);
    refused(&["bench", "latency", "--plot", "a.svg"], &["'--plot'", "--svg FILE"]);
    refused(&["completions", "bahs"], &["did you mean bash?"]);
    refused(&["completions"], &["not provided: <SHELL>", "archi completions --help"]);
    refused(&["run", "--tiemout", "3", "true"], &["did you mean --timeout?"]);
}

#[test]
fn help_can_be_asked_for_in_each_way() {
    let help = |words: &[&str]| {
        let outcome = Scene::new().command(words);
        assert_eq!((outcome.status, outcome.stderr.as_str()), (Some(0), ""), "{words:?}: {outcome:?}");
        outcome.stdout
    };
    let run = help(&["run", "--help"]);
    assert!(run.contains("Usage: archi run [OPTIONS] PROGRAM"), "{run}");
    assert_eq!(help(&["help", "run"]), run);
    assert_eq!(help(&["help", "info"]), help(&["info", "--help"]));
    assert_eq!(help(&["help"]), help(&["--help"]));
    let scene = Scene::new();
    let outcome = scene.finish(scene.mpiexec(&["--help"]).spawn().unwrap());
    assert!(outcome.stdout.contains("Usage: mpiexec [OPTIONS] PROGRAM"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("mpiexec -n 4 ./app"), "{}", outcome.stdout);
    let outcome = scene.finish(scene.mpiexec(&["--version"]).spawn().unwrap());
    assert_eq!(outcome.stdout, concat!("mpiexec ", env!("CARGO_PKG_VERSION"), " (Archipelago)\n"));
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

/// What bash offers for the last of these words, after the completions were sourced.
fn offered(program: &str, words: &[&str]) -> Vec<String> {
    let scene = Scene::new();
    let script = "source <(\"$0\" completions bash) || exit 9; program=$1; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
                  _$program \"$program\" \"${@: -1}\" \"${@: -2:1}\"; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let archi = env!("CARGO_BIN_EXE_archi");
    let child = scene.program("bash", &[&["-c", script, archi, program], words].concat()).spawn().unwrap();
    let outcome = scene.finish(child);
    assert_eq!((outcome.status, outcome.stderr.as_str()), (Some(0), ""), "{outcome:?}");
    outcome.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes() {
    if !is_installed("bash") {
        return;
    }
    assert_eq!(offered("archi", &["ru"]), ["run"]);
    assert_eq!(offered("archi", &["run", "--bind"]), ["--bind-to"]);
    assert_eq!(
        offered("archi", &["run", "--bind-to", ""]),
        ["none", "core", "hwthread", "l3cache", "numa", "socket"]
    );
    assert_eq!(offered("archi", &["info", "--js"]), ["--json"]);
    for name in ["mpiexec", "mpirun"] {
        assert_eq!(offered(name, &["--time"]), ["--timestamp", "--timeout"]);
    }
}
