//! What a process says of itself when it is asked whom it waits for.

use serde::{Deserialize, Serialize};

use crate::codec::{self, MESSAGE_BYTES_MAX};

/// Room that a state leaves for what goes around it in a message.
const AROUND_BYTES: usize = 64;

/// What a process waits for at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Which question it answers.
    pub round: u32,
    /// Its process id.
    pub pid: u32,
    /// Its threads that wait.
    pub threads: Vec<Thread>,
    /// Other threads, of which each may send something at any time.
    pub others: u32,
    /// Something is under way that needs no call of the program to come to its end.
    pub moving: bool,
    /// Code of the program runs here when a message comes: it may send.
    pub serves: bool,
    /// Another number whenever anything has happened since.
    pub epoch: u64,
    /// What went to and came from each process.
    pub counts: Vec<Count>,
}

/// Frames between this process and another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The other one's number.
    pub peer: u32,
    /// Handed to the transport for it.
    pub sent: u64,
    /// Taken in from it.
    pub received: u64,
}

/// A thread that waits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// For how long, in milliseconds.
    pub for_ms: u64,
    /// The wait ends by itself after some time.
    pub bounded: bool,
    /// Where the program calls, as `file:line`, if that is known.
    pub place: Option<String>,
    /// The function that the program has called, where that is more than the operation's name.
    pub function: Option<String>,
    /// It goes on when one of these is complete.
    pub any_of: Vec<Operation>,
}

/// An operation that is not complete.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// What it is, such as "receive from rank 3".
    pub call: String,
    /// The communicator's name.
    pub communicator: String,
    /// The tag; none where there is none, or any will do.
    pub tag: Option<i32>,
    /// The type of its elements.
    pub of: String,
    /// Whom it needs.
    pub needs: Needs,
}

/// Whose doing completes an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Needs {
    /// Nobody's: it is on its way.
    #[default]
    Nothing,
    /// That of each of these, as runs (first number, how many).
    All(Vec<(u32, u32)>),
    /// That of any of these.
    Any(Vec<(u32, u32)>),
}

impl Needs {
    /// Each of these processes.
    pub fn all(numbers: impl IntoIterator<Item = u32>) -> Needs {
        Needs::All(runs(numbers))
    }

    /// Any of these processes.
    pub fn any(numbers: impl IntoIterator<Item = u32>) -> Needs {
        Needs::Any(runs(numbers))
    }

    /// The numbers of those whom it names, below `size`.
    pub fn numbers(&self, size: u32) -> impl Iterator<Item = u32> {
        let runs = match self {
            Needs::Nothing => &[][..],
            Needs::All(runs) | Needs::Any(runs) => &runs[..],
        };
        runs.iter().flat_map(move |&(first, count)| first.min(size)..first.saturating_add(count).min(size))
    }
}

/// Numbers as runs, in order.
fn runs(numbers: impl IntoIterator<Item = u32>) -> Vec<(u32, u32)> {
    let mut numbers: Vec<u32> = numbers.into_iter().collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((first, count)) if *first + *count == number => *count += 1,
            _ => runs.push((number, 1)),
        }
    }
    runs
}

impl State {
    /// The same, if need be without what has no room in a message: then nothing is concluded from it.
    pub fn bounded(self) -> State {
        let fits = |state: &State| codec::encode(state).len() + AROUND_BYTES <= MESSAGE_BYTES_MAX;
        if fits(&self) {
            return self;
        }
        let mut state = State { counts: Vec::new(), moving: true, ..self };
        while !fits(&state) && state.threads.pop().is_some() {}
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_runs_and_come_back() {
        let needs = Needs::any([5, 3, 4, 9, 4]);
        assert_eq!(needs, Needs::Any(vec![(3, 3), (9, 1)]));
        assert_eq!(needs.numbers(10).collect::<Vec<_>>(), [3, 4, 5, 9]);
        assert_eq!(needs.numbers(5).collect::<Vec<_>>(), [3, 4]);
        // What another process says may be anything.
        assert_eq!(Needs::All(vec![(u32::MAX, u32::MAX), (7, u32::MAX)]).numbers(8).collect::<Vec<_>>(), [7]);
    }

    #[test]
    fn what_has_no_room_is_left_out_and_concludes_nothing() {
        let thread = || Thread {
            any_of: vec![Operation { call: "x".repeat(1000), ..Operation::default() }],
            ..Thread::default()
        };
        let small = State { threads: vec![thread()], ..State::default() };
        assert_eq!(small.clone().bounded(), small);
        let large = State { threads: (0..100).map(|_| thread()).collect(), ..State::default() };
        let bounded = large.bounded();
        assert!(bounded.moving && !bounded.threads.is_empty());
        assert!(codec::encode(&bounded).len() <= MESSAGE_BYTES_MAX);
    }
}
