//! The threads of a process that wait, and what its tasks await, as a report of who waits for whom needs them. A wait is noted
//! when it first sleeps: one that ends before costs nothing.

use std::collections::HashMap;

use engine::RequestId;
use os::Time;

use crate::place::{self, Place};

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
    pub place: Option<Place>,
    /// Never the same twice.
    serial: u64,
    /// When it has waited for so long, somebody should look.
    overdue_ns: u64,
}

/// A wait of so long may be one that a report speaks of. To find from where a C program calls takes microseconds: too long for each
/// wait, and nothing for one of these.
const LASTS_NS: u64 = 100_000_000;

/// Operations that tasks await, up to which those that are over are not looked for.
const AWAITED_MAX: usize = 64;

/// An operation that a task awaits.
#[derive(Clone, Copy, Debug)]
struct Awaited {
    since: Time,
    overdue_ns: u64,
}

/// All waits that sleep, and all operations that tasks await.
#[derive(Debug, Default)]
pub(crate) struct Blocked {
    waits: Vec<Wait>,
    awaited: HashMap<RequestId, Awaited>,
    /// Above so many of these, those that are over are forgotten.
    awaited_max: usize,
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
        if known.place.is_none() && now.since(known.since) >= LASTS_NS {
            known.place = place::found();
        }
        let is_overdue = now.since(known.since) >= known.overdue_ns;
        if is_overdue {
            known.overdue_ns = known.overdue_ns.saturating_mul(2);
        }
        is_overdue
    }

    /// A task awaits an operation; `is_open` tells of those that are not over.
    pub fn awaits(
        &mut self,
        request: RequestId,
        now: Time,
        overdue_ns: u64,
        is_open: impl Fn(RequestId) -> bool,
    ) {
        self.awaited.entry(request).or_insert_with(|| {
            self.serial += 1;
            Awaited { since: now, overdue_ns }
        });
        if self.awaited.len() > self.awaited_max.max(AWAITED_MAX) {
            self.forget_awaited(is_open);
            self.awaited_max = 2 * self.awaited.len();
        }
    }

    /// A task has what it awaited.
    pub fn has_come(&mut self, request: RequestId) {
        if self.awaited.remove(&request).is_some() {
            self.serial += 1;
        }
    }

    /// Whether tasks await anything, as far as is known.
    pub fn has_awaited(&self) -> bool {
        !self.awaited.is_empty()
    }

    /// Forgets what tasks awaited and that is over.
    pub fn forget_awaited(&mut self, is_open: impl Fn(RequestId) -> bool) {
        self.awaited.retain(|request, _| is_open(*request));
    }

    /// Whether one of the awaited operations has lasted too long, for the first time or for twice as long as the last time.
    pub fn is_await_overdue(&mut self, now: Time) -> bool {
        self.awaited.values_mut().fold(false, |is_overdue, awaited| {
            let is_this = now.since(awaited.since) >= awaited.overdue_ns;
            if is_this {
                awaited.overdue_ns = awaited.overdue_ns.saturating_mul(2);
            }
            is_overdue | is_this
        })
    }

    /// What tasks await, and since when, the longest first.
    pub fn awaited(&self) -> Vec<(RequestId, Time)> {
        let mut all: Vec<(RequestId, Time)> =
            self.awaited.iter().map(|(request, awaited)| (*request, awaited.since)).collect();
        all.sort_by_key(|(request, since)| (*since, request.word()));
        all
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
        let place = place::here();
        Wait { thread, request, is_bounded, drives, since, place, serial: 0, overdue_ns: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tasks_await_is_known_until_it_is_over() {
        let request = RequestId::from_word;
        let mut blocked = Blocked::default();
        for word in 0..1000 {
            blocked.awaits(request(word), Time(word), 10, |request| request.word() >= 900);
        }
        assert!(blocked.awaited().len() <= 300, "{}", blocked.awaited().len());
        blocked.forget_awaited(|request| request.word() >= 998);
        assert_eq!(blocked.awaited(), [(request(998), Time(998)), (request(999), Time(999))]);
        let overdue: Vec<u64> = (1000..1050).filter(|&at| blocked.is_await_overdue(Time(at))).collect();
        assert_eq!(overdue, [1008, 1009, 1018, 1019, 1038, 1039]);
        // Once more is no other wait.
        let before = blocked.changes();
        blocked.awaits(request(998), Time(2000), 10, |_| true);
        assert_eq!((blocked.awaited()[0].1, blocked.changes()), (Time(998), before));
        blocked.has_come(request(998));
        assert!(blocked.changes() != before && blocked.has_awaited());
    }

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
