//! Files: the shipped data, and what is left when writing fails.

use matmul::{Error, Matrix, file};
use std::path::{Path, PathBuf};
use system_tests::Folder;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data").join(name)
}

fn folder(name: &str) -> Folder {
    Folder::new(env!("CARGO_TARGET_TMPDIR"), name)
}

#[test]
fn both_files_of_digits_hold_the_same_matrix() {
    let (text, binary) = (file::read(&data("digits.mtx")).unwrap(), file::read(&data("digits.npy")).unwrap());
    assert_eq!((text.rows(), text.columns()), (1797, 64));
    assert_eq!(text, binary);
    assert!(text.values().iter().all(|value| (0.0..=16.0).contains(value) && value.fract() == 0.0));
    assert_eq!(text.values().iter().sum::<f64>(), 561_718.0);
}

#[test]
fn a_matrix_comes_back_from_a_file_of_either_kind() {
    let folder = folder("either");
    let matrix = Matrix::from_values(2, 3, vec![1.0, -2.5, 1e300, 0.0, 7.0, 0.1]);
    for name in ["m.npy", "m.mtx"] {
        file::write(&folder.path(name), &matrix).unwrap();
        assert_eq!(file::read(&folder.path(name)).unwrap(), matrix);
    }
    assert_eq!(folder.names().len(), 2);
}

#[test]
fn unreadable_files_are_named() {
    let line = file::read(Path::new("/nonexistent/a.mtx")).unwrap_err().to_string();
    assert_eq!(line, "cannot read /nonexistent/a.mtx: No such file or directory (os error 2)");
    let line = file::read(Path::new("/dev/zero")).unwrap_err().to_string();
    assert_eq!(line, "/dev/zero: at the start: neither Matrix Market (%%MatrixMarket) nor NumPy (.npy)");
    let line = file::read(Path::new("/dev/null")).unwrap_err().to_string();
    assert_eq!(line, "/dev/null: at the start: neither Matrix Market (%%MatrixMarket) nor NumPy (.npy)");
}

#[test]
fn a_full_disk_is_reported() {
    let line = file::write(Path::new("/dev/full"), &Matrix::zeros(3, 3)).unwrap_err().to_string();
    assert_eq!(line, "cannot write /dev/full: No space left on device (os error 28)");
}

#[test]
fn nothing_half_written_is_left() {
    let folder = folder("half");
    // The name is taken by a folder when the finished file should get it.
    std::fs::create_dir(folder.path("taken.npy")).unwrap();
    assert!(file::write(&folder.path("taken.npy"), &Matrix::zeros(2, 2)).is_err());
    assert!(matches!(file::check_writable(&folder.path("taken.npy")), Err(Error::Input(_))));
    assert!(matches!(file::check_writable(&folder.path("absent/c.npy")), Err(Error::Input(_))));
    assert!(file::check_writable(&folder.path("c.npy")).is_ok());
    assert_eq!(folder.names(), ["taken.npy"]);
}
