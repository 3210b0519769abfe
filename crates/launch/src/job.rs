//! What is to be run.

use crate::pattern::expand;
use control::Transport;
use control::agent::{App, Bind, Input};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Exit status of a job whose time was over, as `timeout(1)` has it.
pub const STATUS_TIMEOUT: u8 = 124;
/// Exit status when the launcher itself failed.
pub const STATUS_FAILURE: u8 = 1;
/// Exit status for a command line that makes no sense.
pub const STATUS_USAGE: u8 = 2;

/// The most processes on one host: slots of its segment are 16 bits wide.
pub const LOCAL_PROCESSES_MAX: usize = 4096;

/// A job: programs to start together, and how.
#[derive(Clone, Debug)]
pub struct Job {
    /// The name by which the launcher speaks of itself, such as "archi".
    pub name: String,
    /// The parts of the command line; their processes are numbered one part after the other.
    pub parts: Vec<Part>,
    /// What each process is bound to (cores of its own only as long as there are enough).
    pub bind: Bind,
    /// Whether it is told what each process is bound to.
    pub tells_bindings: bool,
    /// Which transports the processes may use.
    pub transport: Transport,
    /// Who gets standard input.
    pub input: Input,
    /// Whether a process's death leaves the others running.
    pub keep_going: bool,
    /// Whether processes that a signal killed count for nothing, if another ended well.
    pub accept_losses: bool,
    /// Whether it is told at the end how each process has ended.
    pub tells_endings: bool,
    /// Whether a table of counters is printed at the end.
    pub statistics: bool,
    /// When the job is ended in any case.
    pub timeout: Option<Duration>,
    /// How long processes may take to end after the user asked for it by a signal.
    pub grace: Duration,
    /// Whether each line of output begins with its process's number.
    pub label: bool,
    /// Whether each line of output begins with the time.
    pub timestamp: bool,
    /// Where standard output goes instead: a path in which `%r` is the process's number and `%h` the host.
    pub output_pattern: Option<OsString>,
    /// Where standard error goes instead: a path in which `%r` is the process's number and `%h` the host.
    pub error_pattern: Option<OsString>,
    /// A file to which the watchdog's reports are added as lines of JSON.
    pub watchdog_json: Option<PathBuf>,
    /// Settings by name, handed to the processes.
    pub options: Vec<(String, String)>,
    /// Whether the launcher tells what it starts.
    pub verbose: bool,
}

/// One part of a job: so many processes of one program.
#[derive(Clone, Debug)]
pub struct Part {
    /// How many.
    pub processes: usize,
    /// What each of them runs.
    pub app: App,
}

impl Job {
    /// A job of these parts with everything else as it is by default.
    pub fn new(name: &str, parts: Vec<Part>) -> Job {
        Job {
            name: name.to_owned(),
            parts,
            bind: Bind::None,
            tells_bindings: false,
            transport: Transport::Auto,
            input: Input::First,
            keep_going: false,
            accept_losses: false,
            tells_endings: false,
            statistics: false,
            timeout: None,
            grace: Duration::from_secs(5),
            label: false,
            timestamp: false,
            output_pattern: None,
            error_pattern: None,
            watchdog_json: None,
            options: Vec::new(),
            verbose: false,
        }
    }

    /// How many processes it has in all.
    pub fn size(&self) -> usize {
        self.parts.iter().map(|part| part.processes).sum()
    }

    /// Whether it can be started at all.
    ///
    /// # Errors
    /// As [`JobError`] lists.
    pub fn check(&self) -> Result<(), JobError> {
        if self.parts.is_empty() {
            return Err(JobError::NoProgram { part: 0 });
        }
        for (part, Part { processes, app }) in self.parts.iter().enumerate() {
            if app.command.first().is_none_or(|program| program.is_empty()) {
                return Err(JobError::NoProgram { part });
            }
            if *processes == 0 {
                return Err(JobError::NoProcesses { part });
            }
        }
        // Summed with saturation: each count comes from the user.
        let size = self.parts.iter().fold(0usize, |sum, part| sum.saturating_add(part.processes));
        if size > LOCAL_PROCESSES_MAX {
            return Err(JobError::TooMany { size });
        }
        for pattern in self.output_pattern.iter().chain(&self.error_pattern) {
            let expanded = if pattern.is_empty() { Err(String::new()) } else { expand(pattern, 0, "") };
            if let Err(placeholder) = expanded {
                return Err(JobError::BadPattern { pattern: pattern.clone(), placeholder });
            }
        }
        match self.input {
            Input::One(rank) if rank as usize >= size => Err(JobError::NoSuchRank { rank, size }),
            _ => Ok(()),
        }
    }
}

/// Why a job cannot be started.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobError {
    /// A part names no program.
    NoProgram {
        /// Which, from 0.
        part: usize,
    },
    /// A part has no process.
    NoProcesses {
        /// Which, from 0.
        part: usize,
    },
    /// More processes than a host can hold.
    TooMany {
        /// How many.
        size: usize,
    },
    /// A rank that the job does not have is to get standard input.
    NoSuchRank {
        /// The rank.
        rank: u32,
        /// How many processes there are.
        size: usize,
    },
    /// The path of an output file has a placeholder that means nothing.
    BadPattern {
        /// The path.
        pattern: OsString,
        /// The placeholder.
        placeholder: String,
    },
}

impl std::fmt::Display for JobError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            JobError::NoProgram { part: 0 } => write!(f, "no program is named: what should run?"),
            JobError::NoProgram { part } => {
                write!(f, "part {} of the command line (after a ':') names no program", part + 1)
            }
            JobError::NoProcesses { .. } => write!(f, "0 processes were asked for: -n must be at least 1"),
            JobError::TooMany { size } => {
                write!(f, "{size} processes on one host: at most {LOCAL_PROCESSES_MAX} are possible")
            }
            JobError::NoSuchRank { rank, size } => {
                write!(f, "standard input is meant for rank {rank}, but the ranks are 0 to {}", size - 1)
            }
            JobError::BadPattern { pattern, .. } if pattern.is_empty() => {
                write!(f, "an output file without a name was asked for")
            }
            JobError::BadPattern { pattern, placeholder } => write!(
                f,
                "the output file {}: {placeholder} is no placeholder; there are %r (the rank), %h (the host) and %% (a per \
                 cent sign)",
                pattern.display()
            ),
        }
    }
}

impl std::error::Error for JobError {}
