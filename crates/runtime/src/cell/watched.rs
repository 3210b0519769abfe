//! What reports of who waits for whom need of a cell.

use engine::{Lane, RequestId};
use os::Time;

use super::{Cell, Inside, mark_of_thread};
use crate::blocked::{Blocked, Wait};
use crate::house::House;

impl Cell {
    /// Notes that a wait goes to sleep. Returns whether it lasts too long.
    pub(super) fn sleeps(
        &self,
        inside: &mut Inside,
        entry: &mut Option<u64>,
        mine: Option<RequestId>,
        deadline: Option<Time>,
        now: Time,
        house: &House,
    ) -> bool {
        let thread = mark_of_thread();
        let drives = inside.is_owned_here();
        let wait = Wait::new(thread, mine, deadline.is_some(), drives, now);
        inside.blocked.sleeps(entry, wait, now, house.watchdog.overdue_ns)
    }

    /// Shows what the lane and the waits that sleep are now.
    pub fn with_blocked(&self, show: impl FnOnce(&mut Lane, &Blocked, Time)) {
        let inside = &mut *self.lock();
        show(&mut inside.lane, &inside.blocked, self.clock.now());
    }
}
