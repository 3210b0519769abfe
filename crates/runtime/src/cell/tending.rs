//! A lane that nobody owns: how others move it on, sleep for it, and give way to who waits.

use std::sync::atomic::Ordering;

use engine::Polled;
use fabric::Armed;
use mapped::Guard;
use os::Time;

use super::{Cell, Inside, Ownership};
use crate::house::House;
use crate::patience::SLEEP_NS_MAX;

/// Attempts to move the lane on without waiting, of which one looks around: it costs a system call.
const PROGRESSES_PER_LOOK: u32 = 32;

/// How often one who only looks lets others have the lock before it looks.
const WAYS_MAX: u32 = 4;

/// Polls of a lane that nobody owns before its steward goes on to the next.
const TEND_POLLS: u32 = 8;

/// What a steward found when it wanted to sleep for a lane as well.
pub(crate) enum Covered {
    /// It sleeps for it, for so long at most.
    Armed { armed: Armed, was: Ownership, timeout_ns: u64 },
    /// Somebody owns it.
    InUse { is_asleep: bool },
    /// There is something to do.
    Restless,
}

impl Cell {
    /// Moves on whatever can move now, without waiting. Looks around now and then: a program may do nothing else.
    pub fn progress<'a>(&'a self, inside: Guard<'a, Inside>, house: &House) -> Guard<'a, Inside> {
        let mut inside = inside;
        let is_within = inside.is_owned_here();
        self.take_from_steward(&mut inside);
        if inside.ownership != Ownership::Free && !is_within {
            return self.give_way_to_owner(inside);
        }
        if !is_within {
            self.own(&mut inside, Ownership::Waiter);
        }
        inside.progresses = inside.progresses.wrapping_add(1);
        if inside.progresses.is_multiple_of(PROGRESSES_PER_LOOK) {
            house.look_around(&mut inside.lane);
            if house.rota.has_several() {
                // A program may do nothing else: then nobody but this thread moves the other lanes on.
                let now = self.clock.now();
                drop(inside);
                if house.rota.is_time_to_tend(now) {
                    house.rota.tend(Some(self.number), now, house);
                }
                inside = self.lock();
            }
        }
        for _ in 0..64 {
            let polled = inside.lane.poll(self.clock.now(), None);
            match polled {
                Polled::Work(work) => inside = self.run(inside, work),
                Polled::Progress => {}
                Polled::Idle => break,
            }
        }
        if !is_within {
            self.set_free(&mut inside);
        }
        inside
    }

    /// Who only looks, again and again, has the lock nearly all the time, since the lock is not fair: who moves the lane on, and
    /// wants it back, comes first, though it has to be woken for it.
    fn give_way_to_owner<'a>(&'a self, inside: Guard<'a, Inside>) -> Guard<'a, Inside> {
        let mut inside = inside;
        for _ in 0..WAYS_MAX {
            if !self.original.is_wanted() {
                break;
            }
            inside = self.give_way(inside);
            if self.original.is_wanted() {
                drop(inside);
                std::thread::yield_now();
                inside = self.lock();
            }
        }
        inside
    }

    /// Moves the lane on as far as it goes now, if nobody owns it: also what waits for an address, which nobody else might ask for. Returns
    /// whether anything moved.
    pub fn tend(&self, now: Time, house: &House) -> bool {
        let Some(mut inside) = self.inside().try_lock() else { return false };
        let (owned_as, owner) = (inside.ownership, inside.owner);
        match owned_as {
            Ownership::Free if inside.line.is_empty() => self.own(&mut inside, Ownership::Steward),
            // Users' code that the owner runs waits on another lane.
            _ if inside.is_owned_here() => {}
            _ => return false,
        }
        let mut moved = false;
        house.find_addresses(&mut inside.lane);
        for _ in 0..TEND_POLLS {
            match inside.lane.poll(now, None) {
                Polled::Work(work) => inside = self.run(inside, work),
                Polled::Progress => {}
                Polled::Idle => break,
            }
            moved = true;
        }
        (inside.ownership, inside.owner) = (owned_as, owner);
        if owned_as == Ownership::Free {
            self.set_free(&mut inside);
        }
        moved
    }

    /// The calling thread, the steward, is about to sleep: prepares the lane for it if nobody owns it.
    pub fn cover(&self, house: &House) -> Covered {
        let Some(mut inside) = self.inside().try_lock() else { return Covered::InUse { is_asleep: false } };
        let was = inside.ownership;
        let is_mine = was != Ownership::Free && inside.is_owned_here();
        if !is_mine && (was != Ownership::Free || !inside.line.is_empty()) {
            return Covered::InUse { is_asleep: inside.sleeping };
        }
        // The steward has listened, once for all lanes.
        let again_ns = house.tell_news(&mut inside.lane);
        if inside.lane.has_work() {
            return Covered::Restless;
        }
        let Some(armed) = inside.lane.arm() else { return Covered::Restless };
        // Where users' code stands on the owner's stack nobody can take the lane over.
        self.own(&mut inside, if is_mine { Ownership::Waiter } else { Ownership::Steward });
        inside.sleeping = true;
        inside.is_forsaken.set(false);
        let next_ns = inside.lane.next_deadline().map_or(SLEEP_NS_MAX, |at| at.since(self.clock.now()));
        Covered::Armed { armed, was, timeout_ns: again_ns.min(next_ns) }
    }

    /// The steward has slept, and gives back what it had covered, unless somebody has taken it.
    pub fn uncover(&self, was: Ownership) {
        let mut inside = self.lock();
        if !inside.sleeping || !inside.is_owned_here() {
            return;
        }
        inside.sleeping = false;
        inside.lane.disarm();
        inside.ownership = was;
        if was == Ownership::Free {
            self.set_free(&mut inside);
        }
    }

    /// A steward that sleeps for this lane gives way; it notices when it wakes.
    #[inline]
    pub(super) fn take_from_steward(&self, inside: &mut Inside) {
        if inside.ownership == Ownership::Steward && inside.sleeping {
            inside.sleeping = false;
            // Nobody stands in line: the steward leaves such a lane alone.
            inside.ownership = Ownership::Free;
            self.is_free.store(true, Ordering::Relaxed);
            // It must not be in the place where the next owner of the lane will sleep.
            self.sleeper.wake();
            inside.lane.disarm();
        }
    }
}
