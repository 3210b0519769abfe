//! A model of a seat: no call is lost, whether the thread is awake, asleep, or about to be; and what was done before a call is
//! seen after it.
//!
//! `RUSTFLAGS='--cfg loom' cargo test -p archipelago-mapped --release --test loom_seat`
#![cfg(loom)]

use archipelago_mapped::{RawLock, Seat};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;

/// What the lane holds: whether the request is complete, and who is to be called when it is.
#[derive(Default)]
struct Lane {
    is_complete: bool,
    is_watched: bool,
}

struct Shared {
    lock: RawLock,
    lane: UnsafeCell<Lane>,
    seat: Seat,
}

impl Shared {
    fn with<R>(&self, look: impl FnOnce(&mut Lane) -> R) -> R {
        self.lock.lock();
        // SAFETY: the lock is held; loom checks that nobody else is in.
        let result = self.lane.with_mut(|lane| look(unsafe { &mut *lane }));
        self.lock.unlock();
        result
    }
}

/// The progress owner completes the request and calls outside the lock: at once if the thread is awake, else it wakes it. Before
/// that somebody calls who meant another.
fn owner(shared: &Shared, is_awake_first: bool) {
    shared.seat.call();
    let is_watched = shared.with(|lane| {
        lane.is_complete = true;
        std::mem::take(&mut lane.is_watched)
    });
    if is_watched && !(is_awake_first && shared.seat.call_awake()) {
        shared.seat.call();
    }
}

fn check(is_awake_first: bool, sleeps: bool) {
    loom::model(move || {
        let shared = Arc::new(Shared {
            lock: RawLock::default(),
            lane: UnsafeCell::new(Lane::default()),
            seat: Seat::default(),
        });
        let other = {
            let shared = shared.clone();
            thread::spawn(move || owner(&shared, is_awake_first))
        };
        loop {
            let is_complete = shared.with(|lane| {
                shared.seat.sit();
                lane.is_watched = !lane.is_complete;
                lane.is_complete
            });
            if is_complete {
                break;
            }
            while !shared.seat.is_called() {
                match sleeps {
                    true => shared.seat.sleep(u64::MAX),
                    false => thread::yield_now(),
                }
            }
        }
        other.join().unwrap();
    });
}

#[test]
fn one_that_stays_awake() {
    check(true, false);
}

#[test]
fn one_that_sleeps() {
    check(false, true);
}

#[test]
fn one_that_sleeps_and_is_taken_for_awake() {
    check(true, true);
}

/// What is waited for may come about without the lock: a call that the thread wipes out as it sits down was for what it then sees.
#[test]
fn one_that_waits_for_what_no_lock_guards() {
    loom::model(|| {
        let shared = Arc::new((Seat::default(), AtomicBool::new(false)));
        let other = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.1.store(true, Ordering::Relaxed);
                shared.0.call();
            })
        };
        loop {
            shared.0.sit();
            if shared.1.load(Ordering::Relaxed) {
                break;
            }
            while !shared.0.is_called() {
                shared.0.sleep(u64::MAX);
            }
        }
        other.join().unwrap();
    });
}
