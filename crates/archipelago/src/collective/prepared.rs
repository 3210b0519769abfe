//! A collective that is described but not begun, and the ways to run it: at once, in a scope, owned, persistent.

use engine::collective::named;

use super::buffers::{Buffers, Lendable, Lent};
use super::job::{Described, Job};
use super::owned::CollectiveOwned;
use super::persistent::PersistentCollective;
use crate::called::called;
use crate::scope::{Collecting, Scope};
use crate::{Comm, Result};

/// A collective operation with its buffers, of which nothing has begun. All ranks begin the same ones in the same order,
/// each in the way that it likes.
///
/// - [`run`](Prepared::run) performs it, on borrowed buffers;
/// - [`start`](Prepared::start) starts it in a [scope](Comm::scope), on borrowed buffers;
/// - [`owned`](Prepared::owned) starts it with buffers of its own: a future;
/// - [`persistent`](Prepared::persistent) makes an operation that can be started again and again.
///
/// ```
/// use archipelago::prelude::*;
/// # archipelago::testing::run(3, |world| {
/// let (mine, mut all) = (vec![world.rank()], vec![0; 3]);
/// let mut sum = vec![1.5; 1000];
/// world.scope(|s| {
///     let sum = world.prepare().all_reduce(&mut sum, Sum).start(s)?;
///     world.prepare().all_gather(&mine, &mut all).start(s)?;
///     assert!(sum.wait()?.iter().all(|&value| value == 4.5));
///     Ok(())
/// })?;
/// assert_eq!(all, [0, 1, 2]);
///
/// let later = world.prepare().all_reduce(vec![world.rank()], Max).owned();
/// assert_eq!(later.wait()?, [2]);
///
/// let mut step = world.prepare().all_reduce(vec![0.0; 2], Sum).persistent()?;
/// for round in 0..3 {
///     step.wait()?.fill(round as f64);
///     step.start()?;
/// }
/// assert_eq!(step.wait()?, [6.0, 6.0]);
/// # Ok::<(), archipelago::Error>(())
/// # });
/// ```
#[must_use = "nothing of it begins before it is run, started, owned or made persistent"]
pub struct Prepared<'c, B> {
    pub(super) comm: &'c Comm,
    /// What is wrong with the arguments is told where it begins.
    pub(super) described: Result<Described>,
    pub(super) buffers: B,
}

impl<'c, B> Prepared<'c, B> {
    /// A job, unless its arguments can't be, with buffers that must have so many values to be contributed and to be written.
    #[inline]
    pub(super) fn of(
        comm: &'c Comm,
        job: Result<Job<'c>>,
        (input, output): (usize, usize),
        buffers: B,
    ) -> Self {
        Prepared { comm, described: job.map(|job| job.described(input, output)), buffers }
    }

    /// Takes the algorithm of this name instead of the cheapest; all ranks name the same. `archi info --collectives` lists
    /// them, with what each needs.
    ///
    /// ```
    /// use archipelago::prelude::*;
    /// # archipelago::testing::run(3, |world| {
    /// let mut sum = vec![world.rank(); 1000];
    /// world.prepare().all_reduce(&mut sum, Sum).by("circulant").run()?;
    /// assert!(sum.iter().all(|&value| value == 3));
    /// let error = world.prepare().all_reduce(&mut sum, Sum).by("magic").run().unwrap_err();
    /// assert!(error.to_string().contains("no algorithm \"magic\" for all-reduce; there are: board"));
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn by(mut self, algorithm: &str) -> Self
    where
        B: Lendable,
    {
        if let Ok(described) = &mut self.described {
            match named(described.call.case.collective, algorithm) {
                Ok(algorithm) => described.algorithm = Some(algorithm),
                Err(unknown) => {
                    let error = described.spot.refuse::<B::Item>(&self.comm.untyped, unknown.to_string());
                    self.described = Err(error);
                }
            }
        }
        self
    }

    /// The name of the algorithm that it will run by: the one that was named, or the one that is chosen here.
    ///
    /// # Errors
    /// Arguments that can't be; an algorithm that was named and doesn't fit.
    ///
    /// ```
    /// use archipelago::prelude::*;
    /// # archipelago::testing::run(3, |world| {
    /// let mut sum = vec![1.0; 1000];
    /// let chosen = world.prepare().all_reduce(&mut sum, Sum).algorithm()?;
    /// assert_eq!(world.prepare().all_reduce(&mut sum, Sum).by(chosen).algorithm()?, chosen);
    /// // Three ranks are no power of two.
    /// let (mine, mut all) = ([1.0], [0.0; 3]);
    /// let gather = world.prepare().all_gather(&mine[..], &mut all[..]).by("doubling");
    /// let error = gather.algorithm().unwrap_err();
    /// assert!(error.to_string().contains("\"doubling\" needs: power of two"), "{error}");
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn algorithm(self) -> Result<&'static str>
    where
        B: Lendable,
    {
        let described = self.described?;
        let case = &described.call.case;
        match described.algorithm {
            None => Ok(self.comm.untyped.algorithm(case).name),
            Some(named) if named.fits(case) => Ok(named.name),
            Some(named) => {
                let needs: Vec<&str> = named.needs.iter().map(|need| need.words()).collect();
                let what = format!("the algorithm \"{}\" needs: {}", named.name, needs.join("; "));
                Err(described.spot.refuse::<B::Item>(&self.comm.untyped, what))
            }
        }
    }

    /// Performs it, and returns when this rank's part is done.
    ///
    /// # Errors
    /// Arguments that can't be, before anything is done; a rank that is gone; ranks that call another operation.
    #[track_caller]
    pub fn run<'a>(self) -> Result<()>
    where
        B: Lent<'a>,
    {
        called(self.comm);
        self.perform()
    }

    /// Performs it, whoever has the buffers.
    #[inline]
    pub(super) fn perform(mut self) -> Result<()>
    where
        B: Lendable,
    {
        Job::run_on(self.comm, self.described?, &mut self.buffers)
    }

    /// Starts it in a scope, for which the buffers are borrowed. A scope that ends with an error gives it up, and then it
    /// fails at all ranks.
    ///
    /// # Errors
    /// Arguments that can't be: nothing was started.
    #[track_caller]
    pub fn start<'scope, 'env>(
        self,
        scope: &'scope Scope<'scope, 'env>,
    ) -> Result<Collecting<'scope, B::Written>>
    where
        B: Lent<'scope>,
        'c: 'scope,
    {
        called(self.comm);
        scope.collect(&self.comm.untyped, self.described?, self.buffers)
    }

    /// Starts it with buffers that it owns until it is complete. What can't be, is told by
    /// [`wait`](CollectiveOwned::wait).
    #[track_caller]
    pub fn owned(self) -> CollectiveOwned<B>
    where
        B: Buffers + Send + 'static,
    {
        called(self.comm);
        CollectiveOwned::start(self.comm, self.described, self.buffers)
    }

    /// Makes an operation that owns the buffers and can be started again and again.
    ///
    /// # Errors
    /// Arguments that can't be.
    pub fn persistent(self) -> Result<PersistentCollective<B>>
    where
        B: Buffers + Send + 'static,
    {
        Ok(PersistentCollective::new(self.comm.clone(), self.described?, self.buffers))
    }
}
