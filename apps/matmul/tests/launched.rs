//! The program as a user starts it: `archi run -n 4 matmul ...`, in processes of their own.

use std::path::Path;
use std::process::{Command, Output};
use system_tests::{Folder, archi, output};

fn launch(ranks: usize, words: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut command = Command::new(archi());
    command
        .args(["run", "-n", &ranks.to_string(), env!("CARGO_BIN_EXE_matmul")])
        .args(words)
        .current_dir(root);
    output(command)
}

const DIGITS: [&str; 5] = ["--a", "data/digits.mtx", "--b", "data/digits.npy", "--transpose-b"];

#[test]
fn the_demo_is_verified() {
    let folder = Folder::new(env!("CARGO_TARGET_TMPDIR"), "launched");
    let out = folder.text("gram.npy");
    for algorithm in ["rows", "summa"] {
        let more = ["--verify", "--algorithm", algorithm, "--out", &out];
        let output = launch(4, &[&DIGITS[..], &more].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        assert!(text.starts_with("1797x64 times 64x1797 on 4 processes"), "{text}");
        assert!(text.contains("verified: all 3229209 elements equal those computed in integers"), "{text}");
        assert_eq!(output.stderr, b"");
        assert_eq!(folder.names(), ["gram.npy"]);
    }
}

#[test]
fn json_is_one_object() {
    let output = launch(3, &["--n", "100", "--verify", "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["rows"], 100);
    assert_eq!(report["processes"].as_array().unwrap().len(), 3);
    let sum = |key: &str| {
        report["processes"].as_array().unwrap().iter().map(|one| one[key].as_u64().unwrap()).sum::<u64>()
    };
    assert!(sum("bytes_sent") > 0);
}

#[test]
fn bad_input_is_one_line_of_one_rank() {
    let check = |words: &[&str], status: i32, expected: &str| {
        let output = launch(3, words);
        let text = String::from_utf8(output.stderr).unwrap();
        let said: Vec<&str> = text.lines().filter(|line| line.starts_with("matmul: ")).collect();
        assert_eq!(said, [format!("matmul: {expected}")], "{text}");
        assert_eq!(output.status.code(), Some(status), "{text}");
        assert_eq!(output.stdout, b"");
    };
    let size = |n: &str| {
        format!("invalid value '{n}' for '--n <N>': a matrix has 1 to 16384 rows; --help lists all options")
    };
    check(&["--n", "0"], 2, &size("0"));
    check(&["--n", "-1"], 2, &size("-1"));
    let absent = ["--a", "/nonexistent.mtx", "--b", "data/digits.npy"];
    check(&absent, 1, "cannot read /nonexistent.mtx: No such file or directory (os error 2)");
    let malformed = ["--a", "README.md", "--b", "data/digits.npy"];
    check(&malformed, 1, "README.md: at the start: neither Matrix Market (%%MatrixMarket) nor NumPy (.npy)");
    let full = [&DIGITS[..], &["--out", "/dev/full"]].concat();
    check(&full, 1, "cannot write /dev/full: No space left on device (os error 28)");
    let tip = "unexpected argument '--verifi' found; tip: a similar argument exists: '--verify'; --help lists all options";
    check(&["--n", "8", "--verifi"], 2, tip);
}

#[test]
fn a_long_product_shows_a_bar_on_a_terminal_and_only_there() {
    let words = ["--n", "2160"];
    assert_eq!(launch(1, &words).stderr, b"");
    // `script` gives a terminal; without it there is none to show anything on.
    let mut script = Command::new("script");
    let line = format!("{} run -n 1 {} --n 2160", archi().display(), env!("CARGO_BIN_EXE_matmul"));
    if Command::new("script").arg("--version").output().is_err() {
        return;
    }
    script.args(["-qec", &line, "/dev/null"]);
    let shown = String::from_utf8(output(script).stdout).unwrap();
    assert!(shown.contains("%") && shown.contains("elapsed") && shown.contains("to go"), "{shown}");
    // Gone when the report comes.
    assert!(shown.contains("\x1b[2K2160x2160 times 2160x2160 on 1 process"), "{shown}");
}
