//! The monotonic clock, and the type by which time is passed to code that has no clock.

use std::ops::{Add, Sub};

/// A point on a monotonic clock, in nanoseconds. The engine and the fabric never read a clock: they are handed
/// a `Time`, which is real under the runtime and virtual in a simulation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

impl Time {
    /// Reads `CLOCK_MONOTONIC` (no system call on Linux: the vDSO answers).
    pub fn now() -> Time {
        let t = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        Time(t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64)
    }

    /// Nanoseconds from `earlier` to `self`; zero when `earlier` is the later one.
    pub fn since(self, earlier: Time) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// `time + nanoseconds`
impl Add<u64> for Time {
    type Output = Time;
    fn add(self, ns: u64) -> Time {
        Time(self.0.saturating_add(ns))
    }
}

/// `time - nanoseconds`
impl Sub<u64> for Time {
    type Output = Time;
    fn sub(self, ns: u64) -> Time {
        Time(self.0.saturating_sub(ns))
    }
}
