//! Ours: the programs that `archi run` starts. Each rank runs the same; rank 0 prints one figure.

use crate::limits::LARGE_BYTES;
use crate::usage;
use archipelago::prelude::*;
use measure::{Benchmark, Form, Plan};
use std::time::{Duration, Instant};

/// The figure of rank 0.
type Outcome = Result<Option<f64>, measure::Error>;

/// Runs the program of this name; rank 0 prints its figure.
///
/// # Errors
/// When there is no such program, or communication fails.
pub fn run(name: &str) -> Result<(), String> {
    let program = match name {
        "latency" => latency,
        "rate" => rate,
        "bandwidth" => bandwidth,
        "barrier" => barrier,
        "wait" => wait,
        "empty" => empty,
        "memory" => memory,
        _ => return Err(format!("no program `{name}`")),
    };
    let before = usage::memory_bytes();
    let play = || -> Outcome {
        let world = archipelago::init()?;
        let figure = program(&world, before)?;
        let root = world.rank() == 0;
        world.finalize()?;
        Ok(figure.filter(|_| root))
    };
    if let Some(figure) = play().map_err(|error| error.to_string())? {
        println!("{figure}");
    }
    Ok(())
}

/// How long a figure of `archi bench` is taken.
const TIME: Duration = Duration::from_secs(1);

/// The median that `archi bench` gives for a benchmark; only rank 0 has one.
fn median(world: &Comm, benchmark: Benchmark, form: Option<Form>, bytes: u64) -> Outcome {
    let plan = Plan {
        benchmarks: vec![benchmark],
        sizes: Some(vec![bytes]),
        forms: form.map(|form| vec![form]),
        time: Some(TIME),
        ..Plan::default()
    };
    let rows = measure::session::run(world, &plan, &mut |_| {})?;
    Ok(rows.first().and_then(|row| row.sample().median()))
}

/// Nanoseconds of half a round trip of 8 bytes.
fn latency(world: &Comm, _before: u64) -> Outcome {
    Ok(median(world, Benchmark::Latency, None, 8)?.map(|microseconds| microseconds * 1e3))
}

/// Millions of 8-byte messages a second, one way.
fn rate(world: &Comm, _before: u64) -> Outcome {
    median(world, Benchmark::MessageRate, Some(Form::Blocking), 8)
}

/// GB/s of 4 MiB messages, one way.
fn bandwidth(world: &Comm, _before: u64) -> Outcome {
    const MESSAGES: usize = 100;
    let mut buffer = vec![world.rank() as u8; LARGE_BYTES];
    let mut stream = |messages: usize| -> archipelago::Result<()> {
        for _ in 0..messages {
            if world.rank() == 0 {
                world.to(1).send(&buffer[..])?;
            } else {
                world.from(0).receive_into(&mut buffer[..])?;
            }
        }
        match world.rank() {
            0 => world.from(1).receive::<usize>().map(drop),
            _ => world.to(0).send(&messages),
        }
    };
    stream(MESSAGES / 10)?;
    let start = Instant::now();
    stream(MESSAGES)?;
    Ok(Some((MESSAGES * LARGE_BYTES) as f64 / nanoseconds(start)))
}

/// Nanoseconds of a barrier.
fn barrier(world: &Comm, _before: u64) -> Outcome {
    let barrier = Benchmark::named("barrier").and_then(|named| named.first().copied());
    let Some(barrier) = barrier else { return Ok(None) };
    Ok(median(world, barrier, None, 0)?.map(|microseconds| microseconds * 1e3))
}

/// Seconds of CPU that rank 0 uses while it waits 3 s in a receive.
fn wait(world: &Comm, _before: u64) -> Outcome {
    world.barrier()?;
    if world.rank() != 0 {
        std::thread::sleep(Duration::from_secs(3));
        world.to(0).send(&1u64)?;
        return Ok(None);
    }
    let before = usage::processor_seconds();
    world.from(1).receive::<u64>()?;
    Ok(Some(usage::processor_seconds() - before))
}

fn empty(_world: &Comm, _before: u64) -> Outcome {
    Ok(None)
}

/// MiB a rank after everybody has exchanged messages with everybody, beyond what the program had before it joined.
fn memory(world: &Comm, before: u64) -> Outcome {
    let (me, n) = (world.rank(), world.size());
    for distance in 1..n {
        world.to((me + distance) % n).send(&[0u8; 1024][..])?;
        let _: Vec<u8> = world.from((me + n - distance) % n).receive()?;
    }
    world.all_reduce(me, Sum)?;
    world.barrier()?;
    // All hold still while all look.
    let own = usage::memory_bytes().saturating_sub(before);
    world.barrier()?;
    let all = world.all_reduce(own, Sum)? + usage::socket_bytes();
    Ok(Some(all as f64 / n as f64 / (1 << 20) as f64))
}

fn nanoseconds(start: Instant) -> f64 {
    start.elapsed().as_nanos() as f64
}
