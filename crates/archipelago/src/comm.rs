//! Communicators, and the guard of the world.

use std::ops::Deref;
use std::sync::Arc;

use engine::{Counters, PeerCounters};
use runtime::{Process, Waits};

use crate::address::{Destination, Source};
use crate::{Error, Result, Root};

/// A communicator: an ordered group of processes that exchange messages among themselves.
///
/// Cheap to clone; any thread may use it at any time. A message that is sent in one communicator is never received in
/// another. Messages of one sender in one communicator are received in the order in which they were sent, as far as
/// the tags permit.
#[derive(Clone)]
pub struct Comm {
    pub(crate) untyped: runtime::Comm,
}

impl Comm {
    pub(crate) fn of(untyped: runtime::Comm) -> Comm {
        Comm { untyped }
    }

    /// This process's rank: its place in the group, from 0.
    ///
    /// ```
    /// # archipelago::testing::run(2, |world| {
    /// assert!(world.rank() < world.size());
    /// # });
    /// ```
    #[inline]
    pub fn rank(&self) -> usize {
        self.untyped.rank()
    }

    /// How many processes the group has.
    #[inline]
    pub fn size(&self) -> usize {
        self.untyped.size()
    }

    /// The name by which errors and reports call it (MPI 5.0 §7.8).
    pub fn name(&self) -> Arc<str> {
        self.untyped.name()
    }

    /// Calls it otherwise from now on. Local: each rank names it for itself, and duplicates get names of their own.
    ///
    /// ```
    /// # archipelago::testing::run(2, |world| {
    /// let rows = world.duplicate()?;
    /// assert_eq!(&*rows.name(), "copy of world");
    /// rows.set_name("rows of the matrix");
    /// let error = rows.to(9).send(&1).unwrap_err();
    /// assert!(error.to_string().contains("`rows of the matrix`"), "{error}");
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn set_name(&self, name: &str) {
        self.untyped.inner().set_name(name);
    }

    /// The address of `rank` as a destination, with tag 0. The verb checks it.
    ///
    /// ```
    /// # archipelago::testing::run(2, |world| {
    /// if world.rank() == 0 {
    ///     world.to(1).tag(7).send(&[1.0, 2.0, 3.0])?;
    /// } else {
    ///     let received: Vec<f64> = world.from(0).tag(7).receive()?;
    ///     assert_eq!(received, [1.0, 2.0, 3.0]);
    /// }
    /// assert!(world.to(2).send(&1).is_err());
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[inline]
    pub fn to(&self, rank: usize) -> Destination<'_> {
        Destination::new(self, rank)
    }

    /// The address of `rank` as a source, with tag 0. The verb checks it.
    #[inline]
    pub fn from(&self, rank: usize) -> Source<'_> {
        Source::new(self, engine::Source::Rank(rank))
    }

    /// Any rank as a source, with tag 0. Nothing can be sent to it:
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// world.to(0).send(&world.rank())?;
    /// if world.rank() == 0 {
    ///     for _ in 0..world.size() {
    ///         let (rank, status) = world.from_any().receive_with_status::<usize>()?;
    ///         assert_eq!(rank, status.source);
    ///     }
    /// }
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    ///
    /// ```compile_fail
    /// # fn example(world: &archipelago::Comm) -> archipelago::Result<()> {
    /// world.from_any().send(&1)
    /// # }
    /// ```
    #[inline]
    pub fn from_any(&self) -> Source<'_> {
        Source::new(self, engine::Source::Any)
    }

    /// The address of `rank` as the root of collective operations. The verb checks it.
    #[inline]
    pub fn root(&self, rank: usize) -> Root<'_> {
        Root::new(self, rank)
    }

    /// What this process has counted so far, over all peers and communicators.
    pub fn counters(&self) -> Counters {
        self.untyped.process().counters()
    }

    /// What this process has counted so far with each member of this communicator that it has met.
    pub fn peer_counters(&self) -> Vec<(usize, PeerCounters)> {
        let group = &self.untyped.inner().group;
        let counted = self.untyped.process().peer_counters();
        let mut peers: Vec<_> = counted
            .into_iter()
            .filter_map(|(process, counters)| Some((group.rank(process)?, counters)))
            .collect();
        peers.sort_by_key(|(rank, _)| *rank);
        peers
    }

    /// How often and how long this process has waited so far.
    pub fn waits(&self) -> Waits {
        self.untyped.process().waits()
    }

    /// Starts this process's progress thread, unless it runs: what was started goes on from now on also while no thread of the
    /// program is in a call. It sleeps when nothing happens, and takes no part while the program's own threads wait. The first
    /// operation that is polled as a future starts it, too.
    ///
    /// # Errors
    /// When the system gives no thread.
    ///
    /// ```
    /// # archipelago::testing::run(2, |world| {
    /// world.start_progress_thread().expect("a thread");
    /// let sum = world.prepare().all_reduce(vec![world.rank(); 1000], archipelago::Sum).owned();
    /// // Whatever this computes, the other rank doesn't wait for it.
    /// let result = (0..1_000_000u64).fold(0, |sum, x| sum ^ x * x);
    /// assert_eq!(sum.wait()?, vec![1; 1000]);
    /// # std::hint::black_box(result);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn start_progress_thread(&self) -> std::io::Result<()> {
        self.untyped.process().start_progress_thread()
    }

    /// Ends the whole job with this exit status. Works from any thread while others block.
    pub fn abort(&self, code: i32) -> ! {
        let why = format!(
            "abort({code}) was called on `{}` by rank {} of {}",
            self.name(),
            self.rank(),
            self.size()
        );
        self.untyped.process().abort(code, &why)
    }
}

