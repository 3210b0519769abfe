//! What the job comes to: which failure counts, what is said of it, and the exit status.

use control::Ending;
use control::agent::Part;

/// What the job comes to. The first failure wins.
#[derive(Debug, Default)]
pub struct Verdict {
    status: Option<u8>,
    /// Whether the job is being ended: failures after that are its effect, not its cause.
    ending: bool,
    failures: usize,
    /// Whether processes that a signal killed count for nothing, if another ended well.
    accept_losses: bool,
    /// The status of the first of these.
    lost: Option<u8>,
    /// A process ended well.
    has_success: bool,
}

impl Verdict {
    /// Nothing yet. `accept_losses`: processes that a signal killed count for nothing, if another ended well.
    pub fn new(accept_losses: bool) -> Verdict {
        Verdict { accept_losses, ..Verdict::default() }
    }

    /// The exit status.
    pub fn status(&self) -> u8 {
        self.status.or(self.lost.filter(|_| !self.has_success)).unwrap_or(0)
    }

    /// Whether the job is being ended.
    pub fn is_ending(&self) -> bool {
        self.ending
    }

    /// How many processes failed by themselves.
    pub fn failures(&self) -> usize {
        self.failures
    }

    /// The job ends with this status, unless it has another one already or is ending. Whether it is the
    /// first.
    pub fn end(&mut self, status: u8) -> bool {
        self.status.get_or_insert(status);
        if self.is_ending() {
            return false;
        }
        self.ending = true;
        true
    }

    /// A failure that counts for the status but ends nothing.
    pub fn note(&mut self, status: u8) {
        self.status.get_or_insert(status);
    }

    /// A process ended: what is wrong with that, if it is the process's own fault.
    pub fn judge(&mut self, ending: Ending, part: Part) -> Option<String> {
        if self.is_ending() {
            return None;
        }
        let wrong = match (ending.is_success(), part) {
            (true, Part::None | Part::Finalised) => {
                self.has_success = true;
                return None;
            }
            (true, Part::Unfinished) => format!("{ending} without finalising"),
            (false, _) => ending.to_string(),
        };
        let status = if ending.is_success() { crate::job::STATUS_FAILURE } else { ending.status() };
        self.failures += 1;
        if self.accept_losses && matches!(ending, Ending::Signalled { .. }) {
            self.lost.get_or_insert(status);
        } else {
            self.status.get_or_insert(status);
        }
        Some(wrong)
    }
}

/// The exit status for the code that a program gave to an abort: its low byte, but never 0 for a code that is not.
pub fn status_of_code(code: i32) -> u8 {
    match (code as u8, code) {
        (0, 0) => 0,
        (0, _) => 1,
        (status, _) => status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KILLED: Ending = Ending::Signalled { signal: 9, core: false };

    #[test]
    fn the_first_failure_wins() {
        let mut verdict = Verdict::default();
        assert_eq!(verdict.judge(Ending::Exited(0), Part::None), None);
        assert_eq!(verdict.judge(Ending::Exited(0), Part::Finalised), None);
        assert_eq!(verdict.status(), 0);
        assert_eq!(verdict.judge(KILLED, Part::None).unwrap(), "killed by signal 9 (SIGKILL)");
        assert!(verdict.judge(Ending::Exited(3), Part::None).is_some());
        assert_eq!((verdict.status(), verdict.failures()), (137, 2));
    }

    #[test]
    fn losses_that_are_accepted_count_if_nobody_is_left() {
        let mut verdict = Verdict::new(true);
        assert!(verdict.judge(KILLED, Part::Unfinished).is_some());
        assert_eq!((verdict.status(), verdict.failures()), (137, 1));
        assert_eq!(verdict.judge(Ending::Exited(0), Part::Finalised), None);
        assert_eq!(verdict.status(), 0);
        // What a program says of itself counts all the same.
        assert!(verdict.judge(Ending::Exited(3), Part::Finalised).is_some());
        assert_eq!((verdict.status(), verdict.failures()), (3, 2));
    }

    #[test]
    fn what_the_end_causes_is_no_failure() {
        let mut verdict = Verdict::default();
        assert!(verdict.end(124));
        assert!(!verdict.end(130));
        assert_eq!(verdict.judge(KILLED, Part::Unfinished), None);
        assert_eq!(verdict.status(), 124);
    }

    #[test]
    fn leaving_without_finalising_is_a_failure() {
        let mut verdict = Verdict::default();
        let wrong = verdict.judge(Ending::Exited(0), Part::Unfinished).unwrap();
        assert_eq!(wrong, "exited with status 0 without finalising");
        assert_eq!(verdict.status(), 1);
    }

    #[test]
    fn codes() {
        assert_eq!([0, 3, 256, -1, 511].map(status_of_code), [0, 3, 1, 255, 255]);
    }
}
