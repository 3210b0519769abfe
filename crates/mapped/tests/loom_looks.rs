//! A model of looks: what a thread looks at is not dropped before it has ended its look, and is dropped once, by whoever comes last.
//!
//! `RUSTFLAGS='--cfg loom' cargo test -p archipelago-mapped --release --test loom_looks`
#![cfg(loom)]

use archipelago_mapped::Looks;
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering, fence};
use loom::thread;

const AT: u64 = 64;

/// Of an object's word.
const OPEN: u32 = 2;
const FULL: u32 = 1;

struct Shared {
    looks: Looks,
    word: AtomicU32,
    /// Written by whoever drops it.
    value: UnsafeCell<u32>,
}

/// Drops the value of a closed object unless somebody looks at it, or has dropped it.
fn empty(shared: &Shared) {
    let word = shared.word.load(Ordering::Acquire);
    let barrier = || {
        fence(Ordering::SeqCst);
        true
    };
    if word != FULL || shared.looks.is_at(AT, barrier) {
        return;
    }
    if shared.word.compare_exchange(word, 0, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
        // SAFETY: nobody reads it now; loom checks that.
        shared.value.with_mut(|value| unsafe { *value = 0 });
    }
}

fn look(shared: &Shared, thread: u64) {
    let look = shared.looks.begin(thread, AT).unwrap();
    if shared.word.load(Ordering::Acquire) & OPEN != 0 {
        // SAFETY: it was open after the look began.
        shared.value.with(|value| assert_eq!(unsafe { *value }, 7));
    }
    drop(look);
    if shared.word.load(Ordering::Relaxed) & OPEN == 0 {
        empty(shared);
    }
}

fn close(shared: &Shared) {
    shared.word.fetch_and(!OPEN, Ordering::AcqRel);
    empty(shared);
}

fn check(lookers: &'static [u64]) {
    loom::model(move || {
        let shared = Arc::new(Shared {
            looks: Looks::new(),
            word: AtomicU32::new(OPEN | FULL),
            value: UnsafeCell::new(7),
        });
        let others: Vec<_> = lookers
            .iter()
            .map(|thread| {
                let (shared, thread) = (shared.clone(), *thread);
                thread::spawn(move || look(&shared, thread))
            })
            .collect();
        close(&shared);
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(shared.word.load(Ordering::Relaxed), 0, "nobody has dropped it");
        // SAFETY: the others have ended.
        shared.value.with(|value| assert_eq!(unsafe { *value }, 0));
    });
}

#[test]
fn one_looks_while_another_drops() {
    check(&[1]);
}

/// Numbers with different places.
#[test]
fn two_look_while_a_third_drops() {
    check(&[1, 2]);
}

#[test]
fn a_thread_looks_at_one_thing() {
    loom::model(|| {
        let looks = Looks::new();
        let look = looks.begin(1, AT).unwrap();
        assert!(looks.begin(1, 2 * AT).is_none());
        drop(look);
        assert!(looks.begin(1, 2 * AT).is_some());
        assert!(looks.is_at(AT, || false), "no barrier: nobody knows");
    });
}
