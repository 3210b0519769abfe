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
        let sends = me < peer;
        message.fill(POISON);
        if sends {
            fill(&mut message, round, me);
        }
        let start = Instant::now();
        for _ in 0..count {
            stream(comm, peer, 0, sends, &mut message)?;
        }
        let seconds = start.elapsed().as_secs_f64();
        if !sends {
            check("message-rate", me, &message, round, peer)?;
        }
        Ok([seconds, 0.0, 0.0])
    }
}

/// Blocking messages to or from a peer, and an answer.
fn stream(comm: &Comm, peer: usize, tag: i32, sends: bool, message: &mut [u8]) -> Result<(), Error> {
    let (to, from) = (comm.to(peer).tag(tag), comm.from(peer).tag(tag));
    if sends {
        (0..STREAM_MESSAGES).try_for_each(|_| to.send(message))?;
        from.receive_into(&mut [0u8][..])?;
    } else {
        (0..STREAM_MESSAGES).try_for_each(|_| from.receive_into(message).map(drop))?;
        to.send(&[1u8][..])?;
    }
    Ok(())
}

/// This rank and its partner, if it has one.
fn pair(comm: &Comm) -> Option<(usize, usize)> {
    let (me, half) = (comm.rank(), comm.size() / 2);
    let peer = if me < half { me + half } else { me.checked_sub(half)? };
    (me < 2 * half && peer != me).then_some((me, peer))
}

/// What each thread of [`threads`] does with its partner in an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// A window of non-blocking messages, and an answer.
    Window,
    /// 1024 blocking messages, and an answer.
    Stream,
    /// A blocking round trip.
    RoundTrip,
}

/// Threads of rank 0, each with a partner among those of rank 1. Thread t uses `comms[t % comms.len()]`, with tag t: as many
/// communicators as threads keep them apart, one is shared by all. The time is from the first thread's begin to the last one's end.
pub fn threads(
    comms: &[Comm],
    threads: usize,
    bytes: usize,
    pattern: Pattern,
) -> impl FnMut(u64, u64) -> Result<Times, Error> + '_ {
    let mut each: Vec<Windows> = (0..threads).map(|_| Windows::new(bytes)).collect();
    move |round, count| {
        if comms[0].rank() > 1 {
            return Ok([0.0; 3]);
        }
        let ready = Barrier::new(threads);
        let outcomes = std::thread::scope(|scope| -> Result<Vec<_>, Error> {
            let mut started = Vec::new();
            for (number, windows) in each.iter_mut().enumerate() {
                let thread = Thread { comm: &comms[number % comms.len()], tag: number as i32, pattern };
                let ready = &ready;
                let run = move || thread.run(windows, ready, round, count);
                started.push(std::thread::Builder::new().spawn_scoped(scope, run).map_err(Error::Thread)?);
            }
            // A thread that panics is ours to pass on.
            let joined = started
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            joined.collect()
        })?;
        let first = outcomes.iter().map(|(begin, _)| *begin).min();
        let last = outcomes.iter().map(|(_, end)| *end).max();
        let seconds = first.zip(last).map_or(0.0, |(first, last)| (last - first).as_secs_f64());
        Ok([seconds, 0.0, 0.0])
    }
}

/// One of the threads.
struct Thread<'c> {
    comm: &'c Comm,
    tag: i32,
    pattern: Pattern,
}

impl Thread<'_> {
    fn run(
        &self,
        windows: &mut Windows,
        ready: &Barrier,
        round: u64,
        count: u64,
    ) -> Result<(Instant, Instant), Error> {
        let (comm, tag) = (self.comm, self.tag);
        let (me, peer) = (comm.rank(), 1 - comm.rank());
        windows.prepare(round, me);
        ready.wait();
        let begin = Instant::now();
        for _ in 0..count {
            match self.pattern {
                Pattern::Window => windows.one_way(comm, peer, tag, me == 0)?,
                Pattern::Stream => {
                    let message = if me == 0 { windows.sent() } else { windows.received() };
                    stream(comm, peer, tag, me == 0, message)?;
                }
                Pattern::RoundTrip => windows.round_trip(comm, peer, tag)?,
            }
        }
        let end = Instant::now();
        match (self.pattern, me) {
            (Pattern::Window, 1) => windows.check("thread-rate", me, round, peer)?,
            (Pattern::Stream, 1) => check("thread-rate", me, windows.received(), round, peer)?,
            (Pattern::RoundTrip, _) => check("thread-latency", me, windows.received(), round, peer)?,
            _ => {}
        }
        Ok((begin, end))
    }
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
    let taken = repeat(world, time, threads(&comms, count, bytes, Pattern::Window))?;
    let messages = (count * window(bytes)) as f64;
    Ok(taken.times.iter().map(|times| messages / times[0] / 1e6).collect())
}
