//! The textbook's program in C has the same product as this one.

#[path = "../../../crates/mpi-abi/tests/prefix/mod.rs"]
mod prefix;

use matmul::{file, product::product};
use std::path::Path;
use system_tests::Folder;

#[test]
fn the_product_in_c_is_ours() {
    let program = prefix::compile_in("c", "gram.c", &["-O2"]);
    let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/digits.mtx");
    let digits = file::read(&input).unwrap();
    let expected = product(&digits, &digits.transposed());
    let folder = Folder::new(env!("CARGO_TARGET_TMPDIR"), "in-c");
    // 1797 is a multiple of 3, and not of 4.
    for ranks in [1, 3, 4] {
        let path = folder.path(&format!("gram-{ranks}.npy"));
        let output = prefix::launch(&program, ranks).arg(&input).arg(&path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let processes = if ranks == 1 { "1 process".to_owned() } else { format!("{ranks} processes") };
        assert!(text.starts_with(&format!("1797x64 times 64x1797 on {processes}, in C: ")), "{text}");
        // All values are small integers, and so exact in whatever order they are added.
        assert_eq!(file::read(&path).unwrap(), expected, "{ranks} ranks");
    }
}

#[test]
fn wrong_input_in_c_is_one_line() {
    let program = prefix::compile_in("c", "gram.c", &[]);
    let output = prefix::launch(&program, 2).args(["/nonexistent.mtx", "/nonexistent.npy"]).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    // The launcher may hear of the abort before it has the line.
    assert!(text.lines().any(|line| line == "gram: cannot be read: /nonexistent.mtx"), "{text}");
}
