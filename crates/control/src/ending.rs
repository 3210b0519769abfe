//! How a process ended.

use serde::{Deserialize, Serialize};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Ending {
    /// It exited with this status.
    Exited(i32),
    /// This signal killed it.
    Signalled {
        /// The signal's number.
        signal: i32,
        /// Whether the kernel wrote a core file.
        core: bool,
    },
    /// It ended behind the program that started it, which alone knows how.
    Unseen,
}

impl Ending {
    /// What a shell would give as the status: the exit status, or 128 + the signal.
    pub fn status(self) -> u8 {
        match self {
            Ending::Exited(status) => status as u8,
            Ending::Signalled { signal, .. } => (128 + signal) as u8,
            Ending::Unseen => 1,
        }
    }

    /// Whether the process exited with status 0.
    pub fn is_success(self) -> bool {
        self == Ending::Exited(0)
    }
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Ending::Exited(status) => write!(f, "exited with status {status}"),
            Ending::Signalled { signal, core } => {
                write!(f, "killed by signal {signal}")?;
                if let Some(name) = os::signal::name(*signal) {
                    write!(f, " ({name})")?;
                }
                if *core { write!(f, ", core dumped") } else { Ok(()) }
            }
            Ending::Unseen => write!(f, "ended behind the program that started it"),
        }
    }
}
