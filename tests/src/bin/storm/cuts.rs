//! Cuts connections of this process, as a firewall on their way might, while it goes on.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use archipelago::{Comm, Sum};

use crate::random::Random;

static IS_OVER: AtomicBool = AtomicBool::new(false);
static CUTS: AtomicU64 = AtomicU64::new(0);

/// From now on one connection is cut each `pause_ms`, more or less.
pub fn begin(seed: u64, pause_ms: u64) {
    let mut random = Random::new(seed);
    std::thread::spawn(move || {
        while !IS_OVER.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_micros(random.below(2_000 * pause_ms) + 1));
            let numbers = std::fs::read_dir("/proc/self/fd").expect("Linux");
            let numbers: Vec<i32> =
                numbers.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
            let at = random.below(numbers.len() as u64) as usize;
            // Any descriptor: what is no connection is not cut.
            if let Ok(copy) = os::descriptor::duplicate_inherited(numbers[at])
                && os::socket::cut(&copy).is_ok()
            {
                CUTS.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
}

/// No more cuts; the last rank says how many there were in all.
pub fn end(world: &Comm) -> archipelago::Result<()> {
    IS_OVER.store(true, Ordering::Relaxed);
    if std::env::var_os("STORM_CUTS").is_some() {
        let all = world.all_reduce(CUTS.load(Ordering::Relaxed), Sum)?;
        if world.rank() + 1 == world.size() {
            println!("{all} cuts");
        }
    }
    Ok(())
}
