//! A lane behind its lock, and the one thread at a time that moves it on.
//!
//! The *progress owner* polls the lane, runs the work that it hands out without holding its lock, and sleeps when
//! nothing moves. Other threads start operations under the lock and park until the owner completes theirs; the owner
//! hands over when its own request is done. Who owns, who sleeps and who stands in line is plain data under the lock.

mod direct;
mod tending;
mod watched;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use engine::{Error, Lane, Polled, RequestId, Status, Waiter};
use fabric::Sleeper;
use mapped::{Guard, Lock};
use os::Time;

use crate::blocked::Blocked;
use crate::clock::Clock;
use crate::house::House;
use crate::patience::{Patience, SLEEP_NS_MAX};
use crate::steward::Stewardship;
use crate::undisturbed::undisturbed;
use crate::waiters::Waiters;
use crate::waits::Waits;

pub(crate) use tending::Covered;

/// Idle polls between two looks at the clock.
const POLLS_PER_LOOK: u32 = 16;

/// Polls in a row that may move something before the clock, the deadline and the surroundings are looked at all the same.
const MOVES_PER_LOOK: u32 = 4096;

/// How often one who wants to own a lane gives its core to one who only tends it, before it stands in line.
const TENDED_TRIES: u32 = 64;

/// Who moves the lane on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ownership {
    Free,
    /// A thread that waits for a request of its own.
    Waiter,
    /// A thread that looks after what nobody owns, and gives way to one that waits: at once when it sleeps, else in a moment.
    Steward,
}

pub(crate) struct Inside {
    pub lane: Lane,
    ownership: Ownership,
    /// The mark of the thread that owns, while one does.
    owner: usize,
    /// The owner is in, or on its way to, its sleep.
    sleeping: bool,
    /// The owner has slept since it owns.
    has_slept: bool,
    /// Threads that wait and could own.
    heirs: Vec<Waiter>,
    /// Its last owner has left it, and the steward sleeps without knowing: whoever starts something calls it.
    is_forsaken: std::cell::Cell<bool>,
    waits: Waits,
    /// The waits that sleep, and what tasks await.
    pub blocked: Blocked,
    /// How often somebody moved it on without waiting.
    progresses: u32,
    /// The clock as it was last read.
    now: Time,
}

impl Inside {
    fn own(&mut self, ownership: Ownership) {
        (self.ownership, self.owner) = (ownership, mark_of_thread());
        self.is_forsaken.set(false);
    }

    /// Whether the calling thread is the owner, hence runs users' code for it.
    fn is_owned_here(&self) -> bool {
        self.ownership != Ownership::Free && self.owner == mark_of_thread()
    }
}

/// A number that no other living thread of the process has.
pub(crate) fn mark_of_thread() -> usize {
    thread_local!(static PLACE: u8 = const { 0 });
    PLACE.with(|place| std::ptr::from_ref(place).addr())
}

// Ranks as threads have their cells in one heap: no two may share a cache line (two lines are fetched together).
#[repr(align(128))]
pub(crate) struct Cell {
    inside: Lock<Inside>,
    /// The lane's.
    pub number: usize,
    /// Threads that want the lock while its owner polls with it held.
    wanted: AtomicUsize,
    sleeper: Sleeper,
    pub waiters: Waiters,
    pub patience: Patience,
    clock: Clock,
    stewardship: Arc<Stewardship>,
}

/// What operations are told in a process that `fork` has copied.
pub(crate) const COPY_WHY: &str = "this process is a copy of a rank, made by fork, and no rank itself: only the process that has joined \
                                   the job can communicate";

impl Cell {
    pub fn new(lane: Lane, patience: Patience, clock: Clock, stewardship: Arc<Stewardship>) -> Cell {
        let mut lane = lane;
        let number = lane.port().lane() as usize;
        let sleeper = lane.port().sleeper();
        let inside = Inside {
            lane,
            ownership: Ownership::Free,
            owner: 0,
            sleeping: false,
            has_slept: false,
            heirs: Vec::new(),
            is_forsaken: std::cell::Cell::new(false),
            waits: Waits::default(),
            blocked: Blocked::default(),
            progresses: 0,
            now: clock.now(),
        };
        Cell {
            inside: Lock::new(inside),
            number,
            wanted: AtomicUsize::new(0),
            sleeper,
            waiters: Waiters::default(),
            patience,
            clock,
            stewardship,
        }
    }

