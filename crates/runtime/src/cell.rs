//! A lane behind its lock, and the one thread at a time that moves it on.
//!
//! The *progress owner* polls the lane, runs the work that it hands out without holding its lock, and sleeps when
//! nothing moves. Other threads start operations under the lock and park until the owner completes theirs; the owner
//! hands over when its own request is done. Who owns, who sleeps and who stands in line is plain data under the lock.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use engine::collective::{Advance, Inline};
use engine::{
    Communicator, Direct, Error, Lane, Polled, RequestId, Source, Status, TagPattern, TypeTag, Waiter,
};
use fabric::Sleeper;
use os::Time;

use crate::clock::Clock;
use crate::house::House;
use crate::patience::{Patience, SLEEP_NS_MAX};
use crate::undisturbed::undisturbed;
use crate::waiters::Waiters;
use crate::waits::Waits;

/// Idle polls between two looks at the clock.
const POLLS_PER_LOOK: u32 = 16;

/// Polls in a row that may move something before the clock, the deadline and the surroundings are looked at all the same.
const MOVES_PER_LOOK: u32 = 4096;

/// Attempts to move the lane on without waiting, of which one looks around: it costs a system call.
const PROGRESSES_PER_LOOK: u32 = 32;

/// Looks of a receive before it is posted: about as long as a message takes from the other core.
const DIRECT_POLLS: u32 = 64;

/// Looks at a board with a core for each rank, and yields without, before a collective becomes a request: meanwhile this
/// thread moves nothing else on. Either takes less than a wake-up.
const INLINE_POLLS: u32 = 256;
const INLINE_YIELDS: u32 = 32;

/// Waits for fewer looks are counted but not timed: two looks at the clock are a good part of them.
const UNTIMED_LOOKS: u32 = 4;

/// Who moves the lane on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ownership {
    Free,
    /// A thread that waits for a request of its own.
    Waiter,
    /// The progress thread, which gives way to a thread that waits.
    ProgressThread,
}

pub(crate) struct Inside {
    pub lane: Lane,
    ownership: Ownership,
    /// The mark of the thread that owns, while one does.
    owner: usize,
    /// The owner is in, or on its way to, its sleep.
    sleeping: bool,
    /// Threads that wait and could own.
    heirs: Vec<Waiter>,
    /// The progress thread, when it has nothing to own and waits for its turn.
    standby: Option<Waiter>,
    waits: Waits,
    /// How often somebody moved it on without waiting.
    progresses: u32,
    /// The clock as it was last read.
    now: Time,
}

impl Inside {
    fn own(&mut self, ownership: Ownership) {
        (self.ownership, self.owner) = (ownership, mark_of_thread());
    }

    /// Whether the calling thread is the owner, hence runs users' code for it.
    fn is_owned_here(&self) -> bool {
        self.ownership != Ownership::Free && self.owner == mark_of_thread()
    }
}

/// A number that no other living thread of the process has.
fn mark_of_thread() -> usize {
    thread_local!(static PLACE: u8 = const { 0 });
    PLACE.with(|place| std::ptr::from_ref(place).addr())
}

// Ranks as threads have their cells in one heap: no two may share a cache line (two lines are fetched together).
#[repr(align(128))]
pub(crate) struct Cell {
    inside: Mutex<Inside>,
    /// Threads that want the lock while its owner polls with it held.
    wanted: AtomicUsize,
    sleeper: Sleeper,
    pub waiters: Waiters,
    pub patience: Patience,
    clock: Clock,
}

impl Cell {
    pub fn new(lane: Lane, patience: Patience, clock: Clock) -> Cell {
        let mut lane = lane;
        let sleeper = lane.port().sleeper();
        let inside = Inside {
            lane,
            ownership: Ownership::Free,
            owner: 0,
            sleeping: false,
            heirs: Vec::new(),
            standby: None,
            waits: Waits::default(),
            progresses: 0,
            now: clock.now(),
        };
        Cell {
            inside: Mutex::new(inside),
            wanted: AtomicUsize::new(0),
            sleeper,
            waiters: Waiters::default(),
            patience,
            clock,
        }
    }

