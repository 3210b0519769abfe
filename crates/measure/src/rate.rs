//! How many messages a second: by pairs of ranks, and by threads.

use archipelago::Comm;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use crate::Error;
use crate::data::{POISON, fill};
use crate::point::{Windows, check, window};
use crate::repeat::{Times, repeat};
use crate::sample::Sample;

/// Messages that an operation of [`streams`] sends before it waits for the answer.
pub const STREAM_MESSAGES: usize = 1024;

/// Pairs of ranks, rank r of the first half with rank r of the second: an operation is, in each pair, a window of non-blocking messages
/// and its answer. With an odd number of ranks the last waits.
pub fn windows(comm: &Comm, bytes: usize) -> impl FnMut(u64, u64) -> Result<Times, Error> {
    let mut windows = Windows::new(bytes);
    move |round, count| {
        let Some((me, peer)) = pair(comm) else { return Ok([0.0; 3]) };
        let sends = me < peer;
        windows.prepare(round, me);
        let start = Instant::now();
        for _ in 0..count {
            windows.one_way(comm, peer, 0, sends)?;
        }
        let seconds = start.elapsed().as_secs_f64();
        if !sends {
            windows.check("message-rate", me, round, peer)?;
        }
        Ok([seconds, 0.0, 0.0])
    }
}

/// The same pairs: an operation is, in each pair, 1024 messages by blocking verbs, and an answer.
pub fn streams(comm: &Comm, bytes: usize) -> impl FnMut(u64, u64) -> Result<Times, Error> {
    let mut message = vec![0; bytes];
    move |round, count| {
        let Some((me, peer)) = pair(comm) else { return Ok([0.0; 3]) };
        let (to, from, sends) = (comm.to(peer), comm.from(peer), me < peer);
        if sends {
            fill(&mut message, round, me);
        } else {
            message.fill(POISON);
        }
        let start = Instant::now();
        for _ in 0..count {
            if sends {
                (0..STREAM_MESSAGES).try_for_each(|_| to.send(&message[..]))?;
                from.receive_into(&mut [0u8][..])?;
            } else {
                for _ in 0..STREAM_MESSAGES {
                    from.receive_into(&mut message[..])?;
                }
                to.send(&[1u8][..])?;
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        if !sends {
            check("message-rate", me, &message, round, peer)?;
        }
        Ok([seconds, 0.0, 0.0])
    }
}

/// This rank and its partner, if it has one.
fn pair(comm: &Comm) -> Option<(usize, usize)> {
    let (me, half) = (comm.rank(), comm.size() / 2);
    let peer = if me < half { me + half } else { me.checked_sub(half)? };
    (me < 2 * half && peer != me).then_some((me, peer))
}

/// Threads of rank 0, each with a partner among those of rank 1: an operation is, in each pair, a window of non-blocking messages
/// and its answer. Thread t uses `comms[t % comms.len()]`, with tag t: as many communicators as threads keep them apart, one is
/// shared by all.
pub fn threads(
    comms: &[Comm],
    threads: usize,
    bytes: usize,
) -> impl FnMut(u64, u64) -> Result<Times, Error> + '_ {
    let mut each: Vec<Windows> = (0..threads).map(|_| Windows::new(bytes)).collect();
    move |round, count| {
        let me = comms[0].rank();
        if me > 1 {
            return Ok([0.0; 3]);
        }
        let ready = Barrier::new(threads);
        let outcomes = std::thread::scope(|scope| -> Result<Vec<_>, Error> {
            let mut started = Vec::new();
            for (number, windows) in each.iter_mut().enumerate() {
                let (comm, ready) = (&comms[number % comms.len()], &ready);
                let run = move || one_thread(comm, number, windows, ready, round, count);
                started.push(std::thread::Builder::new().spawn_scoped(scope, run).map_err(Error::Thread)?);
            }
            // A thread that panics is ours to pass on.
            started
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        })?;
        let first = outcomes.iter().map(|(begin, _)| *begin).min();
        let last = outcomes.iter().map(|(_, end)| *end).max();
        let seconds = first.zip(last).map_or(0.0, |(first, last)| (last - first).as_secs_f64());
        Ok([seconds, 0.0, 0.0])
    }
}

fn one_thread(
    comm: &Comm,
    number: usize,
    windows: &mut Windows,
    ready: &Barrier,
    round: u64,
    count: u64,
) -> Result<(Instant, Instant), Error> {
    let (me, peer, tag) = (comm.rank(), 1 - comm.rank(), number as i32);
    windows.prepare(round, me);
    ready.wait();
    let begin = Instant::now();
    for _ in 0..count {
        windows.one_way(comm, peer, tag, me == 0)?;
    }
    let end = Instant::now();
    if me == 1 {
        windows.check("thread-rate", me, round, peer)?;
    }
    Ok((begin, end))
}

/// Millions of messages a second that `count` threads of rank 0 send those of rank 1, each on a communicator of its own or all on
/// one; repeated for about `time`. All ranks of `world` call it; rank 0 gets figures, the others none.
///
/// From the command line: `archi bench thread-rate --threads 1,2,4 --sizes 8`.
///
/// ```
/// use archipelago_measure::rate;
/// use std::time::Duration;
/// # archipelago::testing::run(2, |world| {
/// let apart = rate::of_threads(&world, 2, true, 8, Duration::from_millis(5))?;
/// let shared = rate::of_threads(&world, 2, false, 8, Duration::from_millis(5))?;
/// if world.rank() == 0 {
///     assert!(apart.median().unwrap() > 0.0 && shared.median().unwrap() > 0.0);
/// }
/// # Ok::<(), archipelago_measure::Error>(())
/// # });
/// ```
///
/// # Errors
/// A rank that is gone; data that did not arrive.
pub fn of_threads(
    world: &Comm,
    count: usize,
    apart: bool,
    bytes: usize,
    time: Duration,
) -> Result<Sample, Error> {
    let comms =
        (0..if apart { count } else { 1 }).map(|_| world.duplicate()).collect::<Result<Vec<_>, _>>()?;
    let taken = repeat(world, time, threads(&comms, count, bytes))?;
    let messages = (taken.operations as usize * count * window(bytes)) as f64;
    Ok(taken.times.iter().map(|times| messages / times[0] / 1e6).collect())
}
