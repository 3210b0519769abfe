//! The lock under threads: nothing is lost, a panic is told, and those that sleep for it get it.
#![cfg(not(loom))]

use std::panic::{AssertUnwindSafe, catch_unwind};

use archipelago_mapped::Lock;

#[test]
fn many_threads_lose_nothing() {
    const ROUNDS: u64 = 20_000;
    let lock = Lock::new((0u64, 0u64));
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let lock = &lock;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let mut sums = lock.lock();
                    sums.0 += 1;
                    // Now and then it is held for so long that the others go to sleep.
                    if round % 4096 == thread * 16 {
                        std::thread::sleep(std::time::Duration::from_micros(200));
                    }
                    sums.1 += 1;
                    assert_eq!(sums.0, sums.1);
                }
            });
        }
    });
    assert_eq!(*lock.lock(), (8 * ROUNDS, 8 * ROUNDS));
}

#[test]
fn a_panic_of_its_holder_is_told() {
    let lock = Lock::new(0);
    assert!(lock.try_lock().is_some() && !lock.is_poisoned());
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _held = lock.lock();
        assert!(lock.try_lock().is_none());
        panic!("in the midst of it");
    }));
    assert!(panicked.is_err() && lock.is_poisoned() && lock.try_lock().is_some());
}

#[test]
fn what_a_panic_drops_may_take_it() {
    struct Takes<'a>(&'a Lock<u32>);
    impl Drop for Takes<'_> {
        fn drop(&mut self) {
            *self.0.lock() += 1;
            assert!(self.0.try_lock().is_some());
        }
    }
    let lock = Lock::new(0);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _takes = Takes(&lock);
        std::panic::resume_unwind(Box::new("on purpose"));
    }));
    assert!(panicked.is_err() && !lock.is_poisoned() && *lock.lock() == 1);
}
