//! The time that a process lives in: the machine's, or a simulation's.

use os::Time;

/// Where the time comes from.
#[derive(Clone)]
pub enum Clock {
    /// The machine's monotonic clock.
    Machine,
    /// A simulated world's clock.
    Simulated(fabric::sim::World),
}

impl Clock {
    /// The time now.
    #[inline]
    pub fn now(&self) -> Time {
        match self {
            Clock::Machine => Time::now(),
            Clock::Simulated(world) => world.now(),
        }
    }
}
