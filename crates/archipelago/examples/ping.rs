//! Half round trips of 8 bytes and of vectors, through the typed API: `archi run -n 2 target/release/examples/ping`.

use std::time::Instant;

use archipelago::Comm;

const ROUNDS: u32 = 100_000;

fn main() -> archipelago::Result<()> {
    let world = archipelago::init()?;
    if world.size() != 2 {
        eprintln!("ping needs two ranks: archi run -n 2 ping");
        world.abort(2);
    }
    time(&world, "a value of 8 bytes", |world, other| match world.rank() {
        0 => world.to(other).send(&1u64).and_then(|()| world.from(other).receive::<u64>()).map(drop),
        _ => world.from(other).receive::<u64>().and_then(|value| world.to(other).send(&value)),
    })?;
    let values = [1.0f64; 16];
    time(&world, "16 values, received into an array", |world, other| {
        let mut into = [0.0; 16];
        match world.rank() {
            0 => world
                .to(other)
                .send(&values)
                .and_then(|()| world.from(other).receive_into(&mut into))
                .map(drop),
            _ => world.from(other).receive_into(&mut into).and_then(|_| world.to(other).send(&into)),
        }
    })?;
    time(&world, "16 values, received as a Vec", |world, other| match world.rank() {
        0 => world.to(other).send(&values).and_then(|()| world.from(other).receive::<Vec<f64>>()).map(drop),
        _ => world.from(other).receive::<Vec<f64>>().and_then(|values| world.to(other).send(&values)),
    })?;
    world.finalize()
}

fn time(
    world: &Comm,
    what: &str,
    round: impl Fn(&Comm, usize) -> archipelago::Result<()>,
) -> archipelago::Result<()> {
    let other = 1 - world.rank();
    for _ in 0..ROUNDS / 10 {
        round(world, other)?;
    }
    let start = Instant::now();
    for _ in 0..ROUNDS {
        round(world, other)?;
    }
    if world.rank() == 0 {
        let half_ns = start.elapsed().as_nanos() as f64 / (2 * ROUNDS) as f64;
        println!("{what}: {half_ns:.0} ns");
    }
    Ok(())
}
