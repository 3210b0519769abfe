//! A lane behind its lock, and the one thread at a time that moves it on.
//!
//! The *progress owner* polls the lane, runs the work that it hands out without holding its lock, and sleeps when
//! nothing moves. Other threads start operations under the lock and stand in line until the owner completes theirs, first awake
//! and then asleep; when its own request is done it leaves, and who is awake takes over, or one who is called. Who owns, who
//! sleeps and who stands in line is plain data under the lock.

mod direct;
mod standing;
mod tending;
mod watched;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use engine::{Config, Error, Lane, Polled, RequestId, Status, Work};
use fabric::{Port, Sleeper};
use mapped::{Guard, Lock};
use os::Time;
use wire::ProcessId;

use crate::blocked::Blocked;
use crate::clock::Clock;
use crate::house::House;
use crate::line::Line;
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

/// Polls in a row that may move something before the owner lets others have the lock.
const MOVES_PER_WAY: u32 = 32;

/// Looks at whether somebody has taken the lock that the owner has given back for it.
const WAY_LOOKS: u32 = 48;

/// Idle polls with the lock given back between them, after somebody wanted it; and pauses of the processor in between.
const POLLS_CONSIDERATE: u32 = 256;
const CONSIDERATE_PAUSES: u32 = 4;

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
    /// Something has moved since those without a request were called.
    has_moved: bool,
    /// Threads that wait and could own.
    line: Line,
    /// An owner has left it, and the steward sleeps without knowing: whoever starts something calls it. Until the steward sleeps
    /// for this lane.
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
    fn new(lane: Lane, now: Time) -> Inside {
        Inside {
            lane,
            ownership: Ownership::Free,
            owner: 0,
            sleeping: false,
            has_slept: false,
            has_moved: false,
            line: Line::default(),
            is_forsaken: std::cell::Cell::new(false),
            waits: Waits::default(),
            blocked: Blocked::default(),
            progresses: 0,
            now,
        }
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
    original: Lock<Inside>,
    /// What a copy of the process has in its stead: others may have held the lock when `fork` made it, in the midst of a change,
    /// and what is in there speaks with others.
    copy: OnceLock<Box<Lock<Inside>>>,
    me: ProcessId,
    /// The lane's.
    pub number: usize,
    /// Nobody owns the lane: for those who stand in line awake. Written under the lock.
    is_free: AtomicBool,
    /// Threads in line that poll.
    pollers: AtomicU32,
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
        Cell {
            me: lane.port().me(),
            original: Lock::new(Inside::new(lane, clock.now())),
            copy: OnceLock::new(),
            number,
            is_free: AtomicBool::new(true),
            pollers: AtomicU32::new(0),
            sleeper,
            waiters: Waiters::default(),
            patience,
            clock,
            stewardship,
        }
    }

    fn own(&self, inside: &mut Inside, ownership: Ownership) {
        (inside.ownership, inside.owner) = (ownership, mark_of_thread());
        // Relaxed: a hint to those in line, the lock orders everything else.
        self.is_free.store(false, Ordering::Relaxed);
    }

    /// The owner leaves. Who stands in line awake sees it; if all sleep, one is called.
    fn set_free(&self, inside: &mut Inside) {
        inside.ownership = Ownership::Free;
        // Relaxed: as above.
        self.is_free.store(true, Ordering::Relaxed);
        // What is left to be done may be to wake somebody in line.
        if let Some(next) = inside.line.next(inside.lane.has_work()) {
            self.waiters.seat(next).call();
        }
    }

    /// Lets those have the lock who want it.
    fn give_way<'a>(&'a self, inside: Guard<'a, Inside>) -> Guard<'a, Inside> {
        drop(inside);
        for _ in 0..WAY_LOOKS {
            if !self.original.is_wanted() {
                break;
            }
            std::hint::spin_loop();
        }
        self.lock()
    }

    /// Between two idle polls: lets those have the lock who want it, and for a while afterwards also those who may want it next.
    #[inline]
    fn pause<'a>(&'a self, inside: Guard<'a, Inside>, considerate: &mut u32) -> Guard<'a, Inside> {
        if self.original.is_wanted() {
            *considerate = POLLS_CONSIDERATE;
            return self.give_way(inside);
        }
        if *considerate == 0 {
            std::hint::spin_loop();
            return inside;
        }
        *considerate -= 1;
        drop(inside);
        (0..CONSIDERATE_PAUSES).for_each(|_| std::hint::spin_loop());
        self.lock()
    }

    /// Locks the lane. The owner polls with the lock held and lets go as soon as it sees that it is wanted.
    #[inline]
    pub fn lock(&self) -> Guard<'_, Inside> {
        let inside = self.inside().lock();
        if self.inside().is_poisoned() { self.poison(inside) } else { inside }
    }

    /// The lane of this process, which may be a copy.
    #[inline]
    fn inside(&self) -> &Lock<Inside> {
        if os::fork::is_copy() { self.copy() } else { &self.original }
    }

    /// A lane that leads nowhere: of the original's, nothing is looked at any more.
    #[cold]
    fn copy(&self) -> &Lock<Inside> {
        self.copy.get_or_init(|| {
            let port = Port::leading_nowhere(self.me, self.number as u16, COPY_WHY);
            let mut lane = Lane::new(port, Config::default());
            lane.poison(COPY_WHY);
            Box::new(Lock::new(Inside::new(lane, self.clock.now())))
        })
    }

    /// A panic of ours in the midst of a change: whoever waits is told, and nothing new begins.
    #[cold]
    fn poison<'a>(&self, inside: Guard<'a, Inside>) -> Guard<'a, Inside> {
        let mut inside = inside;
        if !inside.lane.is_poisoned() {
            inside.lane.poison("the engine has panicked: a bug of Archipelago, reported on standard error");
        }
        inside
    }

    /// After starting something: whoever sleeps for this lane must see it if only the owner can move it.
    pub fn nudge(&self, inside: &Inside) {
        if inside.sleeping {
            self.sleeper.wake();
        } else if inside.ownership == Ownership::Free && inside.is_forsaken.take() {
            self.stewardship.call();
        }
    }

    /// Has whoever waits on this lane look again, the owner and those who stand in line without a request; from any thread.
    pub fn wake(&self) {
        self.sleeper.wake();
        self.waiters.call_lookers();
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
        self.stand_in_line(inside, mine, deadline, house, &mut done)
    }

    /// Owns the lane, which is free, until `done` or `deadline`.
    fn own_until(
        &self,
        inside: Guard<'_, Inside>,
        mine: Option<RequestId>,
        deadline: Option<Time>,
        house: &House,
        done: &mut dyn FnMut(&mut Lane) -> bool,
        entry: Option<u64>,
    ) -> bool {
        let (mut inside, mut entry) = (inside, entry);
        self.own(&mut inside, Ownership::Waiter);
        let (mut inside, complete, last) = self.drive(inside, mine, deadline, house, done, &mut entry);
        inside.blocked.wakes(entry);
        if std::mem::take(&mut inside.has_slept) || inside.is_forsaken.get() && inside.lane.has_requests() {
            let has_requests = inside.lane.has_requests();
            inside.is_forsaken.set(house.rota.leave(self.number, has_requests));
        }
        self.set_free(&mut inside);
        drop(inside);
        if let Some(work) = last {
            let finished = self.work(work);
            debug_assert!(finished.is_none());
        }
        complete
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

    fn run<'a>(&'a self, inside: Guard<'a, Inside>, work: Work) -> Guard<'a, Inside> {
        if let Work::Wake(waiter) = &work
            && self.waiters.wake_awake(*waiter)
        {
            return inside;
        }
        let work = match work {
            Work::Turn(mut turn) => return self.run_turns(inside, &mut turn),
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
    pub fn work(&self, work: Work) -> Option<engine::Finished> {
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
    ) -> (Guard<'a, Inside>, bool, Option<Work>) {
        let mut inside = inside;
        // A time that is a little old does: the clock is read only once nothing moves.
        let mut now = inside.now;
        let mut moved_at = now;
        let mut looked_at = now;
        let (mut idle, mut moves, mut considerate) = (0u32, 0u32, 0u32);
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
            inside.has_moved |= idle == 0;
            if done(&mut inside.lane) {
                self.count_wait(&mut inside, waited_since);
                return (inside, true, None);
            }
            if idle == 0 {
                moves += 1;
                if moves.is_multiple_of(MOVES_PER_WAY) && self.original.is_wanted() {
                    inside = self.give_way(inside);
                }
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
                    others_move = house.rota.tend(Some(self.number), now, house);
                    inside = self.lock();
                    if others_move {
                        idle = 0;
                        continue;
                    }
                }
            } else {
                inside = self.pause(inside, &mut considerate);
                continue;
            }
            // Those in line rely on this thread for as long as they would poll.
            if inside.line.take_newcomer() {
                moved_at = now;
            }
            let waited_ns = now.since(moved_at);
            if waited_ns < self.patience.poll_ns {
                inside = self.pause(inside, &mut considerate);
            } else if waited_ns < self.patience.yield_ns {
                inside.waits.yields += 1;
                drop(inside);
                std::thread::yield_now();
                inside = self.lock();
                now = self.clock.now();
            } else {
                if os::fork::is_copy() {
                    // Nothing comes any more, and where to sleep is the original's.
                    return (inside, false, None);
                }
                if std::mem::take(&mut inside.has_moved) {
                    // What moved may be what they wait for.
                    drop(inside);
                    self.waiters.call_lookers();
                    inside = self.lock();
                    continue;
                }
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
