//! Runs a test program, shows its output as it comes, and counts the tests that it reports.

use std::io::{BufRead, BufReader};
use std::ops::AddAssign;
use std::process::{Command, Stdio};

/// How many tests ran and how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
    pub ignored: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

impl Tally {
    /// One check that is not a test of cargo's: formatting, a lint, a rule.
    pub fn of_check(passed: bool) -> Tally {
        Tally { passed: passed.into(), failed: (!passed).into(), ignored: 0 }
    }

    pub fn green(self) -> bool {
        self.failed == 0 && self.ignored == 0
    }
}

/// Runs `command` and counts; a program that fails without reporting a failed test counts as one failure.
pub fn tally(command: &mut Command) -> Tally {
    let mut tally = Tally::default();
    let mut child = match command.stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) => {
            eprintln!("xtask: cannot start {:?}: {error}", command.get_program());
            return Tally::of_check(false);
        }
    };
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some(counted) = counts(&line) {
                tally += counted;
            }
            if worth_showing(&line) {
                println!("{line}");
            }
        }
    }
    let succeeded = child.wait().is_ok_and(|status| status.success());
    if !succeeded && tally.failed == 0 {
        tally.failed += 1;
    }
    tally
}

/// The counts of a line like `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; ...`.
fn counts(line: &str) -> Option<Tally> {
    let rest = line.strip_prefix("test result: ")?;
    let count = |word: &str| -> Option<u64> {
        let before = &rest[..rest.find(word)?];
        before.trim_end().rsplit([' ', ';', '.']).next()?.parse().ok()
    };
    Some(Tally { passed: count("passed")?, failed: count("failed;")?, ignored: count("ignored")? })
}

/// Passing tests and empty test binaries are not news.
fn worth_showing(line: &str) -> bool {
    let quiet = line.is_empty()
        || line.starts_with("running ")
        || (line.starts_with("test ") && line.ends_with(" ... ok"))
        || (line.starts_with("test ") && line.contains(" - compile") && line.ends_with("ok"))
        || line.starts_with("all doctests ran in")
        || line.starts_with("test result: ok. 0 passed; 0 failed; 0 ignored");
    !quiet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_are_counted_and_others_are_not() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.01s";
        assert_eq!(counts(line), Some(Tally { passed: 12, failed: 3, ignored: 1 }));
        let line =
            "test result: ok. 7 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        assert_eq!(counts(line), Some(Tally { passed: 7, failed: 0, ignored: 0 }));
        assert_eq!(counts("test frame::fits ... ok"), None);
    }

    #[test]
    fn a_program_that_dies_silently_is_a_failure() {
        assert_eq!(tally(Command::new("sh").args(["-c", "exit 3"])), Tally::of_check(false));
        assert_eq!(tally(&mut Command::new("/nonexistent/program")), Tally::of_check(false));
        let said = "echo 'test result: FAILED. 1 passed; 2 failed; 0 ignored'; exit 101";
        assert_eq!(tally(Command::new("sh").args(["-c", said])), Tally { passed: 1, failed: 2, ignored: 0 });
    }

    #[test]
    fn an_ignored_test_is_not_green() {
        assert!(Tally { passed: 1, failed: 0, ignored: 0 }.green());
        assert!(!Tally { passed: 1, failed: 0, ignored: 1 }.green());
        assert!(!Tally { passed: 1, failed: 1, ignored: 0 }.green());
    }
}
