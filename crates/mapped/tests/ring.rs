//! The ring against a naive model, and between two threads at full speed.
#![cfg(not(loom))]

use std::collections::VecDeque;
use std::thread;

use archipelago_mapped as mapped;
use mapped::ring::{RESERVED_LINES, RingMemory, private};
use mapped::{Body, Consumer, Producer, Record, Segment, Shape};
use proptest::prelude::*;

/// What a test does next.
#[derive(Clone, Debug)]
enum Step {
    Push {
        urgent: bool,
        bytes: usize,
    },
    Reserve {
        bytes: usize,
    },
    /// Publishes the oldest reservation, or the newest.
    Publish {
        oldest: bool,
    },
    Pop,
    Release,
    GiveBack,
}

fn step(record_bytes_max: usize) -> impl Strategy<Value = Step> {
    let bytes = prop_oneof![3 => 0..=33usize, 2 => 0..=record_bytes_max / 4, 1 => 0..=record_bytes_max];
    prop_oneof![
        4 => (any::<bool>(), bytes.clone()).prop_map(|(urgent, bytes)| Step::Push { urgent, bytes }),
        2 => bytes.prop_map(|bytes| Step::Reserve { bytes }),
        2 => any::<bool>().prop_map(|oldest| Step::Publish { oldest }),
        6 => Just(Step::Pop),
        4 => Just(Step::Release),
        2 => Just(Step::GiveBack),
    ]
}

fn content(number: u64, bytes: usize) -> Vec<u8> {
    (0..bytes).map(|k| (number as usize * 131 + k * 7 + k / 256) as u8).collect()
}

fn body(record: &Record) -> Vec<u8> {
    match record.body {
        Body::Inline { bytes, length } => bytes[..length as usize].to_vec(),
        Body::Outline { pointer, length, .. } => {
            // SAFETY: the body is valid until it is released, and the producer in these tests is correct.
            unsafe { std::slice::from_raw_parts(pointer, length as usize) }.to_vec()
        }
    }
}

/// What must arrive: number, bytes, published.
type Expected = VecDeque<(u64, usize, bool)>;

/// Takes a record and compares it. Returns its mark if it has one.
fn pop_and_check(consumer: &mut Consumer, expected: &mut Expected) -> Option<Option<u64>> {
    let record = consumer.pop().unwrap();
    let Some((number, bytes, true)) = expected.front().copied() else {
        assert!(record.is_none(), "nothing was published");
        return None;
    };
    let record = record.expect("a published record");
    expected.pop_front();
    assert_eq!(record.header, [number, number ^ 5, bytes as u64]);
    assert_eq!(record.kind, number as u8);
    assert!(body(&record) == content(number, bytes), "the bytes of record {number}");
    Some(match record.body {
        Body::Outline { mark, .. } => Some(mark),
        Body::Inline { .. } => None,
    })
}

