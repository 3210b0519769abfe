//! Instructions of a small message's way, or of a barrier on a board: to be run under callgrind or `perf stat -e
//! instructions:u`, with `posted`, `direct` or `barrier` and a number of rounds.

use archipelago_runtime::{Started, harness};
use engine::collective::{Call, Collective, Operands, table};
use engine::{Mode, Source, TagPattern, TypeTag};

fn main() {
    let of = TypeTag { signature: 0x1234_5678_9abc, name: || "Particle".to_owned(), ..TypeTag::BYTES };
    let posted = std::env::args().nth(1).as_deref() == Some("posted");
    let rounds: u64 = std::env::args().nth(2).and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    if std::env::args().nth(1).as_deref() == Some("barrier") {
        // Of one rank: what the call costs beside its waiting.
        harness::run(1, |process| {
            let world = process.world();
            let board = table::named(Collective::Barrier, "board").ok();
            for _ in 0..rounds {
                let call = Call::new(world.case(Collective::Barrier, 0, 1), world.rank() as u32, 0);
                // SAFETY: a barrier has no buffers.
                unsafe { world.collective(&call, board, Operands::NONE).unwrap() };
            }
        });
        return;
    }
    harness::run(1, |process| {
        let world = process.world();
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
    });
}
