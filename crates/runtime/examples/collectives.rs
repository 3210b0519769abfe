//! Times small collectives between threads: `cargo run --release -p archipelago-runtime --example collectives [RANKS]`.

use std::time::Instant;

use archipelago_runtime::{Comm, harness};
use engine::Pointer;
use engine::collective::{Algorithm, Call, Collective, Operands, table};
use layout::{Operation, Operator};

fn once(
    world: &Comm,
    collective: Collective,
    algorithm: &'static Algorithm,
    bytes: usize,
    buffers: &mut [Vec<u64>; 2],
) {
    let elements = if collective == Collective::Barrier { 0 } else { bytes as u64 / 8 };
    let case = world.case(collective, elements, 8);
    let operands = Operands {
        input: Pointer::reading(buffers[0].as_ptr().cast()),
        output: Pointer::new(buffers[1].as_mut_ptr().cast()),
        operator: Operator::predefined::<u64>(Operation::Sum),
    };
    // SAFETY: both buffers hold a block for each rank.
    unsafe { world.collective(&Call::new(case, world.rank() as u32, 0), Some(algorithm), operands).unwrap() };
}

fn main() {
    let ranks: usize = std::env::args().nth(1).map_or(4, |n| n.parse().expect("a number of ranks"));
    for (collective, bytes) in [
        (Collective::Barrier, 0),
        (Collective::Broadcast, 8),
        (Collective::AllReduce, 8),
        (Collective::AllReduce, 4096),
        (Collective::AllReduce, 1 << 20),
        (Collective::AllGather, 8),
        (Collective::AllToAll, 8),
    ] {
        for algorithm in table::of(collective) {
            let times = harness::run(ranks, |process| {
                let world = process.world();
                let case = world.case(collective, bytes as u64 / 8, 8);
                if !algorithm.fits(&case) {
                    return None;
                }
                let mut buffers = [vec![1; bytes / 8 * ranks + 1], vec![0; bytes / 8 * ranks + 1]];
                let rounds = if bytes > 1 << 16 { 50 } else { 2000 };
                for _ in 0..rounds / 10 {
                    once(&world, collective, algorithm, bytes, &mut buffers);
                }
                let start = Instant::now();
                for _ in 0..rounds {
                    once(&world, collective, algorithm, bytes, &mut buffers);
                }
                let chosen = std::ptr::eq(world.algorithm(&case), algorithm);
                Some((start.elapsed().as_nanos() as f64 / rounds as f64 / 1000.0, chosen))
            });
            if let Some(Ok(Some((time, chosen)))) = times.into_iter().next() {
                let mark = if chosen { "  <- chosen" } else { "" };
                println!("{:10} {bytes:8} B  {:16} {time:9.2} us{mark}", collective.name(), algorithm.name);
            }
        }
    }
}
