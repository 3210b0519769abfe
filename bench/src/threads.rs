//! Message rate and latency of several threads at once, between two processes: `archi run -n 2 bench threads`.
//!
//! Each thread of rank 0 talks to one thread of rank 1: in one series over a communicator of its own (a duplicate of the
//! world), in the other all over the world, where their messages are told apart by their tags.

use archipelago::prelude::*;
use std::sync::Barrier;
use std::time::Instant;

/// How the threads' messages are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Apart {
    /// By the communicator: each thread has its own.
    Communicators,
    /// By the tag, on one communicator.
    Tags,
}

/// What `threads` threads of each of two ranks reach together.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// Millions of 8-byte messages a second, one way, of all threads.
    pub rate: f64,
    /// Nanoseconds of half a round trip of 8 bytes, while all threads exchange.
    pub latency_ns: f64,
}

/// Measures with so many threads on each of the ranks 0 and 1. Both ranks call it; both get rank 0's figures.
///
/// # Errors
/// When communication fails.
pub fn measure(world: &Comm, threads: usize, apart: Apart, messages: u64) -> archipelago::Result<Figures> {
    let comms: Vec<Comm> = match apart {
        Apart::Communicators => (0..threads).map(|_| world.duplicate()).collect::<Result<_, _>>()?,
        Apart::Tags => vec![world.clone(); threads],
    };
    let seconds = |messages: u64, body: fn(&Comm, i32, u64) -> archipelago::Result<()>| {
        let together = Barrier::new(threads);
        let each = |thread: usize| {
            let tag = if apart == Apart::Tags { thread as i32 } else { 0 };
            body(&comms[thread], tag, messages / 20)?;
            together.wait();
            let start = Instant::now();
            body(&comms[thread], tag, messages)?;
            together.wait();
            Ok::<f64, archipelago::Error>(start.elapsed().as_secs_f64())
        };
        world.barrier()?;
        std::thread::scope(|scope| {
            let each = &each;
            let threads: Vec<_> = (0..threads).map(|thread| scope.spawn(move || each(thread))).collect();
            let ended = threads.into_iter().map(|thread| thread.join().expect("a thread that measures ends"));
            ended.reduce(|a, b| Ok(a?.max(b?))).unwrap_or(Ok(0.0))
        })
    };
    let rounds = messages / 8;
    let figures = Figures {
        rate: (threads as u64 * messages) as f64 / seconds(messages, stream)? / 1e6,
        latency_ns: seconds(rounds, exchange)? / (2 * rounds) as f64 * 1e9,
    };
    Ok(figures)
}

/// Messages from rank 0 to rank 1, and one back.
fn stream(comm: &Comm, tag: i32, messages: u64) -> archipelago::Result<()> {
    let mut word = [0u64];
    for message in 0..messages {
        match comm.rank() {
            0 => comm.to(1).tag(tag).send(&[message])?,
            _ => comm.from(0).tag(tag).receive_into(&mut word).map(drop)?,
        }
    }
    match comm.rank() {
        0 => comm.from(1).tag(tag).receive::<u64>().map(drop),
        _ => comm.to(0).tag(tag).send(&messages),
    }
}

/// A message to and fro.
fn exchange(comm: &Comm, tag: i32, rounds: u64) -> archipelago::Result<()> {
    let mut word = [0u64];
    for round in 0..rounds {
        if comm.rank() == 0 {
            comm.to(1).tag(tag).send(&[round])?;
            comm.from(1).tag(tag).receive_into(&mut word)?;
        } else {
            comm.from(0).tag(tag).receive_into(&mut word)?;
            comm.to(0).tag(tag).send(&word)?;
        }
    }
    Ok(())
}

/// Prints a table: 1, 2, 4, 8 threads, or as many as are named.
///
/// # Errors
/// When there are not two ranks, or communication fails.
pub fn run(names: &[&str]) -> Result<(), String> {
    let mut counts: Vec<usize> = names.iter().filter_map(|name| name.parse().ok()).collect();
    if counts.is_empty() {
        counts = vec![1, 2, 4, 8];
    }
    let play = || {
        let world = archipelago::init()?;
        if world.size() != 2 {
            return Ok(Some("two ranks measure it: archi run -n 2 bench threads"));
        }
        let is_first = world.rank() == 0;
        if is_first {
            println!("threads  apart by         M messages/s  half a round trip, ns");
        }
        for threads in counts {
            for apart in [Apart::Communicators, Apart::Tags] {
                let Figures { rate, latency_ns } = measure(&world, threads, apart, 1_000_000)?;
                if is_first {
                    let apart = format!("{apart:?}").to_lowercase();
                    println!("{threads:>7}  {apart:<14} {rate:>14.2} {latency_ns:>22.0}");
                }
            }
        }
        world.finalize()?;
        Ok(None)
    };
    match play() {
        Ok(None) => Ok(()),
        Ok(Some(misuse)) => Err(misuse.to_owned()),
        Err(error) => Err(archipelago::Error::to_string(&error)),
    }
}
