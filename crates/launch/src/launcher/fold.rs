//! Keeps one fault from being told by every rank.
//!
//! When a rank is lost, all that wait for it fail, and each would print that: a thousand lines around the one that counts. So errors of
//! the library that come out of `main` are looked at here, before they go to standard error:
//!
//! - one that only says that another rank is gone or that the job ends waits for a moment. If the job is ended, the launcher has said
//!   why, and such lines are counted instead; otherwise they are shown;
//! - of those that are the same but for numbers the first is shown, and the others are counted.
//!
//! Nothing else that a program prints is touched; files for each rank, and `--verbose`, have everything.

use os::Time;
use std::collections::{BTreeMap, BTreeSet};

/// How long a line waits for news that explain it.
const HOLD_NS: u64 = 250_000_000;
/// The most that waits; more than this is shown.
const HELD_BYTES_MAX: usize = 1024 * 1024;
/// Different errors that are remembered; others are shown each time.
const KINDS_MAX: usize = 256;

/// What waits, what was said already, and how much was left out.
#[derive(Debug, Default)]
pub struct Fold {
    /// Lines that wait, in the order of their coming.
    held: Vec<Held>,
    held_bytes: usize,
    /// The launcher has said why the job ends.
    explained: bool,
    /// Whose fault the end is: what it says is shown.
    cause: Option<u32>,
    /// Who said nothing but that others are gone.
    victims: BTreeSet<u32>,
    /// By an error without its numbers: who said it first, and who has said the same.
    said: BTreeMap<Vec<u8>, (u32, BTreeSet<u32>)>,
}

#[derive(Debug)]
struct Held {
    number: u32,
    line: Vec<u8>,
    since: Time,
}

impl Fold {
    /// What is to be shown now of the text that a process wrote on standard error.
    pub fn sift(&mut self, number: u32, text: &[u8], now: Time) -> Vec<u8> {
        let mut shown = Vec::new();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            if !is_error(line) || self.cause == Some(number) {
                shown.extend_from_slice(line);
            } else if !is_consequence(line) {
                if self.is_new(number, line) {
                    shown.extend_from_slice(line);
                }
            } else if self.explained {
                self.victims.insert(number);
            } else if self.held_bytes + line.len() > HELD_BYTES_MAX {
                shown.extend_from_slice(line);
            } else {
                self.held_bytes += line.len();
                self.held.push(Held { number, line: line.to_vec(), since: now });
            }
        }
        shown
    }

    /// The launcher has said why the job ends, and whose fault it is if it is a process's: what that one said and waits is
    /// given back, what others said is counted.
    pub fn explain(&mut self, cause: Option<u32>) -> Vec<(u32, Vec<u8>)> {
        if !self.explained {
            self.cause = cause;
        }
        self.explained = true;
        let mut own = Vec::new();
        for held in self.take_held() {
            if Some(held.number) == self.cause {
                own.push((held.number, held.line));
            } else {
                self.victims.insert(held.number);
            }
        }
        own
    }

    /// Lines that nothing has explained in time.
    pub fn due(&mut self, now: Time) -> Vec<(u32, Vec<u8>)> {
        let due = self.held.partition_point(|held| now.since(held.since) >= HOLD_NS);
        let lines: Vec<_> = self.held.drain(..due).map(|held| (held.number, held.line)).collect();
        self.held_bytes -= lines.iter().map(|(_, line)| line.len()).sum::<usize>();
        lines
    }

    /// When [`due`](Fold::due) has something to give next.
    pub fn deadline(&self) -> Option<Time> {
        self.held.first().map(|held| held.since + HOLD_NS)
    }

    /// All that waits: nothing more will explain it.
    pub fn rest(&mut self) -> Vec<(u32, Vec<u8>)> {
        self.take_held().into_iter().map(|held| (held.number, held.line)).collect()
    }

    /// What was left out, a line each.
    pub fn summary(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (first, others) in self.said.values().filter(|(_, others)| !others.is_empty()) {
            lines.push(format!(
                "{} more {} the same as rank {first}, but for numbers (--verbose shows all)",
                others.len(),
                if others.len() == 1 { "rank said" } else { "ranks said" }
            ));
        }
        match self.victims.len() {
            0 => {}
            1 => lines.push("1 more rank ended because of that".to_owned()),
            many => lines.push(format!("{many} more ranks ended because of that")),
        }
        lines
    }

    fn take_held(&mut self) -> Vec<Held> {
        self.held_bytes = 0;
        std::mem::take(&mut self.held)
    }

    /// Whether nobody else has said the same.
    fn is_new(&mut self, number: u32, line: &[u8]) -> bool {
        let key = without_numbers(line);
        if let Some((first, others)) = self.said.get_mut(&key) {
            if *first != number {
                others.insert(number);
            }
            return *first == number;
        }
        if self.said.len() < KINDS_MAX {
            self.said.insert(key, (number, BTreeSet::new()));
        }
        true
    }
}

