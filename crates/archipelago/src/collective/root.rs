//! Operations with a root: broadcast, gather, scatter.

use engine::collective::Collective;
use layout::{Buffer, BufferMut, Lend, LendMut};
use wire::Wire;

use super::vectors::sum_of;
use super::{Job, Parts};
use crate::called::called;
use crate::lending::length;
use crate::{Comm, Result};

/// A rank as the root of collective operations. Made by [`Comm::root`]; all ranks name the same one.
#[derive(Clone, Copy, Debug)]
pub struct Root<'c> {
    pub(super) comm: &'c Comm,
    rank: usize,
}

impl<'c> Root<'c> {
    pub(crate) fn new(comm: &'c Comm, rank: usize) -> Root<'c> {
        Root { comm, rank }
    }

    pub(super) fn is_here(&self) -> bool {
        self.comm.rank() == self.rank
    }

    pub(super) fn job<T: Wire>(&self, verb: &'static str, what: Collective, count: usize) -> Result<Job<'c>> {
        Job::new::<T>(self.comm, verb, what, Some(self.rank), count).rooted::<T>()
    }

    /// Gives all ranks what the root's buffer holds: a value, a slice, a vector, as long as at the root, or what a layout selects,
    /// which is packed first.
    ///
    /// # Errors
    /// A root that can't be; a rank that is gone; buffers of different lengths.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// let mut settings = if world.rank() == 2 { [0.5, 0.25] } else { [0.0; 2] };
    /// world.root(2).broadcast(&mut settings)?;
    /// assert_eq!(settings, [0.5, 0.25]);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn broadcast<B: BufferMut + ?Sized>(&self, buffer: &mut B) -> Result<()> {
        called(self.comm);
        let count = length(buffer);
        self.job::<B::Item>("broadcast", Collective::Broadcast, count)?.run_in_place(buffer, count)
    }

    /// Gives all ranks the root's vector, of any length. Costs one more broadcast, of the length.
    ///
    /// # Errors
    /// As [`broadcast`](Root::broadcast); a root without a vector.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// let text = (world.rank() == 0).then(|| "hello".as_bytes().to_vec());
    /// assert_eq!(world.root(0).broadcast_vec(text)?, b"hello");
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn broadcast_vec<T: Wire>(&self, values: Option<Vec<T>>) -> Result<Vec<T>> {
        called(self.comm);
        let job = |count| self.job::<T>("broadcast_vec", Collective::Broadcast, count);
        let mine = match (self.is_here(), values) {
            (true, Some(values)) => Some(values),
            (true, None) => return Err(job(0)?.refuse::<T>(NOTHING_AT_ROOT.into())),
            (false, _) => None,
        };
        let mut count = mine.as_ref().map_or(0, Vec::len);
        self.job::<usize>("broadcast_vec", Collective::Broadcast, 1)?
            .run(&[], std::slice::from_mut(&mut count))?;
        match mine {
            Some(mut values) => job(count)?.run(&[], &mut values).map(|()| values),
            None => job(count)?.run_to_vec((&[][..], 0), count),
        }
    }

    /// Brings the values of all ranks, of each the same number, to the root, in the order of ranks. The others get `None`.
    ///
    /// # Errors
    /// A root that can't be; a rank that is gone; ranks that give different numbers of values.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// let all = world.root(0).gather(&[world.rank(), 7])?;
    /// assert_eq!(all, (world.rank() == 0).then(|| vec![0, 7, 1, 7, 2, 7]));
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn gather<I: Buffer>(&self, mine: I) -> Result<Option<Vec<I::Item>>> {
        called(self.comm);
        let given = length(&mine);
        let job = self.job::<I::Item>("gather", Collective::Gather, given)?;
        match self.is_here() {
            true => job.run_to_vec((&mine, given), given.saturating_mul(self.comm.size())).map(Some),
            false => job.run_from((&mine, given)).map(|()| None),
        }
    }

    /// [`gather`](Root::gather) from and into buffers: values, slices, vectors, or what a layout selects, which is packed and put
    /// into place. `all` is looked at in the root alone, where it is as many times as long as there are ranks.
    ///
    /// # Errors
    /// As [`gather`](Root::gather); a buffer of another length.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// let mut all = [9; 3];
    /// world.root(2).gather_into(&world.rank(), &mut all[..])?;
    /// assert_eq!(all, if world.rank() == 2 { [0, 1, 2] } else { [9; 3] });
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn gather_into<I, O>(&self, mine: &I, all: &mut O) -> Result<()>
    where
        I: Buffer + ?Sized,
        O: BufferMut<Item = I::Item> + ?Sized,
    {
        called(self.comm);
        match self.is_here() {
            true => self.prepare().gather(Lend(mine), LendMut(all)).perform(),
            false => self.prepare().gather(Lend(mine), LendMut(&mut [][..])).perform(),
        }
    }

    /// Brings the values of all ranks, of each any number, to the root. The others get `None`. Costs one more gather, of the
    /// numbers.
    ///
    /// # Errors
    /// A root that can't be; a rank that is gone.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// let all = world.root(0).gather_v(&vec![world.rank(); world.rank()])?;
    /// if let Some(all) = all {
    ///     assert_eq!((&all[0], &all[1], &all[2]), (&[][..], &[1][..], &[2, 2][..]));
    /// }
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn gather_v<I: Buffer>(&self, mine: I) -> Result<Option<Parts<I::Item>>> {
        called(self.comm);
        let given = length(&mine);
        let told = self.job::<usize>("gather_v", Collective::Gather, 1)?;
        let counts = match self.is_here() {
            true => Some(told.run_to_vec((&given, 1), self.comm.size())?),
            false => told.run(&[given], &mut []).map(|()| None)?,
        };
        let job = self.job::<I::Item>("gather_v", Collective::Gather, 0)?;
        let job = job.gathering_v::<I::Item>(given, None)?;
        match counts {
            None => job.run_from((&mine, given)).map(|()| None),
            Some(counts) => {
                let job = job.told::<I::Item>(&counts);
                let values = job.run_to_vec((&mine, given), sum_of(&counts))?;
                Ok(Some(Parts::new(values, &counts)))
            }
        }
    }

    /// Gives each rank its part of the root's values, which are cut into as many equal parts as there are ranks. The root
    /// gives `Some`, the others `None`. Costs one more broadcast, of the length; [`scatter_into`](Root::scatter_into) does not.
    ///
    /// # Errors
    /// A root that can't be, or that gives nothing or a number of values that can't be divided; a rank that is gone.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// let all = (world.rank() == 0).then(|| vec![10, 11, 20, 21, 30, 31]);
    /// let mine = world.root(0).scatter(all.as_deref())?;
    /// assert_eq!(mine, [10 * (world.rank() + 1), 10 * (world.rank() + 1) + 1]);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn scatter<T: Wire>(&self, all: Option<&[T]>) -> Result<Vec<T>> {
        called(self.comm);
        let all = self.roots_values("scatter", all)?;
        let mut count = all.len() / self.comm.size();
        self.job::<usize>("scatter", Collective::Broadcast, 1)?.run(&[], std::slice::from_mut(&mut count))?;
        let given = all.len();
        self.job::<T>("scatter", Collective::Scatter, count)?.run_to_vec((all, given), count)
    }

