//! A model of the lock: one thread at a time holds it, and sees what those before it did.
//!
//! `RUSTFLAGS='--cfg loom' cargo test -p archipelago-mapped --release --test loom_lock`
#![cfg(loom)]

use archipelago_mapped::RawLock;
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

#[test]
fn one_at_a_time() {
    let model = loom::model::Builder::new();
    model.check(|| {
        let shared = Arc::new((RawLock::default(), UnsafeCell::new(0)));
        let add = |shared: &(RawLock, UnsafeCell<i32>)| {
            shared.0.lock();
            // SAFETY: the lock is held; loom checks that nobody else is in.
            shared.1.with_mut(|value| unsafe { *value += 1 });
            shared.0.unlock();
        };
        let other = {
            let shared = shared.clone();
            thread::spawn(move || add(&shared))
        };
        add(&shared);
        other.join().unwrap();
        shared.0.lock();
        // SAFETY: as above.
        shared.1.with(|value| assert_eq!(unsafe { *value }, 2));
        shared.0.unlock();
    });
}
