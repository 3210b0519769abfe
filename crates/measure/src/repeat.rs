//! How often: warm-up, then repetitions until their time is used up.
//!
//! A *repetition* runs the operation a number of times in a row, checks the data, and gives one figure: the mean time of an
//! operation. Rank 0 decides how many operations make a repetition and how many repetitions there are, and tells the others;
//! the slowest rank's time counts.

use archipelago::Comm;
use archipelago::prelude::Max;
use std::time::{Duration, Instant};

use crate::Error;

/// Fewer repetitions say nothing of their spread.
pub const REPETITIONS_MIN: usize = 5;

/// More repetitions say nothing new.
pub const REPETITIONS_MAX: usize = 200;

/// The repetitions that fit the time, if the first guess is right.
const REPETITIONS_WANTED: f64 = 25.0;

/// A repetition is long enough for the clock, and short enough that there are several of them.
const REPETITION_SECONDS: (f64, f64) = (20e-6, 0.1);

/// Batches before the first figure, at least: connections are made, memory is touched, caches are warm.
const WARM_UPS_MIN: usize = 3;

/// Operations of a repetition, at most: an operation that takes no time is measured all the same.
const OPERATIONS_MAX: u64 = 10_000_000;

/// A repetition that takes so many times as long as it should is followed by shorter ones: what ran alone in the warm-up may have to
/// share its core now.
const SLOWER_MAX: f64 = 4.0;

/// Seconds that a rank has timed: of one kind in most benchmarks, the others are 0 then.
pub type Times = [f64; 3];

/// What was taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Repetitions {
    /// Operations in each repetition (in the last, where they were made shorter).
    pub operations: u64,
    /// Seconds of an operation, the mean of each repetition, at the slowest rank.
    pub times: Vec<Times>,
}

/// Runs `batch` again and again on all ranks of `control`, a communicator that the batches don't use: first to warm up, then
/// for repetitions, for about so long. `batch` is told its number, by which it may choose its data, and how many operations to run.
///
/// # Errors
/// That of a batch.
pub fn repeat(
    control: &Comm,
    time: Duration,
    mut batch: impl FnMut(u64, u64) -> Result<Times, Error>,
) -> Result<Repetitions, Error> {
    let mut leader = Leader::new(time);
    for number in 0.. {
        let mut operations = leader.next();
        control.root(0).broadcast(&mut operations)?;
        if operations == 0 {
            break;
        }
        control.barrier()?;
        let start = Instant::now();
        let times = batch(number, operations)?;
        let slowest = control.root(0).reduce(&times[..], Max)?;
        if let Some(slowest) = slowest {
            let slowest = [slowest[0], slowest[1], slowest[2]];
            leader.took(start.elapsed().as_secs_f64(), slowest);
        }
    }
    Ok(Repetitions { operations: leader.operations, times: leader.times })
}

/// Rank 0's decisions. A pure machine: it has no clock.
struct Leader {
    /// Seconds for warm-up and repetitions.
    budget: f64,
    /// How long a repetition should take.
    wanted: f64,
    operations: u64,
    warm_ups: usize,
    is_warm: bool,
    spent: f64,
    times: Vec<Times>,
}

impl Leader {
    fn new(time: Duration) -> Leader {
        let budget = time.as_secs_f64();
        let wanted = (budget / REPETITIONS_WANTED).clamp(REPETITION_SECONDS.0, REPETITION_SECONDS.1);
        Leader { budget, wanted, operations: 1, warm_ups: 0, is_warm: false, spent: 0.0, times: Vec::new() }
    }

    /// How many operations come next; 0 when it is enough.
    fn next(&self) -> u64 {
        let count = self.times.len();
        let enough = count >= REPETITIONS_MAX || (count >= REPETITIONS_MIN && self.spent >= self.budget);
        if enough { 0 } else { self.operations }
    }

    /// The last batch took so long, checks and all; the slowest rank timed so much of it.
    fn took(&mut self, seconds: f64, times: Times) {
        self.spent += seconds;
        if self.is_warm {
            self.times.push(times.map(|seconds| seconds / self.operations as f64));
            if seconds > SLOWER_MAX * self.wanted {
                let shorter = self.operations as f64 * self.wanted / seconds;
                self.operations = (shorter as u64).max(1);
            }
            return;
        }
        self.warm_ups += 1;
        // A third of the time for warming up, unless a single batch is longer.
        let long_enough = seconds >= 0.7 * self.wanted
            || self.spent > self.budget / 3.0
            || self.operations == OPERATIONS_MAX;
        if long_enough {
            self.is_warm = self.warm_ups >= WARM_UPS_MIN;
        } else {
            let factor = (self.wanted / seconds.max(1e-9)).clamp(1.5, 10.0);
            self.operations = ((self.operations as f64 * factor).ceil() as u64).min(OPERATIONS_MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A leader whose operations take `seconds` each; how many operations a repetition has, and how many there are.
    fn lead(budget: f64, seconds: f64) -> (u64, usize, f64) {
        let mut leader = Leader::new(Duration::from_secs_f64(budget));
        loop {
            let operations = leader.next();
            if operations == 0 {
                return (leader.operations, leader.times.len(), leader.spent);
            }
            leader.took(operations as f64 * seconds, [operations as f64 * seconds, 0.0, 0.0]);
        }
    }

    #[test]
    fn short_operations_share_a_repetition() {
        let (operations, repetitions, spent) = lead(0.2, 1e-6);
        assert!((5_000..50_000).contains(&operations), "{operations}");
        assert!((10..=30).contains(&repetitions), "{repetitions}");
        assert!((0.2..0.25).contains(&spent), "{spent}");
    }

    #[test]
    fn long_operations_are_repeated_all_the_same() {
        let (operations, repetitions, _) = lead(0.2, 1.0);
        assert_eq!((operations, repetitions), (1, REPETITIONS_MIN));
    }

    #[test]
    fn what_has_become_slow_is_not_repeated_as_often() {
        let mut leader = Leader::new(Duration::from_millis(200));
        while !leader.is_warm {
            let seconds = leader.next() as f64 * 1e-6;
            leader.took(seconds, [seconds, 0.0, 0.0]);
        }
        while leader.next() > 0 {
            let seconds = leader.next() as f64 * 100e-6;
            leader.took(seconds, [seconds, 0.0, 0.0]);
        }
        // One long repetition, then short ones; each counts by its operations.
        assert!(leader.spent < 2.0 && leader.times.len() >= REPETITIONS_MIN, "{}", leader.spent);
        assert!(leader.times.iter().all(|times| (times[0] - 100e-6).abs() < 1e-9));
    }

    #[test]
    fn there_is_an_end_even_if_nothing_takes_time() {
        let (_, repetitions, _) = lead(0.2, 0.0);
        assert_eq!(repetitions, REPETITIONS_MAX);
    }

    #[test]
    fn a_slow_first_batch_does_not_make_the_repetitions_short() {
        let mut leader = Leader::new(Duration::from_millis(200));
        leader.took(0.05, [0.05, 0.0, 0.0]); // a connection was made
        while !leader.is_warm {
            let seconds = leader.next() as f64 * 1e-6;
            leader.took(seconds, [seconds, 0.0, 0.0]);
        }
        assert!(leader.operations > 1000, "{}", leader.operations);
    }
}
