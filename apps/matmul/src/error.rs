//! What can go wrong, each as one clear line.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a matrix could not be read, multiplied or written.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The bytes of a matrix file break the rules of its format.
    Malformed {
        /// Where in the file, such as `line 3`.
        place: String,
        /// What is wrong there.
        what: String,
    },
    /// The file is well-formed and asks for something that we don't do, such as complex numbers.
    Unsupported(String),
    /// The matrix would have more elements than the limit.
    TooLarge {
        /// As stated by the file.
        rows: u64,
        /// As stated by the file.
        columns: u64,
        /// The limit, in elements.
        elements_max: usize,
    },
    /// A matrix that the chosen form cannot hold, such as 0.5 in a file of integers.
    Unfit(String),
    /// Bytes could not be written.
    Output(io::Error),
    /// The inputs can't be multiplied, or make no sense together.
    Input(String),
    /// The operating system refused.
    System {
        /// What we tried, such as `read`.
        verb: &'static str,
        /// With which file.
        path: PathBuf,
        /// Its answer.
        cause: io::Error,
    },
    /// Something is wrong with the content of a file.
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        cause: Box<Error>,
    },
    /// The product is wrong.
    Wrong(String),
    /// Communication failed.
    Runtime(archipelago::Error),
}

impl Error {
    /// Something is wrong at a place of a file.
    pub fn malformed(place: impl Into<String>, what: impl Into<String>) -> Error {
        Error::Malformed { place: place.into(), what: what.into() }
    }

    /// Says which file it was.
    pub fn in_file(self, path: &Path) -> Error {
        Error::File { path: path.to_path_buf(), cause: Box::new(self) }
    }

    /// Says what was tried with which file.
    pub fn system(verb: &'static str, path: &Path, cause: io::Error) -> Error {
        Error::System { verb, path: path.to_path_buf(), cause }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Malformed { place, what } => write!(f, "{place}: {what}"),
            Error::Unsupported(what) | Error::Unfit(what) | Error::Input(what) | Error::Wrong(what) => {
                f.write_str(what)
            }
            Error::TooLarge { rows, columns, elements_max } => {
                write!(f, "a {rows}x{columns} matrix has more than {elements_max} elements, the limit")
            }
            Error::Runtime(cause) => write!(f, "{cause}"),
            Error::Output(cause) => write!(f, "{cause}"),
            Error::System { verb, path, cause } => write!(f, "cannot {verb} {}: {cause}", path.display()),
            Error::File { path, cause } => write!(f, "{}: {cause}", path.display()),
        }
    }
}

impl std::error::Error for Error {}

impl From<archipelago::Error> for Error {
    fn from(cause: archipelago::Error) -> Error {
        Error::Runtime(cause)
    }
}
