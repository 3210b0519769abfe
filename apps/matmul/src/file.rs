//! Matrices in files: which format, whole or not at all.

use crate::error::Error;
use crate::matrix::{ELEMENTS_MAX, Matrix};
use crate::{market, npy};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::Path;

/// Reads a matrix. Its first bytes say which format it is.
///
/// # Errors
/// [`Error::System`] if the file can't be read, [`Error::File`] for what is wrong with its content.
pub fn read(path: &Path) -> Result<Matrix, Error> {
    let refused = |cause| Error::system("read", path, cause);
    let mut file = File::open(path).map_err(refused)?;
    let mut bytes = vec![0; market::BANNER.len()];
    let length = fill(&mut file, &mut bytes).map_err(refused)?;
    bytes.truncate(length);
    let reader: fn(&[u8], usize) -> Result<Matrix, Error> = if bytes.starts_with(npy::MAGIC) {
        npy::read
    } else if bytes == market::BANNER {
        market::read
    } else {
        // Told apart before the rest is read: it may be a device without an end.
        let what = "neither Matrix Market (%%MatrixMarket) nor NumPy (.npy)";
        return Err(Error::malformed("at the start", what).in_file(path));
    };
    file.read_to_end(&mut bytes).map_err(refused)?;
    reader(&bytes, ELEMENTS_MAX).map_err(|error| error.in_file(path))
}

/// Fills a buffer as far as the file reaches.
fn fill(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match file.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

/// Writes a matrix in the format that the name's ending asks for: `.npy`, and Matrix Market for all others.
///
/// A file appears under its name only when it is complete: it is written beside it, and renamed. A name that is
/// there and no ordinary file (a device, a pipe) is written to directly.
///
/// # Errors
/// [`Error::System`] or [`Error::File`]; nothing half-written is left.
pub fn write(path: &Path, matrix: &Matrix) -> Result<(), Error> {
    if fs::metadata(path).is_ok_and(|data| !data.is_file()) {
        let file =
            File::options().write(true).open(path).map_err(|cause| Error::system("write", path, cause))?;
        return write_to(file, path, matrix).map(drop);
    }
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.part", std::process::id()));
    let beside = path.with_file_name(name);
    let written = File::create_new(&beside)
        .map_err(|cause| Error::system("write", path, cause))
        .and_then(|file| {
            let file = write_to(file, path, matrix)?;
            file.sync_all().map_err(|cause| Error::system("write", path, cause))
        })
        .and_then(|()| fs::rename(&beside, path).map_err(|cause| Error::system("write", path, cause)));
    if written.is_err() {
        let _ = fs::remove_file(&beside); // it may not exist; the first error is the one that matters
    }
    written
}

/// Finds out early whether [`write()`] has a chance: its folder is there, and its name is not a folder's.
///
/// # Errors
/// [`Error::Input`] with the reason.
pub fn check_writable(path: &Path) -> Result<(), Error> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if path.is_dir() {
        return Err(Error::Input(format!("cannot write {}: it is a folder", path.display())));
    }
    if !folder.is_dir() {
        return Err(Error::Input(format!(
            "cannot write {}: {} is no folder",
            path.display(),
            folder.display()
        )));
    }
    Ok(())
}

fn write_to(file: File, path: &Path, matrix: &Matrix) -> Result<File, Error> {
    let mut out = BufWriter::with_capacity(1 << 16, file);
    let written = if path.extension().is_some_and(|ending| ending == "npy") {
        npy::write(matrix, npy::Form::DOUBLES, &mut out)
    } else {
        let field = if matrix.is_integer() { market::Field::Integer } else { market::Field::Real };
        market::write(matrix, market::Form { field, ..market::Form::DENSE }, &mut out)
    };
    written.and_then(|()| out.flush().map_err(Error::Output)).map_err(|error| match error {
        Error::Output(cause) => Error::system("write", path, cause),
        other => other.in_file(path),
    })?;
    out.into_inner().map_err(|error| Error::system("write", path, error.into_error()))
}