fn check_steps(memory: RingMemory, steps: &[Step]) {
    let (mut producer, mut consumer) = (Producer::new(memory.clone()), Consumer::new(memory.clone()));
    let mut expected = Expected::new();
    let mut reservations = VecDeque::new();
    let mut held = VecDeque::new();
    for (number, step) in (0u64..).zip(steps) {
        match *step {
            Step::Push { urgent, bytes } => {
                let header = [number, number ^ 5, bytes as u64];
                let could = producer.has_room(urgent, bytes);
                let pushed = producer.push(urgent, number as u8, header, &content(number, bytes));
                assert_eq!(could, pushed.is_ok());
                if pushed.is_ok() {
                    expected.push_back((number, bytes, true));
                }
            }
            Step::Reserve { bytes } => {
                let header = [number, number ^ 5, bytes as u64];
                if let Ok(reservation) = producer.reserve(false, number as u8, header, bytes) {
                    let (room, length) = reservation.room();
                    assert_eq!(length, bytes);
                    // SAFETY: that is the room.
                    unsafe { std::ptr::copy_nonoverlapping(content(number, bytes).as_ptr(), room, bytes) };
                    expected.push_back((number, bytes, false));
                    reservations.push_back((number, reservation));
                }
            }
            Step::Publish { oldest } => {
                let taken = if oldest { reservations.pop_front() } else { reservations.pop_back() };
                if let Some((number, reservation)) = taken {
                    reservation.publish();
                    let entry = expected.iter_mut().find(|(other, ..)| *other == number);
                    entry.unwrap().2 = true;
                }
            }
            Step::Pop => held.extend(pop_and_check(&mut consumer, &mut expected).flatten()),
            Step::Release => {
                if let Some(mark) = held.pop_front() {
                    consumer.release(mark);
                }
            }
            Step::GiveBack => {
                consumer.publish();
            }
        }
    }
    // Whatever happened: once all is taken and given back, the largest record finds room.
    for (number, reservation) in reservations {
        reservation.publish();
        expected.iter_mut().find(|(other, ..)| *other == number).unwrap().2 = true;
    }
    while !expected.is_empty() {
        held.extend(pop_and_check(&mut consumer, &mut expected).unwrap());
    }
    held.into_iter().for_each(|mark| consumer.release(mark));
    consumer.publish();
    assert!(producer.is_drained());
    assert!(producer.has_room(false, memory.record_bytes_max()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_ring_is_a_queue(
        lines in RESERVED_LINES + 1..20,
        steps in proptest::collection::vec(step(512), 0..400),
    ) {
        check_steps(private::ring(lines, 1024), &steps);
    }
}

#[test]
fn the_reserve_is_for_the_urgent() {
    let memory = private::ring(10, 1024);
    let mut producer = Producer::new(memory);
    for _ in 0..6 {
        producer.push(false, 0, [0; 3], &[]).unwrap();
    }
    assert!(producer.push(false, 0, [0; 3], &[]).is_err());
    for _ in 0..4 {
        producer.push(true, 0, [0; 3], &[]).unwrap();
    }
    assert!(producer.push(true, 0, [0; 3], &[]).is_err());
}

/// A small generator of numbers, so that a test needs no seed from outside.
fn next_random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    *state >> 33
}

fn race(memory: RingMemory, records: u64) {
    let (mut producer, mut consumer) = (Producer::new(memory.clone()), Consumer::new(memory));
    let max = producer.record_bytes_max();
    let size = move |state: &mut u64| match next_random(state) % 8 {
        0..=4 => next_random(state) as usize % 40,
        5 | 6 => next_random(state) as usize % (max / 8),
        _ => next_random(state) as usize % (max + 1),
    };
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut state = 1;
            let mut scratch = vec![0; max];
            for number in 0..records {
                let bytes = size(&mut state);
                scratch[..bytes].fill(number as u8);
                let urgent = number % 5 == 0;
                while producer.push(urgent, number as u8, [number; 3], &scratch[..bytes]).is_err() {
                    thread::yield_now();
                }
            }
        });
        let mut state = 1;
        let mut held = VecDeque::new();
        for number in 0..records {
            let bytes = size(&mut state);
            let record = loop {
                match consumer.pop().unwrap() {
                    Some(record) => break record,
                    None => {
                        // Nothing there: all that is held goes back, or a large record may never find room.
                        held.drain(..).for_each(|mark| consumer.release(mark));
                        if consumer.has_unpublished() {
                            consumer.publish();
                        }
                        thread::yield_now();
                    }
                }
            };
            assert_eq!(record.header, [number; 3]);
            let got = body(&record);
            assert!(got.len() == bytes && got.iter().all(|&byte| byte == number as u8), "record {number}");
            if let Body::Outline { mark, .. } = record.body {
                held.push_back(mark);
                if held.len() > 3 {
                    consumer.release(held.pop_front().unwrap());
                }
            }
            if consumer.publish_is_due() {
                consumer.publish();
            }
        }
    });
}

#[test]
fn two_threads_on_a_tiny_ring() {
    race(private::ring(RESERVED_LINES + 3, 2048), 100_000);
}

#[test]
fn two_threads_on_the_rings_of_a_segment() {
    let segment = Segment::create(Shape::for_slots(2)).unwrap();
    race(segment.ring_memory(1, 0, 0), 100_000);
}

/// More laps than a generation can count.
#[test]
fn generations_wrap() {
    let memory = private::ring(RESERVED_LINES + 1, 64);
    let (mut producer, mut consumer) = (Producer::new(memory.clone()), Consumer::new(memory));
    for number in 0..70_000 * 5 {
        producer.push(true, 0, [number; 3], &[]).unwrap();
        assert_eq!(consumer.pop().unwrap().unwrap().header, [number; 3]);
        assert!(consumer.pop().unwrap().is_none());
        if consumer.publish_is_due() {
            consumer.publish();
        }
    }
}