    /// Locks the lane. The owner polls with the lock held and lets go as soon as it sees that it is wanted.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, Inside> {
        match self.inside.try_lock() {
            Ok(inside) => inside,
            Err(_) => self.lock_contended(),
        }
    }

    #[cold]
    fn lock_contended(&self) -> MutexGuard<'_, Inside> {
        // Relaxed: a hint to the owner, the mutex orders everything else.
        self.wanted.fetch_add(1, Ordering::Relaxed);
        let inside = self.inside.lock().unwrap_or_else(|poisoned| {
            // A panic of ours in the midst of a change: whoever waits is told, and nothing new begins.
            let mut inside = poisoned.into_inner();
            inside.lane.poison("the engine has panicked: a bug of Archipelago, reported on standard error");
            inside
        });
        self.wanted.fetch_sub(1, Ordering::Relaxed);
        inside
    }

    /// After starting something: whoever sleeps for this lane must see it if only the owner can move it.
    pub fn nudge(&self, inside: &Inside) {
        if inside.sleeping {
            self.sleeper.wake();
        }
    }

    /// Wakes the owner out of its sleep, from any thread.
    pub fn wake(&self) {
        self.sleeper.wake();
    }

    /// Wakes the progress thread where it stands by.
    pub fn wake_standby(&self) {
        if let Some(waiter) = self.lock().standby {
            self.waiters.wake(waiter);
        }
    }

    /// The counts of waiting so far.
    pub fn waits(&self) -> Waits {
        self.lock().waits
    }

    /// Waits until a request is complete and takes its outcome.
    pub fn wait(
        &self,
        inside: MutexGuard<'_, Inside>,
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

    /// Receives a small message without posting the receive, as long as polling is the right way to wait. Gives the lane
    /// back when it is not, or when anything else happens first.
    #[inline]
    pub fn receive_directly<'a>(
        &'a self,
        inside: MutexGuard<'a, Inside>,
        communicator: &Communicator,
        source: Source,
        tag: TagPattern,
        of: TypeTag,
        capacity: usize,
    ) -> Result<([u8; fabric::INLINE_BYTES], Status), MutexGuard<'a, Inside>> {
        let mut inside = inside;
        if inside.ownership != Ownership::Free || !inside.lane.may_receive_directly() {
            return Err(inside);
        }
        let Some(pattern) = inside.lane.direct_pattern(communicator, source, tag) else { return Err(inside) };
        // A crowded host gets one look before the core is given away.
        let polls = if self.patience.poll_ns == 0 { 1 } else { DIRECT_POLLS };
        let now = inside.now;
        for _ in 0..polls {
            if !inside.lane.only_arrivals_matter() {
                return Err(inside);
            }
            match inside.lane.receive_directly(now, &pattern, of, capacity) {
                Direct::Received(bytes, status) => return Ok((bytes, status)),
                Direct::Post => return Err(inside),
                Direct::Nothing if self.wanted.load(Ordering::Relaxed) > 0 => return Err(inside),
                Direct::Nothing => std::hint::spin_loop(),
            }
        }
        Err(inside)
    }

    /// Moves a collective on by looking at its board, as long as that is the right way to wait; then as a request.
    pub fn move_on(&self, inline: Inline, house: &House) -> Result<(), Error> {
        let mut inline = inline;
        let crowded = self.patience.poll_ns == 0;
        let (mut looks, mut since) = (0, None);
        let failed = loop {
            match inline.advance() {
                Advance::Work(work) => {
                    // Nothing is heard of what went well.
                    if self.work(work).is_some_and(|finished| !finished.succeeded()) {
                        break Some(Error::OperatorFailed);
                    }
                }
                Advance::Done => {
                    let mut inside = self.lock();
                    inside.lane.settle(inline);
                    // Another thread's collective may have waited for its turn behind this one.
                    self.nudge(&inside);
                    if looks > 0 {
                        inside.waits.waits += 1;
                        inside.waits.waited_ns += since.map_or(0, |since| self.clock.now().since(since));
                    }
                    inside.waits.yields += if crowded { u64::from(looks) } else { 0 };
                    return Ok(());
                }
                Advance::Post => break None,
                Advance::Failed(error) => break Some(error),
                Advance::Wait => {
                    if looks == if crowded { INLINE_YIELDS } else { INLINE_POLLS } {
                        break None;
                    }
                    if looks == UNTIMED_LOOKS {
                        since = Some(self.clock.now());
                    }
                    looks += 1;
                    if crowded { std::thread::yield_now() } else { std::hint::spin_loop() }
                }
            }
        };
        let mut inside = self.lock();
        let request = inside.lane.adopt(inline, failed);
        self.nudge(&inside);
        self.wait(inside, request, house).map(drop)
    }

    /// Moves the lane on until `done`, or until `deadline`. Returns whether it is done.
    pub fn wait_until(
        &self,
        inside: MutexGuard<'_, Inside>,
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
        let mut registered = None;
        loop {
            let free = match inside.ownership {
                Ownership::Free => true,
                // The progress thread gives way while it sleeps; it notices when it wakes.
                Ownership::ProgressThread => inside.sleeping,
                Ownership::Waiter => false,
            };
            if free {
                if inside.ownership == Ownership::ProgressThread {
                    inside.sleeping = false;
                    self.sleeper.wake();
                    inside.lane.disarm();
                }
                inside.own(Ownership::Waiter);
                if let Some(waiter) = registered.take() {
                    inside.heirs.retain(|heir| *heir != waiter);
                    self.waiters.remove(waiter);
                }
                let (mut inside, complete, last) = self.drive(inside, mine, deadline, house, &mut done);
                inside.ownership = Ownership::Free;
                self.hand_over(&mut inside);
                drop(inside);
                if let Some(work) = last {
                    let finished = self.work(work);
                    debug_assert!(finished.is_none());
                }
                return complete;
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
            drop(inside);
            let now = self.clock.now();
            let pause = deadline.map_or(SLEEP_NS_MAX, |at| at.since(now)).min(SLEEP_NS_MAX);
            std::thread::park_timeout(Duration::from_nanos(pause.max(1)));
            inside = self.lock();
            let complete = done(&mut inside.lane);
            if complete || deadline.is_some_and(|at| self.clock.now() >= at) {
                inside.heirs.retain(|heir| *heir != waiter);
                if let Some(request) = mine {
                    inside.lane.watch(request, None);
                }
                self.waiters.remove(waiter);
                // It may have been woken to own; then somebody else must.
                if inside.ownership == Ownership::Free {
                    self.hand_over(&mut inside);
                }
                return complete;
            }
        }
    }

    /// Users' code that the owner runs (an operator, a waker, the drop of a buffer) waits itself: nobody else could move the
    /// lane on for it.
    fn drive_within(
        &self,
        inside: MutexGuard<'_, Inside>,
        mine: Option<RequestId>,
        deadline: Option<Time>,
        house: &House,
        done: &mut dyn FnMut(&mut Lane) -> bool,
    ) -> bool {
        let mut inside = inside;
        // A progress thread gives way to nobody while users' code stands on its stack.
        let owned_as = std::mem::replace(&mut inside.ownership, Ownership::Waiter);
        let (mut inside, complete, last) = self.drive(inside, mine, deadline, house, done);
        inside.ownership = owned_as;
        drop(inside);
        if let Some(work) = last {
            let finished = self.work(work);
            debug_assert!(finished.is_none());
        }
        complete
    }

    /// Moves on whatever can move now, without waiting. Looks around now and then: a program may do nothing else.
    pub fn progress<'a>(&'a self, inside: MutexGuard<'a, Inside>, house: &House) -> MutexGuard<'a, Inside> {
        let mut inside = inside;
        let is_within = inside.is_owned_here();
        if inside.ownership != Ownership::Free && !is_within {
            return inside;
        }
        if !is_within {
            inside.own(Ownership::Waiter);
        }
        inside.progresses = inside.progresses.wrapping_add(1);
        if inside.progresses.is_multiple_of(PROGRESSES_PER_LOOK) {
            house.look_around(&mut inside.lane);
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
            inside.ownership = Ownership::Free;
            self.hand_over(&mut inside);
        }
        inside
    }

    /// The progress thread's life: owns whenever nobody else does, sleeps with the lane, ends when told.
    pub fn serve(&self, house: &House, stop: &dyn Fn() -> bool) {
        while !stop() {
            let mut inside = self.lock();
            if inside.ownership == Ownership::Free {
                inside.own(Ownership::ProgressThread);
                let (mut inside, ..) = self.drive(inside, None, None, house, &mut |_| stop());
                if inside.ownership == Ownership::ProgressThread {
                    inside.ownership = Ownership::Free;
                    self.hand_over(&mut inside);
                }
            } else {
                let waiter = self.waiters.thread();
                inside.standby = Some(waiter);
                drop(inside);
                std::thread::park_timeout(Duration::from_nanos(SLEEP_NS_MAX));
                self.lock().standby = None;
                self.waiters.remove(waiter);
            }
        }
    }

    fn hand_over(&self, inside: &mut Inside) {
        if let Some(next) = inside.heirs.pop().or(inside.standby) {
            self.waiters.wake(next);
        }
    }

    fn run<'a>(&'a self, inside: MutexGuard<'a, Inside>, work: engine::Work) -> MutexGuard<'a, Inside> {
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
        inside: MutexGuard<'a, Inside>,
        mine: Option<RequestId>,
        deadline: Option<Time>,
        house: &House,
        done: &mut dyn FnMut(&mut Lane) -> bool,
    ) -> (MutexGuard<'a, Inside>, bool, Option<engine::Work>) {
        let mut inside = inside;
        // A time that is a little old does: the clock is read only once nothing moves.
        let mut now = inside.now;
        let mut moved_at = now;
        let mut looked_at = now;
        let (mut idle, mut moves) = (0u32, 0u32);
        let owned_as = inside.ownership;
        let mut waited_since = None;
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
                Polled::Idle => idle += 1,
            }
            if done(&mut inside.lane) {
                self.count_wait(&mut inside, waited_since);
                return (inside, true, None);
            }
            if idle == 0 {
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
            if idle.is_multiple_of(POLLS_PER_LOOK) || self.patience.poll_ns == 0 {
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
                inside = self.sleep(inside, now, deadline, again_ns);
                now = self.clock.now();
                looked_at = now;
                // A wake-up deserves a look at everything, but not another round of polling when it brought nothing.
                if inside.ownership != owned_as {
                    return (inside, false, None);
                }
            }
        }
    }

    fn sleep<'a>(
        &'a self,
        inside: MutexGuard<'a, Inside>,
        now: Time,
        deadline: Option<Time>,
        again_ns: u64,
    ) -> MutexGuard<'a, Inside> {
        let mut inside = inside;
        let Some(armed) = inside.lane.arm() else { return inside };
        let next = inside.lane.next_deadline().map_or(SLEEP_NS_MAX, |at| at.since(now));
        let timeout = deadline.map_or(SLEEP_NS_MAX, |at| at.since(now)).min(next).min(again_ns);
        let owned_as = inside.ownership;
        inside.sleeping = true;
        inside.waits.sleeps += 1;
        drop(inside);
        self.sleeper.sleep(armed, timeout);
        let mut inside = self.lock();
        // Whoever took over has disarmed for itself.
        if inside.ownership == owned_as && inside.sleeping {
            inside.sleeping = false;
            inside.lane.disarm();
        }
        inside
    }
}
