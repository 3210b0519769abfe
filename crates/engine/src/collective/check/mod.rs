//! The checker: executes the schedules of all members symbolically and proves that they do what they say.
//!
//! Every element of every buffer is a symbol: whose contribution it is, or which contributions were combined in
//! which order. A message completes only when both ends have posted it (zero buffering), whatever order the
//! members run in; since what matches what is fixed by (round, sender, receiver), one execution stands for all.
//!
//! Found are: a member that waits for ever, messages of different sizes, two steps of a round that touch the same
//! bytes, writing into the caller's input, reading what was never written, operands in a wrong order or taken
//! twice, a wrong or missing element in an output, a byte outside the blocks,
//! and a count of messages or bytes other than the stated one.

mod between;
mod fault;
mod machine;
mod subject;
mod value;

pub use fault::{Fault, Waiting};
pub use subject::Subject;
pub use value::Value;

use super::cost::Traffic;
use super::schedule::Schedule;
use super::step::Step;
use super::table::Algorithm;

/// Yields the steps of a member's round, like [`Schedule::round`]; what a test replaces to plant a fault.
pub type Rounds<'a> = &'a dyn Fn(&Schedule, u32, &mut Vec<Step>) -> bool;

/// What a correct execution did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Messages and their bytes.
    pub traffic: Traffic,
    /// Steps of all members.
    pub steps: u64,
}

/// Checks an algorithm on a subject.
pub fn check(algorithm: &'static Algorithm, subject: &Subject) -> Result<Report, Fault> {
    check_rounds(algorithm, subject, &|schedule, round, out| schedule.round(round, out))
}

/// Checks an algorithm whose rounds are yielded by `rounds`.
pub fn check_rounds(
    algorithm: &'static Algorithm,
    subject: &Subject,
    rounds: Rounds<'_>,
) -> Result<Report, Fault> {
    let mut machine = machine::Machine::new(algorithm, subject, rounds);
    let report = machine.run()?;
    subject.verify(machine.memories())?;
    subject.verify_traffic(algorithm, report.traffic)?;
    Ok(report)
}
