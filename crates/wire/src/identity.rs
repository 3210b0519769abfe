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

/// The context of a communicator: (creator's process number, the creator's counter). Never reused. Numbers of processes are
/// below 2^31; contexts that would be of higher ones are derived, not created.
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

    /// The context that everybody comes to who knows these words: 62 bits of their hash, in a range that no creator's contexts
    /// lie in.
    ///
    /// ```
    /// use archipelago_wire::ContextId;
    /// assert_eq!(ContextId::derived([1, 2]), ContextId::derived([1, 2]));
    /// assert_ne!(ContextId::derived([1, 2]), ContextId::derived([2, 1]));
    /// ```
    pub fn derived(words: impl IntoIterator<Item = u64>) -> ContextId {
        // The finaliser of SplitMix64 (Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014), chained:
        // each bit of each word reaches every bit of the result.
        let mix = |word: u64| {
            let word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^ word >> 31
        };
        let chain = |hash: u64, word: u64| mix(hash.wrapping_add(0x9e37_79b9_7f4a_7c15) ^ word);
        let hash = words.into_iter().fold(0, chain);
        ContextId(1 << 63 | hash >> 2)
    }

    /// Whether it is derived, so that others may come to the same.
    pub fn is_derived(self) -> bool {
        self.0 >> 62 == 0b10
    }
}