    /// [`scatter`](Root::scatter) from and into buffers, as in [`gather_into`](Root::gather_into); `mine` is as long as each part.
    ///
    /// # Errors
    /// As [`scatter`](Root::scatter); ranks with buffers of another length.
    #[track_caller]
    pub fn scatter_into<I, O>(&self, all: Option<&I>, mine: &mut O) -> Result<()>
    where
        I: Buffer + ?Sized,
        O: BufferMut<Item = I::Item> + ?Sized,
    {
        called(self.comm);
        match (self.is_here(), all) {
            (true, None) => {
                let job = self.job::<I::Item>("scatter_into", Collective::Scatter, 0)?;
                Err(job.refuse::<I::Item>(NOTHING_AT_ROOT.into()))
            }
            (true, Some(all)) => self.prepare().scatter(Lend(all), LendMut(mine)).perform(),
            (false, _) => self.prepare().scatter(Lend(&[][..]), LendMut(mine)).perform(),
        }
    }

    /// Gives each rank its part of the root's values: rank r the next `counts[r]`. The root gives values and counts, the
    /// others `None`. Costs one more scatter, of the counts.
    ///
    /// # Errors
    /// A root that can't be, or that gives nothing, or counts that are not one for each rank or don't add up to the values;
    /// a rank that is gone.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// let (all, counts) = ([1, 2, 3, 4], [3, 0, 1]);
    /// let mine = world.root(1).scatter_v((world.rank() == 1).then_some((&all[..], &counts[..])))?;
    /// assert_eq!(mine, [&[1, 2, 3][..], &[], &[4]][world.rank()]);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn scatter_v<T: Wire>(&self, all: Option<(&[T], &[usize])>) -> Result<Vec<T>> {
        called(self.comm);
        let job = self.job::<T>("scatter_v", Collective::Scatter, 0)?;
        let (all, counts) = match (self.is_here(), all) {
            (true, Some((all, counts))) => {
                job.check_counts::<T>("counts", counts, Some(all.len()), self.comm.size())?;
                (all, counts)
            }
            (true, None) => return Err(job.refuse::<T>(NOTHING_AT_ROOT.into())),
            (false, _) => (&[][..], &[][..]),
        };
        let mut count = 0;
        self.job::<usize>("scatter_v", Collective::Scatter, 1)?
            .run(counts, std::slice::from_mut(&mut count))?;
        let counts = self.is_here().then_some((counts, all.len()));
        job.scattering_v::<T>(count, counts)?.run_to_vec((all, all.len()), count)
    }

    /// What the root gives, to be cut into equal parts; nothing at the others.
    fn roots_values<'a, T: Wire>(&self, verb: &'static str, all: Option<&'a [T]>) -> Result<&'a [T]> {
        let job = self.job::<T>(verb, Collective::Scatter, 0)?;
        match (self.is_here(), all) {
            (false, _) => Ok(&[]),
            (true, None) => Err(job.refuse::<T>(NOTHING_AT_ROOT.into())),
            (true, Some(all)) => job.divided::<T>("all", all.len()).map(|_| all),
        }
    }
}

const NOTHING_AT_ROOT: &str = "the root gives nothing: it must give Some, only the others None";
