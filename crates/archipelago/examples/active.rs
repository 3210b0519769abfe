//! What active messages cost beside plain ones, in one run between two ranks: a round trip of 8 bytes, one-way messages of
//! 8 bytes, and the processor time of a rank that waits with its progress thread and nothing to do.
//!
//! `cargo build --release -p archipelago --example active && archi run -n 2 target/release/examples/active`

use std::time::{Duration, Instant};

use archipelago::prelude::*;

/// Few in a row, and often: the least of each is what it costs when nobody else wants the cores.
const ROUNDS: u64 = 200;
const REPEATS: usize = 300;

fn main() -> archipelago::Result<()> {
    let world = archipelago::init()?;
    assert_eq!(world.size(), 2, "this is for two ranks");
    let echo = world.register(|x: u64| x)?;
    let mut sum = 0u64;
    let add = world.register(move |x: u64| {
        sum = std::hint::black_box(sum + x);
    })?;
    let mut figures: [Vec<f64>; 4] = Default::default();
    for _ in 0..REPEATS {
        figures[0].push(each(|| plain_round_trips(&world))?);
        figures[1].push(each(|| {
            if world.rank() == 0 {
                let there = echo.at(1);
                (0..ROUNDS).try_for_each(|x| there.call(&x).map(drop))?;
            }
            world.barrier()
        })?);
        figures[2].push(each(|| plain_one_way(&world))?);
        figures[3].push(each(|| {
            if world.rank() == 0 {
                let there = add.at(1);
                (0..ROUNDS).try_for_each(|x| there.tell(&x))?;
            }
            world.quiescence()
        })?);
    }
    let idle = idle_share(&world)?;
    if world.rank() == 0 {
        let [ping, call, send, tell] = figures.map(least);
        println!(
            "round trip of 8 bytes: send and receive {ping:.0} ns, call {call:.0} ns: {:.2} times",
            call / ping
        );
        println!(
            "one way, 8 bytes: send {send:.0} ns each, tell {tell:.0} ns each: {:.2} times",
            tell / send
        );
        println!("idle for 2 s with a progress thread: {:.3} % of a core", 100.0 * idle);
    }
    echo.at(0);
    world.quiescence()
}

fn plain_round_trips(world: &Comm) -> archipelago::Result<()> {
    let other = 1 - world.rank();
    for x in 0..ROUNDS {
        if world.rank() == 0 {
            world.to(other).send(&x)?;
        }
        let x: u64 = world.from(other).receive()?;
        if world.rank() == 1 {
            world.to(other).send(&x)?;
        }
    }
    world.barrier()
}

fn plain_one_way(world: &Comm) -> archipelago::Result<()> {
    let mut sum = 0u64;
    for x in 0..ROUNDS {
        match world.rank() {
            0 => world.to(1).send(&x)?,
            _ => sum = sum.wrapping_add(world.from(0).receive::<u64>()?),
        }
    }
    std::hint::black_box(sum);
    world.barrier()
}

/// Nanoseconds of each round.
fn each(run: impl FnOnce() -> archipelago::Result<()>) -> archipelago::Result<f64> {
    let begin = Instant::now();
    run()?;
    Ok(begin.elapsed().as_nanos() as f64 / ROUNDS as f64)
}

fn least(figures: Vec<f64>) -> f64 {
    figures.into_iter().fold(f64::MAX, f64::min)
}

/// The share of a core that a process takes which has handlers, a progress thread, and nothing to do.
fn idle_share(world: &Comm) -> archipelago::Result<f64> {
    const IDLE: Duration = Duration::from_secs(2);
    world.start_progress_thread().expect("a thread");
    world.quiescence()?;
    let before = processor_time();
    std::thread::sleep(IDLE);
    let share = (processor_time() - before).as_secs_f64() / IDLE.as_secs_f64();
    world.quiescence()?;
    world.all_reduce(share, Max)
}

/// Of all threads of this process so far.
fn processor_time() -> Duration {
    let task = std::fs::read_dir("/proc/self/task").expect("a Linux system");
    let time = |thread: std::io::Result<std::fs::DirEntry>| {
        let path = thread.expect("a thread").path().join("schedstat");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.split_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or(0)
    };
    Duration::from_nanos(task.map(time).sum())
}
