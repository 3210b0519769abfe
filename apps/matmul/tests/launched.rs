//! The program as a user starts it: `archi run -n 4 matmul ...`, in processes of their own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The launcher, built if it isn't there: it lies where the build put the program.
fn archi() -> PathBuf {
    let matmul = Path::new(env!("CARGO_BIN_EXE_matmul"));
    let archi = matmul.with_file_name("archi");
    if !archi.exists() {
        let release = matmul.parent().is_some_and(|folder| folder.ends_with("release"));
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--package", "archipelago-cli"]).args(release.then_some("--release"));
        assert!(build.status().unwrap().success(), "the launcher can be built");
    }
    archi
}

fn launch(ranks: usize, words: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut command = Command::new(archi());
    command
        .args(["run", "-n", &ranks.to_string(), env!("CARGO_BIN_EXE_matmul")])
        .args(words)
        .current_dir(root);
    command.output().unwrap()
}

const DIGITS: [&str; 5] = ["--a", "data/digits.mtx", "--b", "data/digits.npy", "--transpose-b"];

#[test]
fn the_demo_is_verified() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("launched-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let out = folder.join("gram.npy");
    for algorithm in ["rows", "summa"] {
        let more = ["--verify", "--algorithm", algorithm, "--out", out.to_str().unwrap()];
        let output = launch(4, &[&DIGITS[..], &more].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        assert!(text.starts_with("1797x64 times 64x1797 on 4 processes"), "{text}");
        assert!(text.contains("verified: all 3229209 elements equal those computed in integers"), "{text}");
        assert_eq!(output.stderr, b"");
        let names: Vec<_> =
            std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["gram.npy"]);
    }
    std::fs::remove_dir_all(&folder).unwrap();
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
    check(&["--n", "0"], 1, "--n 0: a matrix has at least one row");
    let absent = ["--a", "/nonexistent.mtx", "--b", "data/digits.npy"];
    check(&absent, 1, "cannot read /nonexistent.mtx: No such file or directory (os error 2)");
    let malformed = ["--a", "README.md", "--b", "data/digits.npy"];
    check(&malformed, 1, "README.md: at the start: neither Matrix Market (%%MatrixMarket) nor NumPy (.npy)");
    let full = [&DIGITS[..], &["--out", "/dev/full"]].concat();
    check(&full, 1, "cannot write /dev/full: No space left on device (os error 28)");
    let tip = "unexpected argument '--verifi' found; tip: a similar argument exists: '--verify'; --help lists all options";
    check(&["--n", "8", "--verifi"], 2, tip);
}
