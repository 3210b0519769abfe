//! Messages between ranks 0 and 1: latency and bandwidth. The other ranks wait.
//!
//! Each function gives a batch for [`repeat`](crate::repeat::repeat), which all ranks of the communicator run.

use archipelago::Comm;
use std::time::Instant;

use crate::Error;
use crate::data::{POISON, fill, wrong};
use crate::repeat::Times;

/// The most messages that are under way at once.
pub const WINDOW_MAX: usize = 64;

/// The memory that the messages of a window may fill, at the side that receives.
pub const WINDOW_BYTES_MAX: usize = 8 << 20;

/// How many messages of this length are under way at once: 64, or as many as fill 8 MiB, and at least 2.
pub fn window(bytes: usize) -> usize {
    (WINDOW_BYTES_MAX / bytes.max(1)).clamp(2, WINDOW_MAX)
}

/// An operation is a round trip by blocking verbs.
///
/// ```
/// use archipelago_measure::{point, repeat::repeat};
/// use std::time::Duration;
/// # archipelago::testing::run(2, |world| {
/// let measured = world.duplicate()?;
/// let taken = repeat(&world, Duration::from_millis(5), point::latency(&measured, 8))?;
/// assert!(world.rank() != 0 || taken.times.iter().all(|time| time[0] > 0.0));
/// # Ok::<(), archipelago_measure::Error>(())
/// # });
/// ```
pub fn latency(comm: &Comm, bytes: usize) -> impl FnMut(u64, u64) -> Result<Times, Error> {
    let (mut mine, mut theirs) = (vec![0; bytes], vec![0; bytes]);
    move |round, trips| {
        let me = comm.rank();
        if me > 1 {
            return Ok([0.0; 3]);
        }
        fill(&mut mine, round, me);
        theirs.fill(POISON);
        let (to, from) = (comm.to(1 - me), comm.from(1 - me));
        let start = Instant::now();
        for _ in 0..trips {
            if me == 0 {
                to.send(&mine[..])?;
                from.receive_into(&mut theirs[..])?;
            } else {
                from.receive_into(&mut theirs[..])?;
                to.send(&mine[..])?;
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        check("latency", me, &theirs, round, 1 - me)?;
        Ok([seconds, 0.0, 0.0])
    }
}

/// An operation is a window of non-blocking messages from rank 0 to rank 1, and an answer when all have come.
pub fn bandwidth(comm: &Comm, bytes: usize) -> impl FnMut(u64, u64) -> Result<Times, Error> {
    let mut windows = Windows::new(bytes);
    move |round, count| {
        let me = comm.rank();
        if me > 1 {
            return Ok([0.0; 3]);
        }
        windows.prepare(round, me);
        let start = Instant::now();
        for _ in 0..count {
            windows.one_way(comm, 1 - me, 0, me == 0)?;
        }
        let seconds = start.elapsed().as_secs_f64();
        if me == 1 {
            windows.check("bandwidth", me, round, 0)?;
        }
        Ok([seconds, 0.0, 0.0])
    }
}

/// An operation is a window of non-blocking messages each way at once.
pub fn bidirectional(comm: &Comm, bytes: usize) -> impl FnMut(u64, u64) -> Result<Times, Error> {
    let mut windows = Windows::new(bytes);
    move |round, count| {
        let me = comm.rank();
        if me > 1 {
            return Ok([0.0; 3]);
        }
        windows.prepare(round, me);
        let start = Instant::now();
        for _ in 0..count {
            windows.both_ways(comm, 1 - me)?;
        }
        let seconds = start.elapsed().as_secs_f64();
        windows.check("bidirectional-bandwidth", me, round, 1 - me)?;
        Ok([seconds, 0.0, 0.0])
    }
}

/// The buffers of a window: one that is sent again and again, and one for each message that is received.
pub(crate) struct Windows {
    bytes: usize,
    sent: Vec<u8>,
    received: Vec<u8>,
}

impl Windows {
    pub(crate) fn new(bytes: usize) -> Windows {
        Windows { bytes, sent: vec![0; bytes], received: vec![0; bytes * window(bytes)] }
    }

    pub(crate) fn prepare(&mut self, round: u64, me: usize) {
        fill(&mut self.sent, round, me);
        self.received.fill(POISON);
    }

    /// The message that is sent.
    pub(crate) fn sent(&mut self) -> &mut [u8] {
        &mut self.sent
    }

    /// The first of those that are received.
    pub(crate) fn received(&mut self) -> &mut [u8] {
        &mut self.received[..self.bytes]
    }

    /// A blocking message to and fro; rank 0 begins.
    pub(crate) fn round_trip(&mut self, comm: &Comm, peer: usize, tag: i32) -> Result<(), Error> {
        let (to, from) = (comm.to(peer).tag(tag), comm.from(peer).tag(tag));
        let Windows { bytes, sent, received } = self;
        let (mine, theirs) = (&sent[..], &mut received[..*bytes]);
        if peer == 1 {
            to.send(mine)?;
            from.receive_into(theirs)?;
        } else {
            from.receive_into(theirs)?;
            to.send(mine)?;
        }
        Ok(())
    }

    /// A window to or from a peer, and its answer.
    pub(crate) fn one_way(&mut self, comm: &Comm, peer: usize, tag: i32, sends: bool) -> Result<(), Error> {
        let (to, from) = (comm.to(peer).tag(tag), comm.from(peer).tag(tag));
        let Windows { bytes, sent, received } = self;
        if sends {
            comm.scope(|s| (0..window(*bytes)).try_for_each(|_| to.start_send(s, &sent[..]).map(drop)))?;
            from.receive_into(&mut [0u8][..])?;
        } else {
            comm.scope(|s| {
                let mut messages = received.chunks_mut((*bytes).max(1));
                (0..window(*bytes))
                    .try_for_each(|_| from.start_receive(s, messages.next().unwrap_or_default()).map(drop))
            })?;
            to.send(&[1u8][..])?;
        }
        Ok(())
    }

    fn both_ways(&mut self, comm: &Comm, peer: usize) -> Result<(), Error> {
        let (to, from) = (comm.to(peer), comm.from(peer));
        let Windows { bytes, sent, received } = self;
        comm.scope(|s| {
            let mut messages = received.chunks_mut((*bytes).max(1));
            for _ in 0..window(*bytes) {
                from.start_receive(s, messages.next().unwrap_or_default())?;
            }
            (0..window(*bytes)).try_for_each(|_| to.start_send(s, &sent[..]).map(drop))
        })?;
        Ok(())
    }

    /// Whether all messages of the last window are those of a rank.
    pub(crate) fn check(&self, benchmark: &str, me: usize, round: u64, peer: usize) -> Result<(), Error> {
        self.received
            .chunks(self.bytes.max(1))
            .try_for_each(|message| check(benchmark, me, message, round, peer))
    }
}

/// Whether a message is that of a rank in this batch.
pub(crate) fn check(
    benchmark: &str,
    me: usize,
    message: &[u8],
    round: u64,
    peer: usize,
) -> Result<(), Error> {
    match wrong(message, round, peer) {
        None => Ok(()),
        Some(what) => Err(Error::Corrupt { benchmark: benchmark.to_owned(), rank: me, what }),
    }
}
