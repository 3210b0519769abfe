//! Who looks after the lanes that no thread owns, while all that could are asleep.
//!
//! A thread that sleeps in a wait sleeps for its own lane. One of those who sleep, the *steward*, sleeps also for all lanes
//! that nobody owns, so that what another thread has started there goes on. The progress thread, once there is one, is the
//! steward for good. When a steward leaves its lane, one of the other sleepers is woken to take its place; when an owner
//! leaves its lane after the steward has fallen asleep, the steward is called if something is under way there.
//!
//! All of it is plain data under one lock, which is taken around sleeps only.

use std::sync::{Mutex, MutexGuard};
use std::thread::Thread;

use fabric::Sleeper;

use crate::cell::mark_of_thread;

/// Who is the steward.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Steward {
    /// The owner of this lane.
    Owner(usize),
    /// The progress thread.
    ProgressThread,
}

/// The office of the steward.
#[derive(Default)]
pub(crate) struct Stewardship {
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    steward: Option<Steward>,
    /// The mark of its thread.
    thread: usize,
    /// Where the steward sleeps, while it does in a lane's place.
    bed: Option<Sleeper>,
    /// Somebody wants the steward to look at everything before it sleeps again.
    called: bool,
    /// Owners that sleep for their own lanes alone.
    sleepers: Vec<(usize, Sleeper)>,
    progress_thread: Option<Thread>,
}

impl Inside {
    fn call(&mut self) {
        self.called = true;
        if let Some(bed) = &self.bed {
            bed.wake();
        }
        if let Some(thread) = &self.progress_thread {
            thread.unpark();
        }
    }

    /// Wakes somebody who sleeps: it asks for the office before it sleeps again, or leaves and wakes the next.
    fn wake_another(&self) {
        match (&self.progress_thread, self.sleepers.first()) {
            (Some(thread), _) => thread.unpark(),
            (None, Some((_, bed))) => bed.wake(),
            (None, None) => {}
        }
    }
}

impl Stewardship {
    /// Asks for the office before a sleep. False: another has it. An owner then counts as one who sleeps for its own lane, in
    /// `bed`, until [`awake`](Stewardship::awake).
    pub fn take(&self, who: Steward, bed: Option<&Sleeper>) -> bool {
        let mut inside = self.lock();
        match inside.steward {
            None => (inside.steward, inside.thread) = (Some(who), mark_of_thread()),
            // A wait in a waker, or in an operator, that the steward runs.
            Some(_) if inside.thread == mark_of_thread() => {}
            Some(_) => {
                if let (Steward::Owner(lane), Some(bed)) = (who, bed) {
                    inside.sleepers.push((lane, bed.clone()));
                }
                return false;
            }
        }
        true
    }

    /// Who was refused the office has slept.
    pub fn awake(&self, lane: usize) {
        self.lock().sleepers.retain(|(sleeper, _)| *sleeper != lane);
    }

    /// The steward, which has looked at all lanes, falls asleep in this place. False: it was called meanwhile, and looks again.
    pub fn fall_asleep(&self, bed: Option<&Sleeper>) -> bool {
        let mut inside = self.lock();
        if std::mem::take(&mut inside.called) {
            return false;
        }
        inside.bed = bed.cloned();
        true
    }

    /// The steward has slept.
    pub fn wake_up(&self) {
        let mut inside = self.lock();
        (inside.bed, inside.called) = (None, false);
    }

    /// Has the steward look at all lanes, if there is one.
    pub fn call(&self) {
        self.lock().call();
    }

    /// The owner of a lane leaves it, having slept. If it was the steward somebody else takes its place; else the steward is
    /// called if the lane `has_requests`. Returns whether the lane is forsaken: the steward may sleep without knowing that
    /// nobody owns the lane any more, and is to be called when something is started there.
    pub fn leave(&self, lane: usize, has_requests: bool) -> bool {
        let mut inside = self.lock();
        match inside.steward {
            None => {
                // Woken to be the steward, perhaps.
                inside.wake_another();
                false
            }
            Some(Steward::Owner(steward)) if steward == lane => {
                (inside.steward, inside.bed, inside.called) = (None, None, false);
                inside.wake_another();
                false
            }
            Some(_) if has_requests => {
                inside.call();
                false
            }
            Some(_) => true,
        }
    }

    /// The calling thread is the progress thread from now on.
    pub fn begin_progress_thread(&self) {
        self.lock().progress_thread = Some(std::thread::current());
    }

    /// The progress thread ends.
    pub fn end_progress_thread(&self) {
        let mut inside = self.lock();
        inside.progress_thread = None;
        if inside.steward == Some(Steward::ProgressThread) {
            (inside.steward, inside.bed) = (None, None);
            inside.wake_another();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
