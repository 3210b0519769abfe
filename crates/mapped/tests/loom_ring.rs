//! Models of the ring and the doorbell: every interleaving that the memory model allows, for a few records.
//!
//! `RUSTFLAGS='--cfg loom' cargo test -p archipelago-mapped --release --test loom_ring`
#![cfg(loom)]

use archipelago_mapped as mapped;
use loom::cell::UnsafeCell;
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;
use mapped::ring::{RESERVED_LINES, full_fence, private};
use mapped::{Body, Consumer, Doorbell, Producer, Record, Sleep};

/// The kernel's half of a sleep: it compares the word and queues the sleeper as one step. Any wake-up ends a sleep.
#[derive(Default)]
struct Futex {
    queue: Mutex<()>,
    woken: Condvar,
}

impl Futex {
    fn wait(&self, doorbell: &Doorbell, sequence: u32) {
        let queue = self.queue.lock().unwrap();
        if doorbell.sequence() == sequence {
            drop(self.woken.wait(queue).unwrap());
        }
    }

    fn wake(&self) {
        drop(self.queue.lock().unwrap());
        self.woken.notify_all();
    }
}

/// A process's doorbell and bed.
#[derive(Default)]
struct Bed {
    doorbell: Doorbell,
    futex: Futex,
}

impl Bed {
    fn ring(&self) {
        if self.doorbell.ring(0) == Some(Sleep::Futex) {
            self.futex.wake();
        }
    }
}

fn ring(lines: u32, payload: u32) -> (Producer, Consumer) {
    let memory = private::ring(RESERVED_LINES + lines, payload);
    (Producer::new(memory.clone()), Consumer::new(memory))
}

fn inline_word(record: &Record) -> u64 {
    match record.body {
        Body::Inline { bytes, length } => {
            assert_eq!(length, 8);
            u64::from_ne_bytes(bytes[..8].try_into().unwrap())
        }
        _ => panic!("{record:?}"),
    }
}

/// Explores all schedules with up to so many preemptions, where all schedules would take hours.
fn bounded_model(preemptions: usize, body: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(preemptions);
    model.check(body);
}

/// Records arrive whole, once, in order, also when the ring goes round.
#[test]
fn records_go_round() {
    loom::model(|| {
        let (mut producer, mut consumer) = ring(1, 64);
        // All but the last line of the first lap, so that the model sees the ring go round.
        for k in 0..4u64 {
            producer.push(true, k as u8, [k, k + 1, k + 2], &(k * k).to_ne_bytes()).unwrap();
        }
        let sender = thread::spawn(move || {
            for k in 4..7u64 {
                while producer.push(true, k as u8, [k, k + 1, k + 2], &(k * k).to_ne_bytes()).is_err() {
                    thread::yield_now();
                }
            }
        });
        let mut expected = 0;
        while expected < 7 {
            match consumer.pop().unwrap() {
                Some(record) => {
                    assert_eq!(record.kind, expected as u8);
                    assert_eq!(record.header, [expected, expected + 1, expected + 2]);
                    assert_eq!(inline_word(&record), expected * expected);
                    expected += 1;
                    if expected % 3 == 0 {
                        consumer.publish();
                    }
                }
                None => {
                    thread::yield_now();
                }
            }
        }
        sender.join().unwrap();
    });
}

/// No payload is written while the consumer may still read it.
#[test]
fn payloads_are_not_overwritten() {
    bounded_model(3, || {
        let (mut producer, mut consumer) = ring(3, 128);
        // Stands for the two halves of the payload area; loom checks who accesses them when.
        let halves = Arc::new([UnsafeCell::new(0u64), UnsafeCell::new(0u64)]);
        let first = producer.reserve(false, 0, [0; 3], 40).unwrap();
        let area = first.room().0 as usize;
        first.publish();
        let half = move |pointer: usize| (pointer - area) / 64;
        let cells = halves.clone();
        let sender = thread::spawn(move || {
            for k in 1..4u64 {
                let reservation = loop {
                    match producer.reserve(true, 0, [k; 3], 40) {
                        Ok(reservation) => break reservation,
                        Err(_) => thread::yield_now(),
                    }
                };
                let (pointer, bytes) = reservation.room();
                assert_eq!(bytes, 40);
                cells[half(pointer as usize)].with_mut(|cell| {
                    // SAFETY: a reservation is exclusive; loom fails the model if it isn't.
                    unsafe { *cell = k }
                });
                reservation.publish();
            }
        });
        let mut expected = 0;
        while expected < 4 {
            let Some(record) = consumer.pop().unwrap() else {
                thread::yield_now();
                continue;
            };
            assert_eq!(record.header, [expected; 3]);
            let Body::Outline { pointer, length: 40, mark } = record.body else { panic!("{record:?}") };
            halves[half(pointer as usize)].with(|cell| {
                // SAFETY: the payload is ours until it is released; loom fails the model if it isn't.
                assert_eq!(unsafe { *cell }, expected);
            });
            consumer.release(mark);
            consumer.publish();
            expected += 1;
        }
        sender.join().unwrap();
    });
}

