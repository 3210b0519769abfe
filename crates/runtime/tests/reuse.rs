//! Communicators that are made and dropped again and again leave nothing behind. A test of its own program: it measures the
//! memory of all of it.

use std::sync::Barrier;

use archipelago_runtime::{Comm, harness};
use engine::collective::{Call, Collective, Operands};

/// Bytes of memory that may come and go with the allocator's and the threads' ways: forty bytes a cycle.
const NOISE_BYTES: u64 = 2 << 20;

fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").expect("the kernel tells of this process");
    let pages: u64 = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("a number of pages");
    pages * 4096
}

fn barrier(comm: &Comm) {
    let case = comm.case(Collective::Barrier, 0, 1);
    // SAFETY: no buffers.
    unsafe { comm.collective(&Call::new(case, comm.rank() as u32, 0), None, &Operands::NONE).unwrap() };
}

/// Makes communicators in every way, uses some, and drops them; some only after others were made.
fn cycle(world: &Comm, number: u64) {
    match number % 8 {
        0 => drop(world.split(Some(number as u32 % 3), 0).unwrap()),
        1 => drop(world.split((world.rank() == 0).then_some(1), 0).unwrap()),
        2 => drop(world.create_from(&world.inner().group, "again").unwrap()),
        3 => drop(world.create_from(&world.inner().group, &format!("number {number}")).unwrap()),
        4 => {
            let copy = world.duplicate().unwrap();
            let second = copy.duplicate().unwrap();
            drop(copy);
            barrier(&second);
        }
        _ => {
            let copy = world.duplicate().unwrap();
            if number % 16 > 8 {
                barrier(&copy);
            }
        }
    }
}

#[test]
fn making_and_dropping_leaves_memory_as_it_was() {
    let factor: u64 =
        std::env::var("ARCHIPELAGO_SOAK").ok().and_then(|factor| factor.parse().ok()).unwrap_or(1);
    let cycles = 50_000 * factor;
    let together = Barrier::new(2);
    let grown = harness::run(2, |process| {
        let world = process.world();
        let look = || {
            barrier(&world);
            together.wait();
            let (mut lanes, entries) = process.holdings();
            // A lane meets the others when there is something to send on it, which takes them a while to use up.
            lanes.iter_mut().for_each(|lane| lane.peers = 0);
            let seen = (resident_bytes(), (lanes, entries));
            together.wait();
            seen
        };
        (0..5_000).for_each(|number| cycle(&world, number));
        let (bytes_before, held_before) = look();
        (0..cycles).for_each(|number| cycle(&world, number));
        let (bytes_after, held_after) = look();
        assert_eq!(held_after.0, held_before.0);
        // Entries whose last readers had not finished: as many as before, within the few that are under way.
        assert!(held_after.1 <= held_before.1 + 2, "{held_before:?} {held_after:?}");
        bytes_after.saturating_sub(bytes_before)
    });
    let grown = grown.into_iter().map(|grown| grown.unwrap()).max().unwrap_or(0);
    println!("{cycles} cycles: {grown} bytes more");
    assert!(grown <= NOISE_BYTES, "{cycles} cycles have cost {grown} bytes");
}
