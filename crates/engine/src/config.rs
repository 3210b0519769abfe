//! What a lane is told at its start.

use crate::collective::Forced;
use crate::credit;

/// What a lane is told at its start.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// How many processes the job has: the initial credit follows from it.
    pub job_size: u32,
    /// Memory for unexpected messages, in bytes.
    pub pool_bytes: u64,
    /// Overrides the transports' eager limit, for tests and tuning.
    pub eager_bytes: Option<usize>,
    /// So many hosts the processes are taken to be on, in equal rows, to see what that changes; 0: as it is.
    pub hosts: u32,
    /// How many lanes a process has at most, one of which each duplicate of a communicator uses in turn; 0: as many as fit.
    pub lanes: u16,
    /// How long a host that is asked may stay silent before it counts as unreachable; the transports use it.
    pub link_timeout_ns: u64,
    /// Algorithms of collectives that are taken wherever they fit, for tests and tuning.
    pub forced: Forced,
    /// Whether programs are checked for faults (see [`crate::check`]).
    pub check: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            job_size: 1,
            pool_bytes: credit::POOL_BYTES,
            eager_bytes: None,
            hosts: 0,
            lanes: 0,
            link_timeout_ns: 10_000_000_000,
            forced: Forced::default(),
            check: false,
        }
    }
}