    /// Locks the lane. The owner polls with the lock held and lets go as soon as it sees that it is wanted.
    #[inline]
    pub fn lock(&self) -> Guard<'_, Inside> {
        let inside = match self.inside.try_lock() {
            Some(inside) => inside,
            None => self.lock_contended(),
        };
        if self.inside.is_poisoned() || os::fork::is_copy() { self.poison(inside) } else { inside }
    }

    #[cold]
    fn lock_contended(&self) -> Guard<'_, Inside> {
        // Relaxed: a hint to the owner, the lock orders everything else.
        self.wanted.fetch_add(1, Ordering::Relaxed);
        let inside = self.inside.lock();
        self.wanted.fetch_sub(1, Ordering::Relaxed);
        inside
    }

    /// A panic of ours in the midst of a change, or a copy that `fork` has made, which shares no memory with others: whoever waits
    /// is told, and nothing new begins.
    #[cold]
    fn poison<'a>(&self, inside: Guard<'a, Inside>) -> Guard<'a, Inside> {
        let mut inside = inside;
        if !inside.lane.is_poisoned() {
            inside.lane.poison(match os::fork::is_copy() {
                true => COPY_WHY,
                false => "the engine has panicked: a bug of Archipelago, reported on standard error",
            });
        }
        inside
    }

    /// After starting something: whoever sleeps for this lane must see it if only the owner can move it.
    pub fn nudge(&self, inside: &Inside) {
        if inside.sleeping {
            self.sleeper.wake();
        } else if inside.is_forsaken.take() {
            self.stewardship.call();
        }
    }

    /// Wakes the owner out of its sleep, from any thread.
    pub fn wake(&self) {
        self.sleeper.wake();
    }

    /// Where whoever sleeps for this lane does so.
    pub fn sleeper(&self) -> &Sleeper {
        &self.sleeper
    }

    /// The counts of waiting so far.
    pub fn waits(&self) -> Waits {
        self.lock().waits
    }

    /// Waits until a request is complete and takes its outcome.
    pub fn wait(
        &self,
        inside: Guard<'_, Inside>,
        request: RequestId,
        house: &House,
    ) -> Result<Status, Error> {
        let mut outcome = None;
        self.wait_until(inside, Some(request), None, house, |lane| {
            outcome = lane.take(request);
            outcome.is_some()
        });
        outcome.unwrap_or(Err(Error::StaleRequest))
    }

    /// Moves the lane on until `done`, or until `deadline`. Returns whether it is done.
    pub fn wait_until(
        &self,
        inside: Guard<'_, Inside>,
        mine: Option<RequestId>,
        deadline: Option<Time>,
        house: &House,
        mut done: impl FnMut(&mut Lane) -> bool,
    ) -> bool {
        let mut inside = inside;
        if done(&mut inside.lane) {
            return true;
        }
        if inside.is_owned_here() {
            return self.drive_within(inside, mine, deadline, house, &mut done);
        }
        let (mut registered, mut tries, mut entry) = (None, 0, None);
        loop {
            self.take_from_steward(&mut inside);
            if inside.ownership == Ownership::Free {
                inside.own(Ownership::Waiter);
                if let Some(waiter) = registered.take() {
                    inside.heirs.retain(|heir| *heir != waiter);
                    self.waiters.remove(waiter);
                }
                let (mut inside, complete, last) =
                    self.drive(inside, mine, deadline, house, &mut done, &mut entry);
                inside.blocked.wakes(entry);
                inside.ownership = Ownership::Free;
                if std::mem::take(&mut inside.has_slept) {
                    let has_requests = inside.lane.has_requests();
                    inside.is_forsaken.set(house.rota.leave(self.number, has_requests));
                }
                self.hand_over(&mut inside);
                drop(inside);
                if let Some(work) = last {
                    let finished = self.work(work);
                    debug_assert!(finished.is_none());
                }
                return complete;
            }
            // Who only tends the lane is done in a moment.
            if inside.ownership == Ownership::Steward && tries < TENDED_TRIES {
                tries += 1;
                drop(inside);
                std::thread::yield_now();
                inside = self.lock();
                if done(&mut inside.lane) {
                    inside.blocked.wakes(entry);
                    self.stand_back(&mut inside, mine, registered);
                    return true;
                }
                continue;
            }
            // Somebody else moves the lane on: stand in line.
            let waiter = *registered.get_or_insert_with(|| self.waiters.thread());
            if !inside.heirs.contains(&waiter) {
                inside.heirs.push(waiter);
            }
            if let Some(request) = mine {
                inside.lane.watch(request, Some(waiter));
            }
            self.nudge(&inside);
            let now = self.clock.now();
            let is_overdue = self.sleeps(&mut inside, &mut entry, mine, deadline, now, house);
            drop(inside);
            house.bark(is_overdue);
            let pause = deadline.map_or(SLEEP_NS_MAX, |at| at.since(now)).min(SLEEP_NS_MAX);
            std::thread::park_timeout(Duration::from_nanos(pause.max(1)));
            inside = self.lock();
            let complete = done(&mut inside.lane);
            if complete || deadline.is_some_and(|at| self.clock.now() >= at) {
                inside.blocked.wakes(entry);
                self.stand_back(&mut inside, mine, registered);
                return complete;
            }
        }
    }

    /// Leaves the line.
    fn stand_back(&self, inside: &mut Inside, mine: Option<RequestId>, registered: Option<Waiter>) {
        let Some(waiter) = registered else { return };
        inside.heirs.retain(|heir| *heir != waiter);
        if let Some(request) = mine {
            inside.lane.watch(request, None);
        }
        self.waiters.remove(waiter);
        // It may have been woken to own; then somebody else must.
        if inside.ownership == Ownership::Free {
            self.hand_over(inside);
        }
    }

    /// Users' code that the owner runs (an operator, a waker, the drop of a buffer) waits itself: nobody else could move the
    /// lane on for it.
    fn drive_within(
        &self,
        inside: Guard<'_, Inside>,
        mine: Option<RequestId>,
        deadline: Option<Time>,
        house: &House,
        done: &mut dyn FnMut(&mut Lane) -> bool,
    ) -> bool {
        let mut inside = inside;
        // A steward gives way to nobody while users' code stands on its stack.
        let owned_as = std::mem::replace(&mut inside.ownership, Ownership::Waiter);
        let mut entry = None;
        let (mut inside, complete, last) = self.drive(inside, mine, deadline, house, done, &mut entry);
        inside.blocked.wakes(entry);
        inside.ownership = owned_as;
        drop(inside);
        if let Some(work) = last {
            let finished = self.work(work);
            debug_assert!(finished.is_none());
        }
        complete
    }

    fn hand_over(&self, inside: &mut Inside) {
        if let Some(next) = inside.heirs.pop() {
            self.waiters.wake(next);
        }
    }

    fn run<'a>(&'a self, inside: Guard<'a, Inside>, work: engine::Work) -> Guard<'a, Inside> {
        let work = match work {
            engine::Work::Turn(mut turn) => return self.run_turns(inside, &mut turn),
            work => work,
        };
        drop(inside);
        let finished = self.work(work);
        let mut inside = self.lock();
        if let Some(finished) = finished {
            inside.lane.finish(finished);
        }
        inside
    }

    /// Does a piece of work; the lane is not locked. Wakers and the drops of operations' buffers are users' code that may
    /// panic in it: the operation would stay under way, and the lane without an owner that others could replace.
    pub fn work(&self, work: engine::Work) -> Option<engine::Finished> {
        // SAFETY: every operation that was started through `Comm` holds or borrows its buffers until it is complete,
        // as the unsafe functions that start them demand.
        undisturbed(|| unsafe { work.run(|waiter| self.waiters.wake(waiter)) })
    }

    fn count_wait(&self, inside: &mut Inside, since: Option<Time>) {
        if let Some(since) = since {
            inside.waits.waits += 1;
            inside.waits.waited_ns += self.clock.now().since(since);
        }
    }

    /// The owner's loop. The returned work, if any, is to be run once the lane is unlocked.
    fn drive<'a>(
        &'a self,
        inside: Guard<'a, Inside>,
        mine: Option<RequestId>,
        deadline: Option<Time>,
        house: &House,
        done: &mut dyn FnMut(&mut Lane) -> bool,
        entry: &mut Option<u64>,
    ) -> (Guard<'a, Inside>, bool, Option<engine::Work>) {
        let mut inside = inside;
        // A time that is a little old does: the clock is read only once nothing moves.
        let mut now = inside.now;
        let mut moved_at = now;
        let mut looked_at = now;
        let (mut idle, mut moves) = (0u32, 0u32);
        let mut waited_since = None;
        let mut others_move = false;
        loop {
            match inside.lane.poll(now, mine) {
                Polled::Work(work) => {
                    // What ends the wait and needs nothing of the lane afterwards is done when the lane is free again.
                    if work.is_parting() && done(&mut inside.lane) {
                        self.count_wait(&mut inside, waited_since);
                        return (inside, true, Some(work));
                    }
                    inside = self.run(inside, work);
                    idle = 0;
                }
                Polled::Progress => idle = 0,
                Polled::Idle if self.patience.poll_ns > 0 && inside.lane.serves() => {
                    let (back, moved) = self.look_for_turns(inside);
                    (inside, idle) = (back, if moved { 0 } else { idle + 1 });
                }
                Polled::Idle => idle += 1,
            }
            if done(&mut inside.lane) {
                self.count_wait(&mut inside, waited_since);
                return (inside, true, None);
            }
            if idle == 0 {
                if self.wanted.load(Ordering::Relaxed) > 0 {
                    drop(inside);
                    std::thread::yield_now();
                    inside = self.lock();
                }
                moves += 1;
                if moves == MOVES_PER_LOOK {
                    moves = 0;
                    now = self.clock.now();
                    inside.now = now;
                    if deadline.is_some_and(|at| now >= at) {
                        return (inside, false, None);
                    }
                    if now.since(looked_at) >= SLEEP_NS_MAX {
                        looked_at = now;
                        house.look_around(&mut inside.lane);
                    }
                }
                continue;
            }
            if idle.is_multiple_of(POLLS_PER_LOOK) || self.patience.poll_ns == 0 || others_move {
                now = self.clock.now();
                inside.now = now;
                waited_since.get_or_insert(now);
                if idle <= POLLS_PER_LOOK {
                    moved_at = if idle == 1 || idle == POLLS_PER_LOOK { now } else { moved_at };
                }
                if deadline.is_some_and(|at| now >= at) {
                    return (inside, false, None);
                }
                if now.since(looked_at) >= SLEEP_NS_MAX {
                    looked_at = now;
                    house.look_around(&mut inside.lane);
                }
                if house.rota.has_several() && (others_move || house.rota.is_time_to_tend(now)) {
                    drop(inside);
                    others_move = house.rota.tend(Some(self.number), now);
                    inside = self.lock();
                    if others_move {
                        idle = 0;
                        continue;
                    }
                }
            } else {
                std::hint::spin_loop();
                continue;
            }
            let waited_ns = now.since(moved_at);
            if waited_ns < self.patience.poll_ns {
                std::hint::spin_loop();
                if self.wanted.load(Ordering::Relaxed) > 0 {
                    drop(inside);
                    std::thread::yield_now();
                    inside = self.lock();
                }
            } else if waited_ns < self.patience.yield_ns {
                inside.waits.yields += 1;
                drop(inside);
                std::thread::yield_now();
                inside = self.lock();
                now = self.clock.now();
            } else {
                let again_ns = house.look_around(&mut inside.lane);
                // The news may be what is waited for, here or by others.
                if done(&mut inside.lane) {
                    self.count_wait(&mut inside, waited_since);
                    return (inside, true, None);
                }
                if inside.lane.has_work() {
                    continue;
                }
                let is_overdue = self.sleeps(&mut inside, entry, mine, deadline, now, house);
                if is_overdue || house.is_asked() {
                    drop(inside);
                    house.bark(is_overdue);
                    house.answer();
                    inside = self.lock();
                    continue;
                }
                // A wait for no request is for what may come about on any lane: done again when it is armed.
                let is_done = |lane: &mut Lane| mine.is_none() && done(lane);
                inside = self.sleep(inside, now, deadline, again_ns, house, is_done);
                // A wake-up deserves a look at everything, but not another round of polling when it brought nothing.
                now = self.clock.now();
                looked_at = now;
                others_move = true;
            }
        }
    }

    fn sleep<'a>(
        &'a self,
        inside: Guard<'a, Inside>,
        now: Time,
        deadline: Option<Time>,
        again_ns: u64,
        house: &House,
        mut is_done: impl FnMut(&mut Lane) -> bool,
    ) -> Guard<'a, Inside> {
        let mut inside = inside;
        let Some(armed) = inside.lane.arm() else { return inside };
        if is_done(&mut inside.lane) {
            inside.lane.disarm();
            return inside;
        }
        let next = inside.lane.next_deadline().map_or(SLEEP_NS_MAX, |at| at.since(now));
        let timeout = deadline.map_or(SLEEP_NS_MAX, |at| at.since(now)).min(next).min(again_ns);
        (inside.sleeping, inside.has_slept) = (true, true);
        inside.waits.sleeps += 1;
        drop(inside);
        house.rota.sleep(self, armed, timeout, house);
        let mut inside = self.lock();
        inside.sleeping = false;
        inside.lane.disarm();
        inside
    }
}
