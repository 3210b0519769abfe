//! The lanes of a process that are in use, and how those that nobody owns are looked after.
//!
//! A thread that waits owns its lane. Whenever that is idle it also *tends* the lanes that nobody owns, one thread of the
//! process at a time; and before it sleeps it becomes the steward (see [`crate::steward`]), or there is one. So whatever was
//! started on any lane goes on while any thread of the process waits, as MPI 5.0 §3.5 and §3.7 ask for.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use fabric::{Armed, Sleeper};
use os::Time;

use crate::cell::{Cell, Covered};
use crate::house::House;
use crate::patience::SLEEP_NS_MAX;
use crate::steward::{Steward, Stewardship};

/// The most lanes that a process has: a bit each in a word.
pub(crate) const LANES_MAX: usize = 64;

/// How often lanes that nobody owns are looked at by threads that poll their own. A look costs a lock and a poll for each.
const TEND_NS: u64 = 2_000;

/// How soon a steward looks again at lanes that were owned when it fell asleep. It doubles as long as they are, up to the second.
const TICK_NS: u64 = 1_000_000;
const TICK_NS_MAX: u64 = 16_000_000;

/// The lanes of one process. A lane is opened by the first communicator that uses it, and stays.
pub(crate) struct Rota {
    cells: [OnceLock<Box<Cell>>; LANES_MAX],
    /// A bit for each lane that is open.
    open: AtomicU64,
    /// When the lanes that nobody owned were looked at last, in nanoseconds.
    tended: AtomicU64,
    pub stewardship: Arc<Stewardship>,
    has_progress_thread: AtomicBool,
    /// The steward's: the last of its ticks.
    tick_ns: AtomicU64,
}

impl Rota {
    pub fn new() -> Rota {
        Rota {
            cells: [const { OnceLock::new() }; LANES_MAX],
            open: AtomicU64::new(0),
            tended: AtomicU64::new(0),
            stewardship: Arc::default(),
            has_progress_thread: AtomicBool::new(false),
            tick_ns: AtomicU64::new(TICK_NS),
        }
    }

    /// The lane of this number, if it is open.
    #[inline]
    pub fn cell(&self, lane: usize) -> Option<&Cell> {
        self.cells.get(lane)?.get().map(Box::as_ref)
    }

    /// Opens a lane, unless that has been done. Where several threads do so at once `make` is called by one.
    pub fn open(&self, lane: usize, make: impl FnOnce() -> Cell) -> &Cell {
        let cell = self.cells[lane].get_or_init(|| Box::new(make()));
        // Release: pairs with the Acquire in `cells`.
        self.open.fetch_or(1 << lane, Ordering::Release);
        // A steward that sleeps doesn't know of it; nor does who slept for the only lane, which took no office for that.
        self.stewardship.call();
        self.wake_others(Some(lane));
        cell
    }

    /// All lanes that are open, in the order of their numbers.
    pub fn cells(&self) -> impl Iterator<Item = &Cell> {
        // Acquire: pairs with the Release in `open`.
        let mut left = self.open.load(Ordering::Acquire);
        std::iter::from_fn(move || {
            let lane = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            self.cell(lane)
        })
    }

    fn others(&self, lane: Option<usize>) -> impl Iterator<Item = &Cell> {
        self.cells().filter(move |cell| Some(cell.number) != lane)
    }

    /// Whether several lanes are open.
    #[inline]
    pub fn has_several(&self) -> bool {
        // Relaxed: a hint; who opens a lane is seen soon.
        let open = self.open.load(Ordering::Relaxed);
        open & open.wrapping_sub(1) != 0
    }

    /// Ends the sleeps of all lanes but this one.
    pub fn wake_others(&self, lane: Option<usize>) {
        self.others(lane).for_each(Cell::wake);
    }

    /// Whether it is time for somebody to tend the lanes that nobody owns; then it is the caller's turn.
    pub fn is_time_to_tend(&self, now: Time) -> bool {
        // Relaxed (both): two who tend at once do no harm.
        if now.0.saturating_sub(self.tended.load(Ordering::Relaxed)) < TEND_NS {
            return false;
        }
        self.tended.store(now.0, Ordering::Relaxed);
        true
    }

    /// Moves on the lanes that nobody owns, but for the caller's own, as far as they go now. No lane is locked by the caller.
    /// Returns whether any moved.
    pub fn tend(&self, own: Option<usize>, now: Time, house: &House) -> bool {
        self.others(own).fold(false, |moved, cell| cell.tend(now, house) | moved)
    }