/// A consumer that arms its ring and sleeps is woken by whatever is published after its last look.
#[test]
fn no_record_is_slept_through() {
    bounded_model(3, || {
        let (mut producer, mut consumer) = ring(3, 64);
        let bed = Arc::new(Bed::default());
        let theirs = bed.clone();
        let sender = thread::spawn(move || {
            for k in 0..2u64 {
                if producer.push(false, 0, [k; 3], &[]).unwrap() {
                    theirs.ring();
                }
            }
        });
        consumer.watch();
        for k in 0..2u64 {
            let record = loop {
                if let Some(record) = consumer.pop().unwrap() {
                    break record;
                }
                // As `fabric::shm` does it.
                let sequence = bed.doorbell.sequence();
                consumer.arm();
                bed.doorbell.prepare_sleep(sequence, Sleep::Futex);
                if !consumer.is_ready() && !bed.doorbell.is_rung(1) {
                    bed.futex.wait(&bed.doorbell, sequence);
                }
                bed.doorbell.awake();
                consumer.watch();
                bed.doorbell.take(0);
            };
            assert_eq!(record.header, [k; 3]);
        }
        sender.join().unwrap();
    });
}

/// A ring that is no longer polled is armed: whoever misses the last look has rung.
#[test]
fn a_cold_ring_sets_its_bit() {
    loom::model(|| {
        let (mut producer, mut consumer) = ring(3, 64);
        let doorbell = Arc::new(Doorbell::default());
        let theirs = doorbell.clone();
        consumer.watch();
        let sender = thread::spawn(move || {
            if producer.push(false, 0, [1; 3], &[]).unwrap() {
                theirs.ring(0);
            }
        });
        consumer.arm();
        full_fence();
        let saw = consumer.is_ready();
        sender.join().unwrap();
        // Its bit is set, or we saw it: never neither.
        assert!(saw || doorbell.take(0) == 1);
        assert!(consumer.pop().unwrap().is_some());
    });
}

/// A producer without room that sleeps is woken when room comes back.
#[test]
fn no_room_is_slept_through() {
    bounded_model(3, || {
        let (mut producer, mut consumer) = ring(1, 64);
        let bed = Arc::new(Bed::default());
        let theirs = bed.clone();
        assert!(producer.push(false, 0, [0; 3], &[]).is_ok());
        let receiver = thread::spawn(move || {
            for k in 0..2u64 {
                let record = loop {
                    match consumer.pop().unwrap() {
                        Some(record) => break record,
                        None => thread::yield_now(),
                    }
                };
                assert_eq!(record.header, [k; 3]);
                if consumer.publish() {
                    theirs.ring();
                }
            }
        });
        loop {
            let sequence = bed.doorbell.sequence();
            if producer.has_room_or_ask(false, 0) {
                producer.push(false, 0, [1; 3], &[]).unwrap();
                break;
            }
            bed.doorbell.prepare_sleep(sequence, Sleep::Futex);
            if !bed.doorbell.is_rung(1) {
                bed.futex.wait(&bed.doorbell, sequence);
            }
            bed.doorbell.awake();
            bed.doorbell.take(0);
        }
        receiver.join().unwrap();
    });
}

/// Two senders ring one doorbell: whichever wakes the receiver, it learns of both.
#[test]
fn two_senders_wake_one_receiver() {
    bounded_model(2, || {
        let bed = Arc::new(Bed::default());
        let mut consumers = Vec::new();
        let mut senders = Vec::new();
        for slot in 0..2 {
            let (mut producer, consumer) = ring(1, 64);
            consumers.push(consumer);
            let theirs = bed.clone();
            senders.push(thread::spawn(move || {
                if producer.push(false, 0, [slot; 3], &[]).unwrap()
                    && theirs.doorbell.ring(slot as u16).is_some()
                {
                    theirs.futex.wake();
                }
            }));
        }
        let mut arrived = 0;
        while arrived < 2 {
            let sequence = bed.doorbell.sequence();
            let mut bits = bed.doorbell.take(0);
            while bits != 0 {
                let slot = bits.trailing_zeros();
                bits &= bits - 1;
                let record = consumers[slot as usize].pop().unwrap().unwrap();
                assert_eq!(record.header, [slot as u64; 3]);
                arrived += 1;
            }
            if arrived < 2 {
                bed.doorbell.prepare_sleep(sequence, Sleep::Futex);
                if !bed.doorbell.is_rung(2) {
                    bed.futex.wait(&bed.doorbell, sequence);
                }
                bed.doorbell.awake();
            }
        }
        for sender in senders {
            sender.join().unwrap();
        }
    });
}
