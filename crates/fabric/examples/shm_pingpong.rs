//! A quick look at shared memory between two pinned threads: 8 bytes to and fro, 8 bytes one way, large payloads, beside
//! the bare transfer of a cache line and a memcpy. The official figures come from `bench/`.
//!
//! `cargo run --release -p archipelago-fabric --example shm_pingpong`

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use archipelago_fabric as fabric;
use fabric::{Arrival, Class, Event, Frame, Host, Payload, Peer, Port};
use os::Time;
use wire::{JobId, ProcessId};

const FRAME: Frame = Frame { kind: 1, header: [1, 2, 3] };

fn main() {
    // Many short batches, the best of each kind: what is left when nobody else uses the cores.
    let best = |run: &dyn Fn() -> f64| (0..30).map(|_| run()).fold(f64::MAX, f64::min);
    for _ in 0..3 {
        let raw = best(&|| raw_transfer(2_000));
        let frames = best(&|| ping_pong(2_000));
        let rate = 1.0 / best(&|| 1.0 / one_way(20_000));
        println!(
            "half round trip: a line {raw:6.1} ns, 8 bytes {frames:6.1} ns, ratio {:.2}; {rate:.2} M/s",
            frames / raw
        );
        let copy = 1.0 / best(&|| 1.0 / memcpy(1 << 20));
        let stream = 1.0 / best(&|| 1.0 / stream(16 << 20));
        println!("bandwidth: memcpy {copy:.1} GB/s, streamed {stream:.1} GB/s, ratio {:.2}", stream / copy);
    }
}

/// Lets others run now and then: this is not always an idle machine.
fn pause() {
    thread_local!(static SPINS: std::cell::Cell<u32> = const { std::cell::Cell::new(0) });
    let spins = SPINS.get() + 1;
    SPINS.set(spins);
    if spins.is_multiple_of(1 << 14) { thread::yield_now() } else { std::hint::spin_loop() }
}

fn pin(core: usize) {
    // Asked once: a thread inherits the narrowed mask of the one that starts it.
    static CORES: std::sync::LazyLock<Vec<usize>> =
        std::sync::LazyLock::new(|| os::cores::affinity().unwrap());
    os::cores::bind(&[CORES[core % CORES.len()]]).unwrap();
}

/// One word each way on lines of their own.
fn raw_transfer(rounds: u64) -> f64 {
    #[repr(align(128))]
    struct Word(AtomicU64);
    let (there, back) = (Word(AtomicU64::new(0)), Word(AtomicU64::new(0)));
    thread::scope(|scope| {
        scope.spawn(|| {
            pin(1);
            for k in 1..=rounds {
                while there.0.load(Ordering::Acquire) != k {
                    pause();
                }
                back.0.store(k, Ordering::Release);
            }
        });
        pin(0);
        let start = Instant::now();
        for k in 1..=rounds {
            there.0.store(k, Ordering::Release);
            while back.0.load(Ordering::Acquire) != k {
                pause();
            }
        }
        start.elapsed().as_nanos() as f64 / rounds as f64 / 2.0
    })
}

fn pair() -> (Port, Port, Peer, Peer) {
    let host = Host::create(2).unwrap();
    let process = |number| ProcessId { job: JobId(1), number, incarnation: 0 };
    let mut a = Port::on_host(&host, 0, process(0), 0);
    let mut b = Port::on_host(&host, 1, process(1), 0);
    let (to_b, to_a) = (a.connect(process(1)), b.connect(process(0)));
    (a, b, to_b, to_a)
}

fn arrival(port: &mut Port) -> Arrival {
    loop {
        match port.next(Time(0)) {
            Some(Event::Arrival(arrival)) => return arrival,
            Some(Event::Room(_)) => {}
            Some(other) => panic!("{other:?}"),
            None => pause(),
        }
    }
}

fn ping_pong(rounds: u64) -> f64 {
    let (mut a, mut b, to_b, to_a) = pair();
    thread::scope(|scope| {
        scope.spawn(move || {
            pin(1);
            for _ in 0..rounds {
                arrival(&mut b);
                b.send(to_a, Class::Data, FRAME, &[1; 8]).unwrap();
            }
        });
        pin(0);
        let start = Instant::now();
        for _ in 0..rounds {
            a.send(to_b, Class::Data, FRAME, &[1; 8]).unwrap();
            arrival(&mut a);
        }
        start.elapsed().as_nanos() as f64 / rounds as f64 / 2.0
    })
}

/// Millions of frames of 8 bytes a second.
fn one_way(frames: u64) -> f64 {
    let (mut a, mut b, to_b, _) = pair();
    thread::scope(|scope| {
        scope.spawn(move || {
            pin(1);
            for _ in 0..frames {
                while a.send(to_b, Class::Data, FRAME, &[1; 8]).is_err() {
                    pause();
                }
            }
        });
        pin(0);
        let start = Instant::now();
        for _ in 0..frames {
            arrival(&mut b);
        }
        frames as f64 / start.elapsed().as_micros() as f64
    })
}

/// GB/s of copying blocks that lie in memory, not in the cache.
fn memcpy(block: usize) -> f64 {
    let source = vec![1u8; 4 << 20];
    let mut target = vec![1u8; 4 << 20];
    let start = Instant::now();
    for (to, from) in target.chunks_mut(block).zip(source.chunks(block)) {
        to.copy_from_slice(std::hint::black_box(from));
    }
    std::hint::black_box(&target);
    source.len() as f64 / start.elapsed().as_nanos() as f64
}

/// GB/s of `bytes` bytes from one thread's buffer of 64 MiB into another's.
fn stream(bytes: usize) -> f64 {
    let (mut a, mut b, to_b, _) = pair();
    let piece = a.limits(to_b).piece_bytes;
    let pieces = bytes / piece;
    thread::scope(|scope| {
        scope.spawn(move || {
            pin(1);
            let source = vec![1u8; 4 << 20];
            for k in 0..pieces {
                let reserved = loop {
                    match a.reserve(to_b, Class::Data, FRAME, piece) {
                        Ok(reserved) => break reserved,
                        Err(_) => pause(),
                    }
                };
                let from = &source[k * piece % source.len()..][..piece];
                // SAFETY: the room is that large.
                unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), reserved.room().0, piece) };
                reserved.publish();
            }
        });
        pin(0);
        let mut target = vec![1u8; 4 << 20];
        let start = Instant::now();
        for k in 0..pieces {
            let arrival = arrival(&mut b);
            if let Payload::Mapped { pointer, length } = arrival.payload {
                let at = k * piece % target.len();
                // SAFETY: `target` is a multiple of a piece long.
                unsafe { std::ptr::copy_nonoverlapping(pointer, target[at..].as_mut_ptr(), length) };
            }
            b.release(arrival.peer, arrival.payload);
        }
        bytes as f64 / start.elapsed().as_nanos() as f64
    })
}
