//! Why a measurement failed.

use std::fmt;

/// Why a measurement failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A verb failed.
    Communication(archipelago::Error),
    /// What arrived is not what was sent.
    Corrupt {
        /// In which benchmark.
        benchmark: String,
        /// At which rank.
        rank: usize,
        /// What was found.
        what: String,
    },
    /// The plan can't be measured on so many ranks.
    Ranks {
        /// What was to be measured.
        benchmark: String,
        /// How many ranks it needs at least.
        need: usize,
        /// How many there are.
        have: usize,
    },
    /// A thread can't be started.
    Thread(std::io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Communication(error) => error.fmt(f),
            Error::Corrupt { benchmark, rank, what } => {
                write!(f, "{benchmark}: rank {rank} got wrong data: {what}")
            }
            Error::Ranks { benchmark, need, have } => {
                write!(f, "{benchmark} needs {need} ranks and there are {have}: use --ranks {need}")
            }
            Error::Thread(error) => write!(f, "a thread can't be started: {error}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<archipelago::Error> for Error {
    fn from(error: archipelago::Error) -> Error {
        Error::Communication(error)
    }
}
