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

    /// A task awaits an operation of the lane.
    pub fn awaits(&self, inside: &mut Inside, request: RequestId, house: &House) {
        let Inside { lane, blocked, .. } = inside;
        blocked
            .awaits(request, self.clock.now(), house.watchdog.overdue_ns, |other| !lane.is_complete(other));
    }

    /// Whether something that tasks await lasts too long. Nobody else looks: no thread waits for it.
    pub fn is_await_overdue(&self) -> bool {
        // Whoever has it is awake: there is time.
        let Some(mut inside) = self.inside().try_lock() else { return false };
        let Inside { lane, blocked, .. } = &mut *inside;
        if !blocked.has_awaited() {
            return false;
        }
        blocked.forget_awaited(|request| !lane.is_complete(request));
        blocked.is_await_overdue(self.clock.now())
    }

    /// Shows what the lane and the waits that sleep are now.
    pub fn with_blocked(&self, show: impl FnOnce(&mut Lane, &Blocked, Time)) {
        let inside = &mut *self.lock();
        show(&mut inside.lane, &inside.blocked, self.clock.now());
    }
}
