//! A token around a ring of processes: `archi run -n 4 ring [rounds] [sleep_ms]`.
use engine::{Mode, Source, TagPattern, TypeTag};

fn main() {
    let process = match archipelago_runtime::join() {
        Ok(process) => process,
        Err(error) => {
            eprintln!("ring: {error}");
            std::process::exit(1);
        }
    };
    let argument =
        |n: usize, default: u64| std::env::args().nth(n).and_then(|a| a.parse().ok()).unwrap_or(default);
    let (rounds, sleep_ms) = (argument(1, 1000), argument(2, 0));
    let world = process.world();
    let (me, n) = (world.rank(), world.size());
    let mut token = [0u8; 8];
    for _ in 0..rounds {
        // SAFETY: the token lives through the calls.
        let outcome = unsafe {
            (|| {
                if me == 0 {
                    std::thread::sleep(std::time::Duration::from_millis(sleep_ms));
                    world.send((me + 1) % n, 0, TypeTag::BYTES, token.as_ptr(), 8, Mode::Standard)?;
                }
                world.receive(
                    Source::Rank((me + n - 1) % n),
                    TagPattern::Tag(0),
                    TypeTag::BYTES,
                    token.as_mut_ptr(),
                    8,
                )?;
                if me != 0 {
                    world.send((me + 1) % n, 0, TypeTag::BYTES, token.as_ptr(), 8, Mode::Standard)?;
                }
                Ok::<(), engine::Error>(())
            })()
        };
        if let Err(error) = outcome {
            eprintln!("rank {me}: {error}");
            std::process::exit(3);
        }
    }
    let waits = process.waits();
    if me == 0 {
        println!(
            "{rounds} rounds, {:.2} us a hop, {} sleeps, {} yields",
            process.elapsed_ns() as f64 / 1e3 / rounds as f64 / n as f64,
            waits.sleeps,
            waits.yields
        );
    }
    process.finalize().unwrap();
}