impl std::fmt::Debug for Comm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Comm({}, rank {} of {})", self.name(), self.rank(), self.size())
    }
}

/// This process's part in its job: the communicator of all its processes, and the guard of its end.
///
/// Made by [`init`](crate::init). When it goes, this process leaves the job: what it sent is still delivered, and
/// communicators that are left can't be used any more. When it goes because a panic unwinds through it, the job ends with
/// that panic; a panic that is caught before does no harm. [`finalize`](World::finalize) leaves together with the
/// others.
pub struct World {
    comm: Comm,
    process: Arc<Process>,
}

impl World {
    pub(crate) fn of(process: Arc<Process>) -> World {
        World { comm: Comm::of(process.world()), process }
    }

    /// Leaves the job together with all others: returns when everything that this process sent was received and nobody
    /// will read its memory any more.
    ///
    /// # Errors
    /// When a peer failed before that.
    pub fn finalize(self) -> Result<()> {
        let spot = crate::error::Spot::new("finalize", crate::error::Peer::All, None);
        self.process.finalize().map_err(|error| spot.explain::<()>(&self.comm.untyped, error))
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "World(rank {} of {})", self.rank(), self.size())
    }
}

impl Deref for World {
    type Target = Comm;

    fn deref(&self) -> &Comm {
        &self.comm
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() && !self.process.has_left() {
            // In a test the ranks are threads, whose runner hears of the panic by itself.
            if !crate::testing::is_rank_of_a_test() {
                let why = format!("rank {} panicked", self.comm.rank());
                self.process.abort(101, &why);
            }
        } else {
            self.process.leave();
        }
    }
}

/// Joins the job that started this process; a process that nobody started is a world of one.
///
/// # Errors
/// When it has joined already, or when what the launcher left for it can't be used: the text says why.
///
/// ```
/// let world = archipelago::init()?;
/// assert_eq!((world.rank(), world.size()), (0, 1));
/// # Ok::<(), archipelago::Error>(())
/// ```
pub fn init() -> Result<World> {
    if let Some(process) = crate::testing::take_rank_of_this_thread() {
        return Ok(World::of(process));
    }
    runtime::join().map(World::of).map_err(|error| Error::Join { why: error.to_string() })
}
