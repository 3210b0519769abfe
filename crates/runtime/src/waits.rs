//! How often and how long a process has waited.

/// Counts of waiting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    /// Waits that did not end at once.
    pub waits: u64,
    /// Times that the core was yielded.
    pub yields: u64,
    /// Times that the process slept.
    pub sleeps: u64,
    /// Nanoseconds spent in waits that did not end at once, but for those of a small collective that ended within a few looks.
    pub waited_ns: u64,
}

impl Waits {
    /// Adds another lane's counts.
    pub fn add(&mut self, other: &Waits) {
        self.waits += other.waits;
        self.yields += other.yields;
        self.sleeps += other.sleeps;
        self.waited_ns += other.waited_ns;
    }
}
