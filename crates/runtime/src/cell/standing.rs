//! The wait of a thread while another moves the lane on: awake as long as its patience lasts, which costs nobody a system call, and
//! then asleep.

use std::sync::atomic::Ordering;

use engine::{Lane, RequestId};
use mapped::{Guard, Seat};
use os::Time;

use super::{Cell, Inside, Ownership};
use crate::house::House;
use crate::line::Number;
use crate::patience::SLEEP_NS_MAX;
use crate::waiters;

/// How often one who wants to own a lane gives its core to one who only tends it, before it stands in line.
const TENDED_TRIES: u32 = 64;

/// Looks that find the lane free before one in line takes it over: mostly its owner is back by then, and two don't contend.
const FREE_LOOKS: u32 = 4;

/// Pauses of the processor between two looks.
const PAUSES: u32 = 2;

/// Looks between two at the clock.
const LOOKS_PER_TIME: u32 = 16;

/// How soon somebody looks whom nobody calls, and at last.
const LOOK_NS: u64 = 1_000_000;
const LOOK_NS_MAX: u64 = 4_000_000;

/// A thread's place in line.
struct Place {
    number: Number,
    /// How long it stays awake.
    awake_until: Time,
    /// It was called to take over, and found the lane owned.
    in_vain: bool,
    look_ns: u64,
}

impl Cell {
    /// Waits until `done`, or until `deadline`, on a lane that the calling thread does not own: owns it as soon as it is free.
    pub(super) fn stand_in_line(
        &self,
        inside: Guard<'_, Inside>,
        mine: Option<RequestId>,
        deadline: Option<Time>,
        house: &House,
        done: &mut dyn FnMut(&mut Lane) -> bool,
    ) -> bool {
        let mut inside = inside;
        let (mut stands, mut tries, mut entry) = (None, 0, None);
        loop {
            self.take_from_steward(&mut inside);
            if inside.ownership == Ownership::Free {
                if let Some(Place { number, .. }) = stands.take() {
                    self.leave(&mut inside, mine, number);
                }
                return self.own_until(inside, mine, deadline, house, done, entry);
            }
            // Who only tends the lane is done in a moment.
            if inside.ownership == Ownership::Steward && tries < TENDED_TRIES {
                tries += 1;
                drop(inside);
                std::thread::yield_now();
                inside = self.lock();
                if done(&mut inside.lane) {
                    self.stand_back(&mut inside, mine, stands, entry);
                    return true;
                }
                continue;
            }
            let is_new = stands.is_none();
            let place = stands.get_or_insert_with(|| Place {
                number: inside.line.stand(),
                awake_until: self.clock.now() + self.patience.yield_ns,
                in_vain: false,
                look_ns: LOOK_NS,
            });
            let seat = self.waiters.seat(place.number);
            // Before the last look at what is waited for: whatever comes about after it calls.
            seat.sit();
            let may_be_done = match mine {
                Some(request) => !inside.lane.watch(request, Some(waiters::thread(place.number))),
                None => {
                    if is_new {
                        self.waiters.looks(place.number);
                    }
                    true
                }
            };
            if may_be_done && done(&mut inside.lane) {
                self.stand_back(&mut inside, mine, stands, entry);
                return true;
            }
            if is_new {
                self.nudge(&inside);
            }
            let now = self.clock.now();
            if now < place.awake_until {
                drop(inside);
                self.stand_awake(seat, place.awake_until, deadline);
                inside = self.lock();
            } else {
                let looks = inside.line.lie_down(place.number, place.in_vain) || mine.is_none();
                let is_overdue = self.sleeps(&mut inside, &mut entry, mine, deadline, now, house);
                drop(inside);
                house.bark(is_overdue);
                let left = deadline.map_or(SLEEP_NS_MAX, |at| at.since(now)).min(SLEEP_NS_MAX);
                seat.sleep(if looks { left.min(place.look_ns) } else { left }.max(1));
                inside = self.lock();
                let is_called = inside.line.get_up(place.number);
                if is_called {
                    place.in_vain = inside.ownership != Ownership::Free;
                    place.awake_until = self.clock.now() + self.patience.yield_ns;
                }
                place.look_ns = (2 * place.look_ns).min(LOOK_NS_MAX);
            }
            let complete = done(&mut inside.lane);
            if complete || deadline.is_some_and(|at| self.clock.now() >= at) {
                self.stand_back(&mut inside, mine, stands, entry);
                return complete;
            }
        }
    }

    /// Polls, and then yields, until the thread is called, the lane is free, or one of the times has come. Where no core is left
    /// for it, it yields at once.
    fn stand_awake(&self, seat: &Seat, until: Time, deadline: Option<Time>) {
        let until = deadline.map_or(until, |at| at.min(until));
        // Relaxed (all): a count of those who poll, which orders nothing; and a hint, see `set_free`.
        let mut may_poll =
            self.patience.poll_ns > 0 && self.pollers.fetch_add(1, Ordering::Relaxed) < self.patience.pollers;
        let yields_ns = self.patience.yield_ns - self.patience.poll_ns;
        let (mut looks, mut free_looks) = (0u32, 0);
        while !seat.is_called() {
            match self.is_free.load(Ordering::Relaxed) {
                true => free_looks += 1,
                false => free_looks = 0,
            }
            looks += 1;
            if free_looks == FREE_LOOKS {
                break;
            }
            if looks.is_multiple_of(LOOKS_PER_TIME) || !may_poll {
                let left_ns = until.since(self.clock.now());
                may_poll &= left_ns > yields_ns;
                if left_ns == 0 {
                    break;
                }
            }
            match may_poll {
                true => (0..PAUSES).for_each(|_| std::hint::spin_loop()),
                false => std::thread::yield_now(),
            }
        }
        if self.patience.poll_ns > 0 {
            self.pollers.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Leaves the line, with no need to own the lane any more.
    fn stand_back(
        &self,
        inside: &mut Inside,
        mine: Option<RequestId>,
        stands: Option<Place>,
        entry: Option<u64>,
    ) {
        inside.blocked.wakes(entry);
        let Some(Place { number, .. }) = stands else { return };
        self.leave(inside, mine, number);
        // It may have been called to own; then somebody else must.
        if inside.ownership == Ownership::Free {
            self.set_free(inside);
        }
    }

    fn leave(&self, inside: &mut Inside, mine: Option<RequestId>, number: Number) {
        inside.line.leave(number);
        // Another has the seat next, and is not to be called in this one's stead.
        match mine {
            Some(request) => drop(inside.lane.watch(request, None)),
            None => self.waiters.looks_no_more(number),
        }
    }
}
