//! Termination detection: when all active messages are handled, also those that handlers sent.

use engine::active::ActiveCounters;

use crate::called::called;
use crate::error::{Peer, Spot};
use crate::{Comm, Error, Result, Sum};

/// For how long a wave waits for calls that keep it from being the last one.
const CALLS_NS_MIN: u64 = 100_000;
const CALLS_NS_MAX: u64 = 100_000_000;

impl Comm {
    /// Returns when all active messages of this communicator are handled, and all that their handlers sent, and all that
    /// those sent; and every call is answered. Collective. What this rank does besides, on other threads, is its
    /// own affair: what is sent while others are in here may or may not be waited for.
    ///
    /// Messages that wait for objects which no rank registers meanwhile, when nothing else is left, are refused.
    ///
    /// The four-counter method (Mattern, "Algorithms for distributed termination detection", Distributed Computing 2,
    /// 1987): sums of messages sent and handled, in waves; all is over when as many were handled by one wave as were sent by
    /// the next. Each wave is an all-reduce of 32 bytes, which a rank enters when it has nothing left to do; where
    /// nothing is under way it takes two.
    ///
    /// # Errors
    /// One-way messages were refused since the last time: on all ranks, after all are handled. As
    /// [`all_reduce`](Comm::all_reduce). In a handler.
    ///
    /// ```
    /// # archipelago::testing::run(4, |world| {
    /// // Each message makes two for other ranks, until they are worth nothing.
    /// let (here, n) = (world.rank(), world.size());
    /// let handled = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    /// let (count, comm) = (handled.clone(), world.clone());
    /// let grow = world.register_as(7, move |worth: u32| {
    ///     count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    ///     if worth > 0 {
    ///         let next = comm.agreed::<u32, ()>(7);
    ///         next.at((here + 1) % n).tell(&(worth - 1)).unwrap();
    ///         next.at((here + 2) % n).tell(&(worth - 1)).unwrap();
    ///     }
    /// })?;
    /// if world.rank() == 0 {
    ///     grow.at(1).tell(&6)?;
    /// }
    /// world.quiescence()?;
    /// let all = world.all_reduce(handled.load(std::sync::atomic::Ordering::Relaxed), archipelago::prelude::Sum)?;
    /// assert_eq!(all, 127);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn quiescence(&self) -> Result<()> {
        self.quiescence_by(self)
    }

    /// The same with waves over another communicator of all whom it concerns.
    #[track_caller]
    pub(super) fn quiescence_by(&self, all: &Comm) -> Result<()> {
        called(self);
        let spot = Spot::here("quiescence", Peer::All, None);
        let comm = &self.untyped;
        let (mut before, mut calls_ns) = ([u64::MAX; 4], 0);
        loop {
            comm.wait_until_passive(calls_ns).map_err(|error| spot.explain::<u64>(comm, error))?;
            let ActiveCounters { sent, handled, .. } = comm.active_counters();
            let now = all.reduce_for("quiescence", [sent, handled, comm.early(), comm.unreported()], Sum)?;
            let ([sent, handled, early, lost], [_, handled_before, ..]) = (now, before);
            if handled_before == sent {
                let why = comm.take_refusal();
                return match lost {
                    0 => Ok(()),
                    messages => Err(Error::Refused { messages, why, place: spot.place::<u64>(comm) }),
                };
            }
            // Nothing has changed between the waves, and all that is not handled waits for objects that nobody has registered: each
            // rank is in here, so that nobody will.
            if now == before && early > 0 && sent.checked_sub(handled) == Some(early) {
                comm.refuse_early();
            }
            // A call that is answered late, by another thread: look less and less often.
            calls_ns = if now == before { (2 * calls_ns).clamp(CALLS_NS_MIN, CALLS_NS_MAX) } else { 0 };
            before = now;
        }
    }

    /// What was counted of this communicator's active messages at this rank.
    ///
    /// ```
    /// # archipelago::testing::run(2, |world| {
    /// let echo = world.register(|x: u64| x)?;
    /// echo.at(1).call(&5)?;
    /// world.quiescence()?;
    /// let counters = world.active_counters();
    /// // A call is a request and its answer.
    /// assert_eq!((counters.sent, counters.calls), (2, 0));
    /// assert_eq!(counters.handled, if world.rank() == 1 { 3 } else { 1 });
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn active_counters(&self) -> ActiveCounters {
        self.untyped.active_counters()
    }
}
