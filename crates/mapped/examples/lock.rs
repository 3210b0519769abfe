//! What taking and giving back a lock costs one thread that has it for itself: ours, and the standard library's. The least of
//! many rounds, in nanoseconds, less what the empty loop costs.

use std::hint::black_box;
use std::sync::Mutex;
use std::time::Instant;

use archipelago_mapped::Lock;

const TIMES: u32 = 100_000;

fn least_ns(mut body: impl FnMut()) -> f64 {
    let mut least = f64::MAX;
    for _ in 0..200 {
        let start = Instant::now();
        for _ in 0..TIMES {
            body();
        }
        least = least.min(start.elapsed().as_nanos() as f64 / f64::from(TIMES));
    }
    least
}

fn main() {
    let (ours, standard) = (Lock::new(0u64), Mutex::new(0u64));
    let mut bare = 0u64;
    let empty = least_ns(|| *black_box(&mut bare) += 1);
    let ours = least_ns(|| *black_box(&ours).lock() += 1);
    let standard = least_ns(|| *black_box(&standard).lock().unwrap_or_else(|e| e.into_inner()) += 1);
    println!("ours {:.1} ns  the standard library's {:.1} ns", ours - empty, standard - empty);
}
