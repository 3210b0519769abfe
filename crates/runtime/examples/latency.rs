//! Half round trip of small messages between two ranks as threads, beside a bare cache-line transfer.
use archipelago_runtime::{Comm, harness};
use engine::{Mode, Source, TagPattern, TypeTag};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

#[repr(align(128))]
struct Line(AtomicU64);

fn bare(rounds: u64) -> f64 {
    let (a, b) = (Line(AtomicU64::new(0)), Line(AtomicU64::new(0)));
    std::thread::scope(|s| {
        s.spawn(|| {
            let _ = os::cores::bind(&[1]);
            for i in 1..=rounds {
                while a.0.load(Ordering::Acquire) != i {
                    std::hint::spin_loop();
                }
                b.0.store(i, Ordering::Release);
            }
        });
        let _ = os::cores::bind(&[0]);
        let start = Instant::now();
        for i in 1..=rounds {
            a.0.store(i, Ordering::Release);
            while b.0.load(Ordering::Acquire) != i {
                std::hint::spin_loop();
            }
        }
        start.elapsed().as_nanos() as f64 / rounds as f64 / 2.0
    })
}

fn ping(world: &Comm, bytes: usize, rounds: u64) -> f64 {
    let mut buffer = vec![0u8; bytes];
    let peer = 1 - world.rank();
    let start = Instant::now();
    for _ in 0..rounds {
        // SAFETY: the buffer lives through both calls.
        unsafe {
            if world.rank() == 0 {
                world.send(peer, 0, TypeTag::BYTES, buffer.as_ptr(), bytes, Mode::Standard).unwrap();
            }
            world
                .receive(Source::Rank(peer), TagPattern::Tag(0), TypeTag::BYTES, buffer.as_mut_ptr(), bytes)
                .unwrap();
            if world.rank() == 1 {
                world.send(peer, 0, TypeTag::BYTES, buffer.as_ptr(), bytes, Mode::Standard).unwrap();
            }
        }
    }
    start.elapsed().as_nanos() as f64 / rounds as f64 / 2.0
}

fn main() {
    for _ in 0..3 {
        let raw = bare(1_000_000);
        let ours = harness::run(2, |process| {
            let _ = os::cores::bind(&[process.me().number as usize]);
            let world = process.world();
            ping(&world, 8, 100_000);
            let small = ping(&world, 8, 1_000_000);
            let rest: Vec<(usize, f64)> = [64, 1024, 8192, 65536, 1 << 20]
                .map(|b| (b, ping(&world, b, 20_000_000 / (b as u64 + 2000))))
                .into();
            // one way rate
            let start = Instant::now();
            let n = 3_000_000u64;
            let mut word = [0u8; 8];
            // SAFETY: the buffer lives through the calls.
            unsafe {
                if world.rank() == 0 {
                    for _ in 0..n {
                        world.send(1, 0, TypeTag::BYTES, word.as_ptr(), 8, Mode::Standard).unwrap();
                    }
                    world
                        .receive(Source::Rank(1), TagPattern::Tag(1), TypeTag::BYTES, word.as_mut_ptr(), 8)
                        .unwrap();
                } else {
                    for _ in 0..n {
                        world
                            .receive(
                                Source::Rank(0),
                                TagPattern::Tag(0),
                                TypeTag::BYTES,
                                word.as_mut_ptr(),
                                8,
                            )
                            .unwrap();
                    }
                    world.send(0, 1, TypeTag::BYTES, word.as_ptr(), 8, Mode::Standard).unwrap();
                }
            }
            (small, rest, n as f64 / start.elapsed().as_secs_f64() / 1e6)
        });
        let (small, rest, rate) = ours.into_iter().next().unwrap().unwrap();
        println!("raw {raw:.0} ns  8 B {small:.0} ns  ratio {:.2}  rate {rate:.2} M/s", small / raw);
        for (b, ns) in rest {
            print!("  {b}: {ns:.0} ns ({:.2} GB/s)", b as f64 / ns);
        }
        println!();
    }
}
