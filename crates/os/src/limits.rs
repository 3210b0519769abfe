//! Resource limits of this process.

use rustix::process::{Resource, Rlimit};
use std::io;

/// The limit on descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptors {
    /// What holds now; `None`: no limit.
    pub soft: Option<u64>,
    /// Up to where the process may raise it by itself.
    pub hard: Option<u64>,
}

impl Descriptors {
    /// The limits of this process.
    pub fn of_this_process() -> Descriptors {
        let limit = rustix::process::getrlimit(Resource::Nofile);
        Descriptors { soft: limit.current, hard: limit.maximum }
    }

    /// Makes these the limits of this process.
    ///
    /// # Errors
    /// `EPERM` for a hard limit above the present one.
    pub fn apply(self) -> io::Result<()> {
        Ok(rustix::process::setrlimit(Resource::Nofile, Rlimit { current: self.soft, maximum: self.hard })?)
    }

    /// The same with the soft limit as high as the hard one.
    pub fn raised(self) -> Descriptors {
        Descriptors { soft: self.hard, hard: self.hard }
    }
}

/// How many more processes the user of this process may start; `None`: no limit.
pub fn processes() -> Option<u64> {
    rustix::process::getrlimit(Resource::Nproc).current
}

/// How long a file may become by this process's doing; `None`: no limit. It holds for memory that is a file as well.
pub fn file_bytes() -> Option<u64> {
    rustix::process::getrlimit(Resource::Fsize).current
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_present_limits_can_be_applied() {
        let now = Descriptors::of_this_process();
        now.apply().unwrap();
        assert_eq!(Descriptors::of_this_process(), now);
        assert_eq!(now.raised().soft, now.hard);
    }
}
