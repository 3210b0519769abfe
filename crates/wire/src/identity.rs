//! Who is who: jobs, processes, contexts. A process is not a rank; ranks are positions in a communicator.

/// A job: what one `archi run` starts. Random, so that two jobs of one user never meet by accident.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub u64);

/// A process: its job, its number within the job, and which incarnation of that number it is (a respawned
/// process has a higher one).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProcessId {
    /// The job that the process belongs to.
    pub job: JobId,
    /// Its number within the job, from 0, dense at start, never reused by another process.
    pub number: u32,
    /// 0 for the first process of that number.
    pub incarnation: u32,
}

/// The context of a communicator: (creator's process number, the creator's counter). Never reused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContextId(pub u64);

impl ContextId {
    /// The world of a job: made by nobody, so it takes the counter 0 of process 0.
    pub const WORLD: ContextId = ContextId(0);
    /// The communicator that holds only its own process; local, so every process may use the same value.
    pub const SELF: ContextId = ContextId(u64::MAX);

    /// The context that process `creator` makes as its `counter`-th (from 1).
    pub fn new(creator: u32, counter: u32) -> ContextId {
        ContextId((creator as u64) << 32 | counter as u64)
    }
}
