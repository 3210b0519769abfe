//! The threads of a process that wait, as a report of who waits for whom needs them. A wait is noted when it first sleeps: one
//! that ends before costs nothing.

use std::panic::Location;

use engine::RequestId;
use os::Time;

/// A wait that sleeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    /// The mark of its thread.
    pub thread: usize,
    /// What it waits for; none: whatever its caller's condition says.
    pub request: Option<RequestId>,
    /// It ends by itself after some time.
    pub is_bounded: bool,
    /// It moves the lane on itself, so that its condition was looked at just now.
    pub drives: bool,
    /// When it began.
    pub since: Time,
    /// Where the program calls, if that is known.
    pub place: Option<&'static Location<'static>>,
    /// Never the same twice.
    serial: u64,
    /// When it has waited for so long, somebody should look.
    overdue_ns: u64,
}

/// All waits that sleep.
#[derive(Debug, Default)]
pub(crate) struct Blocked {
    waits: Vec<Wait>,
    serial: u64,
}

impl Blocked {
    /// A wait goes to sleep, for the first time or again. Returns whether it has lasted for `overdue_ns`, for twice as long, four
    /// times as long, and so on, for the first time.
    pub fn sleeps(&mut self, entry: &mut Option<u64>, wait: Wait, now: Time, overdue_ns: u64) -> bool {
        let known = entry.and_then(|serial| self.waits.iter_mut().find(|wait| wait.serial == serial));
        let known = match known {
            Some(known) => known,
            None => {
                self.serial += 1;
                *entry = Some(self.serial);
                self.waits.push(Wait { serial: self.serial, overdue_ns, ..wait });
                // It was just put there.
                let Some(known) = self.waits.last_mut() else { return false };
                known
            }
        };
        known.drives = wait.drives;
        let is_overdue = now.since(known.since) >= known.overdue_ns;
        if is_overdue {
            known.overdue_ns = known.overdue_ns.saturating_mul(2);
        }
        is_overdue
    }

    /// A wait is over.
    pub fn wakes(&mut self, entry: Option<u64>) {
        if let Some(serial) = entry {
            self.waits.retain(|wait| wait.serial != serial);
        }
    }

    /// The waits that sleep.
    pub fn waits(&self) -> &[Wait] {
        &self.waits
    }

    /// Another number whenever a wait began or ended.
    pub fn changes(&self) -> u64 {
        // Serials only grow, and no set of them comes again.
        self.waits.iter().fold(self.serial, |sum, wait| sum.wrapping_mul(31).wrapping_add(wait.serial))
    }
}

impl Wait {
    /// One that begins at a time.
    pub fn new(
        thread: usize,
        request: Option<RequestId>,
        is_bounded: bool,
        drives: bool,
        since: Time,
    ) -> Wait {
        let place = crate::place::here();
        Wait { thread, request, is_bounded, drives, since, place, serial: 0, overdue_ns: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_overdue_after_its_time_and_at_its_doubles() {
        let (mut blocked, mut entry) = (Blocked::default(), None);
        let wait = Wait::new(1, None, false, true, Time(0));
        let overdue: Vec<u64> =
            (0..100).filter(|&at| blocked.sleeps(&mut entry, wait, Time(at), 10)).collect();
        assert_eq!((overdue, blocked.waits().len()), (vec![10, 20, 40, 80], 1));
        let before = blocked.changes();
        blocked.wakes(entry);
        assert!(blocked.waits().is_empty() && blocked.changes() != before);
        assert!(!blocked.sleeps(&mut None, wait, Time(u64::MAX - 1), u64::MAX), "without a watchdog none is");
    }
}
