//! Times collectives between threads: `cargo run --release -p archipelago-runtime --example collectives [RANKS]`,
//! or between processes: `archi run -n RANKS target/release/examples/collectives`.

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
    unsafe {
        world.collective(&Call::new(case, world.rank() as u32, 0), Some(algorithm), &operands).unwrap()
    };
}

const JOBS: [(Collective, usize); 20] = [
    (Collective::Barrier, 0),
    (Collective::Broadcast, 8),
    (Collective::AllReduce, 8),
    (Collective::AllReduce, 4096),
    (Collective::AllReduce, 1 << 20),
    (Collective::AllGather, 8),
    (Collective::AllToAll, 8),
    (Collective::Broadcast, 64 << 10),
    (Collective::Broadcast, 1 << 20),
    (Collective::Gather, 8),
    (Collective::Gather, 64 << 10),
    (Collective::Scatter, 64 << 10),
    (Collective::AllGather, 64 << 10),
    (Collective::AllToAll, 64 << 10),
    (Collective::Reduce, 1 << 20),
    (Collective::AllReduce, 64 << 10),
    (Collective::ReduceScatter, 8),
    (Collective::ReduceScatter, 64 << 10),
    (Collective::Scan, 64 << 10),
    (Collective::ExclusiveScan, 8),
];

/// Microseconds that one takes, and whether it is what would be chosen; none where it doesn't fit.
fn time(
    world: &Comm,
    collective: Collective,
    algorithm: &'static Algorithm,
    bytes: usize,
) -> Option<(f64, bool)> {
    let case = world.case(collective, bytes as u64 / 8, 8);
    if !algorithm.fits(&case) {
        return None;
    }
    let room = bytes / 8 * world.size() + 1;
    let mut buffers = [vec![1; room], vec![0; room]];
    let rounds = if bytes > 1 << 16 { 50 } else { 2000 };
    for _ in 0..rounds / 10 {
        once(world, collective, algorithm, bytes, &mut buffers);
    }
    let start = Instant::now();
    for _ in 0..rounds {
        once(world, collective, algorithm, bytes, &mut buffers);
    }
    let chosen = std::ptr::eq(world.algorithm(&case), algorithm);
    Some((start.elapsed().as_nanos() as f64 / rounds as f64 / 1000.0, chosen))
}

fn print(collective: Collective, algorithm: &Algorithm, bytes: usize, (time, chosen): (f64, bool)) {
    let mark = if chosen { "  <- chosen" } else { "" };
    println!("{:14} {bytes:8} B  {:16} {time:9.2} us{mark}", collective.name(), algorithm.name);
}

fn main() {
    let jobs = || JOBS.iter().flat_map(|(collective, bytes)| table::of(*collective).map(|a| (*bytes, a)));
    // Started by a launcher: between processes.
    if std::env::var_os("ARCHIPELAGO_RANK").is_some() {
        let process = archipelago_runtime::join().expect("a job to join");
        let world = process.world();
        for (bytes, algorithm) in jobs() {
            if let Some(outcome) =
                time(&world, algorithm.collective, algorithm, bytes).filter(|_| world.rank() == 0)
            {
                print(algorithm.collective, algorithm, bytes, outcome);
            }
        }
        process.finalize().expect("all others");
        return;
    }
    let ranks: usize = std::env::args().nth(1).map_or(4, |n| n.parse().expect("a number of ranks"));
    for (bytes, algorithm) in jobs() {
        let times =
            harness::run(ranks, |process| time(&process.world(), algorithm.collective, algorithm, bytes));
        if let Some(Ok(Some(outcome))) = times.into_iter().next() {
            print(algorithm.collective, algorithm, bytes, outcome);
        }
    }
}
