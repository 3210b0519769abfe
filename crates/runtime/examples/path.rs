//! What the engine's part of a small operation costs, of one rank, so without its waiting: a number of rounds of `direct` (a send to itself,
//! and its receive), `posted` (the receive first), `barrier`, `allreduce` or `bcast`. Prints the nanoseconds of a round, the best of as many tries as
//! the third argument says (1); to be run under callgrind or `perf stat -e instructions:u` as well. What C adds is told by
//! `crates/mpi-abi/examples/path.c`.

use archipelago_runtime::{Comm, Started, harness};
use engine::collective::{Call, Collective, Operands, table};
use engine::{Mode, Pointer, Source, TagPattern, TypeName, TypeTag};
use layout::{Operation, Operator};
use std::time::Instant;
use wire::Scalar;

fn main() {
    let argument = |at: usize| std::env::args().nth(at);
    let what = argument(1).unwrap_or_else(|| "direct".to_owned());
    let number = |at: usize| argument(at).and_then(|text| text.parse().ok());
    let (rounds, tries) = (number(2).unwrap_or(1_000_000u64), number(3).unwrap_or(1));
    harness::run(1, |process| {
        let world = process.world();
        let one_try = |_| {
            let began = Instant::now();
            match what.as_str() {
                "barrier" => collectives(&world, Collective::Barrier, rounds),
                "allreduce" => collectives(&world, Collective::AllReduce, rounds),
                "bcast" => collectives(&world, Collective::Broadcast, rounds),
                other => messages(&world, other == "posted", rounds),
            }
            began.elapsed().as_nanos() as f64 / rounds as f64
        };
        let best = (0..tries).map(one_try).fold(f64::INFINITY, f64::min);
        println!("{what}: {best:.1} ns");
    });
}

fn collectives(world: &Comm, what: Collective, rounds: u64) {
    let (input, mut output) = ([1u64; 1], [0u64; 1]);
    let operator =
        (what == Collective::AllReduce).then(|| Operator::of_scalars(Operation::Sum, Scalar::U64, 1));
    let operator = operator.flatten();
    let board = (what == Collective::Barrier).then(|| table::named(what, "board").ok()).flatten();
    let elements = if what == Collective::Barrier { 0 } else { 1 };
    for _ in 0..rounds {
        let mut call = Call::new(world.case(what, elements, 8), world.rank() as u32, 0);
        call.case.commutative = operator.is_some();
        let operands = match what {
            Collective::Barrier => Operands::NONE,
            _ => Operands {
                input: Pointer::new(input.as_ptr().cast_mut().cast()),
                output: Pointer::new(output.as_mut_ptr().cast()),
                operator: operator.clone(),
            },
        };
        // SAFETY: both buffers live through the call, and a barrier has none.
        unsafe { world.collective(&call, board, &operands).unwrap() };
    }
}

fn messages(world: &Comm, posted: bool, rounds: u64) {
    let of = TypeTag {
        signature: 0x1234_5678_9abc,
        name: TypeName::Made(|| "Particle".to_owned()),
        ..TypeTag::BYTES
    };
    let mut buffer = [0u8; 8];
    let data = [1u8; 8];
    for _ in 0..rounds {
        // SAFETY: both buffers live through the calls.
        unsafe {
            let source = Source::Rank(0);
            if posted {
                let request =
                    world.start_receive(source, TagPattern::Tag(0), of, buffer.as_mut_ptr(), 8).unwrap();
                world.send(0, 0, of, data.as_ptr(), 8, Mode::Standard).unwrap();
                if let Started::Pending(request) = request {
                    world.wait(request).unwrap();
                }
            } else {
                world.send(0, 0, of, data.as_ptr(), 8, Mode::Standard).unwrap();
                world.receive(source, TagPattern::Tag(0), of, buffer.as_mut_ptr(), 8).unwrap();
            }
        }
    }
}