    /// Sleeps for a lane that the caller owns and has armed; as the steward also for all that nobody owns.
    pub fn sleep(&self, own: &Cell, armed: Armed, timeout_ns: u64, house: &House) {
        if !self.has_several() && !self.has_progress_thread.load(Ordering::Relaxed) {
            return own.sleeper().sleep(armed, timeout_ns);
        }
        match self.stewardship.take(Steward::Owner(own.number), Some(own.sleeper())) {
            true => self.sleep_for_all(Some((own, armed)), timeout_ns, house),
            false => {
                own.sleeper().sleep(armed, timeout_ns);
                self.stewardship.awake(own.number);
            }
        }
    }

    /// The owner of a lane leaves it, having slept; see [`Stewardship::leave`].
    pub fn leave(&self, lane: usize, has_requests: bool) -> bool {
        (self.has_several() || self.has_progress_thread.load(Ordering::Relaxed))
            && self.stewardship.leave(lane, has_requests)
    }

    /// The progress thread's life: it tends what nobody owns, and sleeps; until it is told to stop.
    pub fn serve(&self, house: &House, now: impl Fn() -> Time, stop: impl Fn() -> bool) {
        self.stewardship.begin_progress_thread();
        self.has_progress_thread.store(true, Ordering::Relaxed);
        while !stop() {
            house.bark(self.cells().fold(false, |is_overdue, cell| is_overdue | cell.is_await_overdue()));
            if !self.stewardship.take(Steward::ProgressThread, None) {
                // Somebody who sleeps in a wait is the steward.
                std::thread::park_timeout(Duration::from_nanos(SLEEP_NS_MAX));
                continue;
            }
            while self.tend(None, now(), house) && !stop() {}
            house.answer();
            if !stop() {
                self.sleep_for_all(None, SLEEP_NS_MAX, house);
            }
        }
        self.has_progress_thread.store(false, Ordering::Relaxed);
        self.stewardship.end_progress_thread();
    }

    /// The steward's sleep: in its own lane's place and in those of all lanes that nobody owns.
    fn sleep_for_all(&self, own: Option<(&Cell, Armed)>, timeout_ns: u64, house: &House) {
        let number = own.as_ref().map(|(own, _)| own.number);
        let mut beds: Vec<(Sleeper, Armed)> =
            own.map(|(own, armed)| (own.sleeper().clone(), armed)).into_iter().collect();
        if number.is_none() {
            // An owner has looked around for its own lane. Once is enough for all of them.
            house.listen(None);
        }
        let mut covered = Vec::new();
        let (mut timeout_ns, mut is_quiet, mut some_in_use) = (timeout_ns, true, false);
        for cell in self.others(number) {
            match cell.cover(house) {
                Covered::Armed { armed, was, timeout_ns: least } => {
                    beds.push((cell.sleeper().clone(), armed));
                    covered.push((cell, was));
                    timeout_ns = timeout_ns.min(least);
                }
                Covered::InUse { is_asleep } => some_in_use |= !is_asleep,
                Covered::Restless => {
                    is_quiet = false;
                    break;
                }
            }
        }
        // Who owns a lane and is awake may leave it at any time, and tells nobody.
        let tick_ns = match some_in_use {
            true => self.tick_ns.load(Ordering::Relaxed),
            false => TICK_NS / 2,
        };
        self.tick_ns.store((2 * tick_ns).min(TICK_NS_MAX), Ordering::Relaxed);
        if some_in_use {
            timeout_ns = timeout_ns.min(tick_ns);
        }
        if is_quiet && self.stewardship.fall_asleep(beds.first().map(|(bed, _)| bed)) {
            match beds.is_empty() {
                true => std::thread::park_timeout(Duration::from_nanos(timeout_ns)),
                false => Sleeper::sleep_any(&beds, timeout_ns),
            }
            self.stewardship.wake_up();
        }
        covered.into_iter().for_each(|(cell, was)| cell.uncover(was));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use crate::cell::Cell;
    use crate::harness;

    /// What is published of a lane is where it is, and not where another thread's attempt was.
    #[test]
    fn a_lane_is_made_once() {
        let process = harness::world(1, engine::Config::default()).remove(0);
        let made = AtomicU32::new(0);
        let rota = &process.house.rota;
        let open = || {
            rota.open(3, || {
                made.fetch_add(1, Ordering::Relaxed);
                // Others come meanwhile.
                std::thread::yield_now();
                let port = process.cell(0).lock().lane.port().beside(3).unwrap();
                let lane = engine::Lane::new(port, engine::Config::default());
                Cell::new(lane, process.cell(0).patience, process.clock().clone(), rota.stewardship.clone())
            })
            .number
        };
        let numbers: Vec<usize> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            all.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!((numbers, made.into_inner()), (vec![3; 8], 1));
    }
}