/// Whether the line is an error of the library's that `main` has returned: such a one names the rank.
fn is_error(line: &[u8]) -> bool {
    line.starts_with(b"Error: ") && line.ends_with(b"\n") && has(line, b" as rank ")
}

/// Whether it says only that another is gone, or that the job ends.
fn is_consequence(line: &[u8]) -> bool {
    has(line, b" is gone: ") || has(line, b": the job ends: ")
}

fn has(line: &[u8], part: &[u8]) -> bool {
    line.windows(part.len()).any(|window| window == part)
}

/// The line with `#` in place of each number.
fn without_numbers(line: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(line.len());
    for &byte in line {
        match byte.is_ascii_digit() {
            true if text.last() == Some(&b'#') => {}
            true => text.push(b'#'),
            false => text.push(byte),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(rank: u32) -> Vec<u8> {
        format!(
            "Error: barrier, on `world` as rank {rank} of 4: rank 1 on here is gone: it has left the job\n"
        )
        .into()
    }

    fn misuse(rank: u32) -> Vec<u8> {
        format!("Error: send to rank 9, tag 0, on `world` as rank {rank} of 4: there are ranks 0 to 3\n")
            .into()
    }

    #[test]
    fn what_the_end_causes_is_counted() {
        let mut fold = Fold::default();
        assert_eq!(fold.sift(0, &gone(0), Time(0)), b"");
        assert_eq!(fold.explain(Some(1)), []);
        assert_eq!(fold.sift(2, &gone(2), Time(1)), b"");
        assert_eq!((fold.due(Time(u64::MAX)), fold.rest()), (vec![], vec![]));
        assert_eq!(fold.summary(), ["2 more ranks ended because of that"]);
    }

    #[test]
    fn who_is_the_cause_is_heard() {
        let mut fold = Fold::default();
        assert_eq!(fold.sift(0, &gone(0), Time(0)), b"");
        assert_eq!(fold.sift(2, &gone(2), Time(0)), b"");
        assert_eq!(fold.explain(Some(2)), [(2, gone(2))]);
        assert_eq!(fold.sift(2, &gone(2), Time(0)), gone(2));
        assert_eq!(fold.summary(), ["1 more rank ended because of that"]);
    }

    #[test]
    fn what_nothing_explains_is_shown() {
        let mut fold = Fold::default();
        assert_eq!(fold.sift(0, &gone(0), Time(5)), b"");
        assert_eq!(fold.due(Time(6)), []);
        let until = fold.deadline().unwrap();
        assert_eq!(fold.due(until), [(0, gone(0))]);
        assert_eq!(fold.sift(2, &gone(2), until), b"");
        assert_eq!((fold.rest(), fold.summary().len()), (vec![(2, gone(2))], 0));
    }

    #[test]
    fn the_same_error_is_said_once() {
        let mut fold = Fold::default();
        assert_eq!(fold.sift(3, &misuse(3), Time(0)), misuse(3));
        assert_eq!(fold.sift(2, &misuse(2), Time(0)), b"");
        assert_eq!(fold.sift(3, &misuse(3), Time(0)), misuse(3));
        assert_eq!(
            fold.summary(),
            ["1 more rank said the same as rank 3, but for numbers (--verbose shows all)"]
        );
    }

    #[test]
    fn what_programs_say_is_theirs() {
        let mut fold = Fold::default();
        for text in
            ["Error: no such file\n", "rank 1 on here is gone: sorry\n", "Error: half a line as rank 1"]
        {
            assert_eq!(fold.sift(0, text.as_bytes(), Time(0)), text.as_bytes());
            assert_eq!(fold.sift(1, text.as_bytes(), Time(0)), text.as_bytes());
        }
        let text = [b"before\n".to_vec(), gone(0), b"after\n".to_vec()].concat();
        assert_eq!(fold.sift(0, &text, Time(0)), b"before\nafter\n");
    }
}
