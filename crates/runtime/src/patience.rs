//! How long to poll and to yield before sleeping.
//!
//! Polling and yielding together last about twice what a wake-up costs (ski rental: at most twice the cost of the
//! best choice in hindsight; Karlin et al., "Competitive snoopy caching", 1988). When this host has more ranks than
//! cores, polling only keeps a core from the rank that is waited for, so then there is only yielding.

/// The phases of waiting, in nanoseconds from the last time that something moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Until then: poll.
    pub poll_ns: u64,
    /// Until then: poll and yield the core in turn. After it: sleep.
    pub yield_ns: u64,
    /// How many threads may poll beside the one that moves a lane on. Each needs a core of its own.
    pub pollers: u32,
}

/// What waking a sleeper on an idle core costs, unless measured otherwise.
pub const WAKE_NS: u64 = 50_000;

/// The longest sleep without looking around.
pub const SLEEP_NS_MAX: u64 = 250_000_000;

impl Patience {
    /// For a host where `ranks` share `cores`.
    pub fn for_host(ranks: usize, cores: usize, wake_ns: u64) -> Patience {
        let poll_ns = if ranks > cores { 0 } else { wake_ns };
        let pollers = (cores / ranks.max(1)).saturating_sub(1) as u32;
        Patience { poll_ns, yield_ns: 2 * wake_ns, pollers }
    }

    /// For a simulation, where waiting costs no time and time passes only in sleep.
    pub const SIMULATED: Patience = Patience { poll_ns: 0, yield_ns: 0, pollers: 0 };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crowded_hosts_never_poll() {
        assert_eq!(Patience::for_host(5, 4, 10).poll_ns, 0);
        assert_eq!(Patience::for_host(4, 4, 10), Patience { poll_ns: 10, yield_ns: 20, pollers: 0 });
        assert_eq!(Patience::for_host(2, 16, 10).pollers, 7);
    }
}
