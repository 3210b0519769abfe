//! Instructions and allocations of a small active message's way beside a plain message's: one rank that sends to itself, to be
//! run under callgrind with `plain`, `call` or `tell` and a number of rounds.
//!
//! `valgrind --tool=callgrind target/release/examples/active_path call 10000`

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts what is asked for.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: the system's allocator does it all.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the contract is the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the contract is the caller's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn main() -> archipelago::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_default();
    let rounds: u64 = arguments.next().and_then(|rounds| rounds.parse().ok()).unwrap_or(10_000);
    let world = archipelago::init()?;
    assert_eq!(world.size(), 1, "this is for one rank");
    let echo = world.register(|x: u64| x)?;
    let mut sum = 0u64;
    let add = world.register(move |x: u64| {
        sum = std::hint::black_box(sum + x);
    })?;
    let once = |x: u64| match path.as_str() {
        "call" => echo.at(0).call(&x).map(drop),
        "tell" => add.at(0).tell(&x),
        _ => {
            world.to(0).send(&x)?;
            world.from(0).receive::<u64>().map(drop)
        }
    };
    // What is allocated once, is.
    (0..100).try_for_each(once)?;
    world.quiescence()?;
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    for batch in 0..rounds.div_ceil(100) {
        (0..100).try_for_each(|x| once(100 * batch + x))?;
        world.quiescence()?;
    }
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
    println!("{path}: {rounds} rounds, {allocations} allocations");
    world.quiescence()
}
