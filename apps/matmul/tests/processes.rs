//! The whole program on several ranks: both algorithms, sizes that don't divide, and bad input that one rank reports.

use archipelago::Comm;
use matmul::run::{Status, run};
use matmul::{Matrix, file, generate, product};
use std::ffi::OsString;
use std::path::Path;
use std::sync::Mutex;
use system_tests::Folder;

fn folder(name: &str) -> Folder {
    Folder::new(env!("CARGO_TARGET_TMPDIR"), name)
}

/// The statuses of all ranks of `matmul words`, by rank.
fn statuses(ranks: usize, words: &[&str]) -> Vec<Status> {
    let found = Mutex::new(vec![None; ranks]);
    archipelago::testing::run(ranks, |world: Comm| {
        let arguments = std::iter::once("matmul").chain(words.iter().copied()).map(OsString::from);
        let status = run(&world, arguments, &mut std::io::sink());
        found.lock().unwrap()[world.rank()] = Some(status);
    });
    found.into_inner().unwrap().into_iter().map(|status| status.unwrap()).collect()
}

fn data(name: &str) -> String {
    format!("{}/../../data/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_gram_matrix_of_the_digits_is_exact_on_any_number_of_ranks() {
    let folder = folder("gram");
    let (digits, same_digits) = (data("digits.mtx"), data("digits.npy"));
    let mut first: Option<Matrix> = None;
    for ranks in [1, 2, 4, 7] {
        for algorithm in ["rows", "summa"] {
            let out = folder.text(&format!("gram-{ranks}-{algorithm}.npy"));
            let words = [
                "--a",
                &digits,
                "--b",
                &same_digits,
                "--transpose-b",
                "--algorithm",
                algorithm,
                "--verify",
                "--out",
                &out,
            ];
            assert_eq!(statuses(ranks, &words), vec![Status::Done; ranks], "{algorithm} on {ranks}");
            let gram = file::read(Path::new(&out)).unwrap();
            assert_eq!((gram.rows(), gram.columns()), (1797, 1797));
            assert_eq!(first.get_or_insert_with(|| gram.clone()), &gram, "{algorithm} on {ranks}");
        }
    }
}

#[test]
fn sizes_need_not_divide() {
    let folder = folder("sizes");
    for (m, k, n) in [(1, 1, 1), (2, 5, 3), (5, 3, 1), (13, 17, 11)] {
        let (a, b) = (generate::matrix(7, 0, m, k), generate::matrix(7, 1, k, n));
        let (file_a, file_b, out) = (folder.text("a.npy"), folder.text("b.mtx"), folder.text("c.npy"));
        file::write(Path::new(&file_a), &a).unwrap();
        file::write(Path::new(&file_b), &b).unwrap();
        let expected = product::product(&a, &b);
        for ranks in [1, 3, 4, 6] {
            for algorithm in ["rows", "summa"] {
                let words = [
                    "--a",
                    &file_a,
                    "--b",
                    &file_b,
                    "--algorithm",
                    algorithm,
                    "--verify",
                    "--out",
                    &out,
                    "--json",
                ];
                assert_eq!(
                    statuses(ranks, &words),
                    vec![Status::Done; ranks],
                    "{m}x{k}x{n} {algorithm} on {ranks}"
                );
                let product = file::read(Path::new(&out)).unwrap();
                let close = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-12;
                assert!(
                    product.values().iter().zip(expected.values()).all(close),
                    "{m}x{k}x{n} {algorithm} on {ranks}"
                );
            }
        }
    }
}

#[test]
fn random_matrices_are_verified_by_freivalds() {
    for algorithm in ["rows", "summa"] {
        let words = ["--n", "200", "--seed", "3", "--algorithm", algorithm, "--verify"];
        assert_eq!(statuses(3, &words), [Status::Done; 3]);
    }
}

#[test]
fn bad_input_is_one_ranks_failure_and_leaves_no_file() {
    let folder = folder("bad");
    let digits = data("digits.npy");
    let malformed = folder.text("malformed.mtx");
    std::fs::write(&malformed, "%%MatrixMarket matrix array real general\n2 2\n1\nx\n3\n4\n").unwrap();
    let out = folder.text("c.npy");
    let check = |words: &[&str], expected: Status| {
        assert_eq!(statuses(3, words), [expected, Status::Done, Status::Done], "{words:?}");
    };
    check(&["--n", "0", "--out", &out], Status::Usage);
    let (number, not) = (folder.text("number.mtx"), folder.text("not-a-number.npy"));
    file::write(Path::new(&number), &Matrix::from_values(2, 2, vec![1.0; 4])).unwrap();
    file::write(Path::new(&not), &Matrix::from_values(2, 2, vec![1.0, 1.0, f64::NAN, 1.0])).unwrap();
    check(&["--a", &number, "--b", &not, "--verify", "--out", &out], Status::Failed);
    check(&["--a", &number, "--b", &not], Status::Done);
    std::fs::remove_file(number).unwrap();
    std::fs::remove_file(not).unwrap();
    check(&["--a", "/nonexistent.mtx", "--b", &digits, "--out", &out], Status::Failed);
    check(&["--a", &malformed, "--b", &digits, "--out", &out], Status::Failed);
    check(&["--a", &digits, "--b", &digits, "--out", &out], Status::Failed);
    check(&["--n", "8", "--out", "/dev/full"], Status::Failed);
    check(&["--n", "8", "--out", "/nonexistent/c.npy"], Status::Failed);
    check(&[], Status::Failed);
    check(&["--nn", "8"], Status::Usage);
    check(&["--n", "eight"], Status::Usage);
    check(&["--n", "8", "--a", &digits], Status::Usage);
    check(&["--help"], Status::Done);
    assert_eq!(folder.names(), ["malformed.mtx"]);
}
