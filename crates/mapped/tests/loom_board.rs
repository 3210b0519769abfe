//! A model of the board's words: a member that is about to sleep and one that publishes don't miss one another.
//!
//! `RUSTFLAGS='--cfg loom' cargo test -p archipelago-mapped --release --test loom_board`
#![cfg(loom)]

use archipelago_mapped::board::Words;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use loom::thread;

#[derive(Default)]
struct Shared {
    first: Words,
    mine: Words,
    cell: AtomicU64,
    nudged: AtomicBool,
}

#[test]
fn a_sleeper_sees_the_cell_or_is_nudged() {
    loom::model(|| {
        let shared = Arc::new(Shared::default());
        let publisher = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.cell.store(1, Ordering::Release);
                if shared.first.anybody_sleeps() && shared.mine.wants(0) {
                    shared.nudged.store(true, Ordering::SeqCst);
                }
            })
        };
        shared.mine.arm(&shared.first, 0);
        let seen = shared.cell.load(Ordering::Acquire) == 1;
        publisher.join().unwrap();
        assert!(seen || shared.nudged.load(Ordering::SeqCst), "it would sleep for ever");
        shared.mine.disarm(&shared.first);
    });
}

#[test]
fn a_cell_is_written_again_only_after_it_was_read() {
    loom::model(|| {
        let words = Arc::new(Words::default());
        let cell = Arc::new(AtomicU64::new(1));
        let reader = {
            let (words, cell) = (words.clone(), cell.clone());
            thread::spawn(move || {
                let found = cell.load(Ordering::Relaxed);
                words.set_done(1);
                found
            })
        };
        if words.done() >= 1 {
            cell.store(2, Ordering::Relaxed);
        }
        assert_eq!(reader.join().unwrap(), 1);
    });
}
