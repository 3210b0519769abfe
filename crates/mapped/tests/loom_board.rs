//! Models of the board's words: a member that is about to sleep and one that publishes don't miss one another; an entry that is used
//! for another board says nothing to those who still wait on the first, and counts nobody who sleeps there.
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

/// Member 0 leaves a board after epoch 1 and takes its entry for the next one, where it publishes epochs 1 and 2, as soon as member 1
/// has left the first; that one waits for epoch 2 there, sleeps, and leaves.
#[test]
fn an_entry_is_used_again_only_when_nobody_waits_there() {
    const BOARD: u32 = 1;
    loom::model(|| {
        let shared = Arc::new(Shared::default());
        shared.first.clear(BOARD);
        shared.mine.clear(BOARD);
        let waiting = {
            let shared = shared.clone();
            thread::spawn(move || {
                // Its part of epoch 1 is read, and it has begun the next.
                shared.mine.set_done(1);
                shared.mine.arm(&shared.first, 0);
                assert_ne!(shared.cell.load(Ordering::Acquire), 2, "of another board");
                shared.mine.disarm(&shared.first);
                shared.mine.leave();
            })
        };
        shared.first.leave();
        let is_free = shared.mine.has_left(BOARD);
        if is_free {
            shared.first.clear(BOARD + 1);
            shared.cell.store(2, Ordering::Release);
            assert!(!shared.first.anybody_sleeps(), "nobody has come to the next board");
        }
        waiting.join().unwrap();
        if is_free {
            assert!(!shared.first.anybody_sleeps(), "a sleeper of another board was counted");
        }
        assert!(shared.mine.has_left(BOARD));
    });
}
