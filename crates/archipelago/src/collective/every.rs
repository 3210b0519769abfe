//! Operations in which all ranks are alike: barrier, all-gather, all-to-all.

use engine::collective::Collective;
use layout::{Buffer, BufferMut, Lend, LendMut};

use super::vectors::sum_of;
use super::{Job, Parts};
use crate::called::called;
use crate::lending::length;
use crate::{Comm, Result};

impl Comm {
    /// Returns when all ranks have called it.
    ///
    /// # Errors
    /// A rank that is gone.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// world.barrier()
    /// # });
    /// ```
    #[track_caller]
    pub fn barrier(&self) -> Result<()> {
        called(self);
        Job::new::<()>(self, "barrier", Collective::Barrier, None, 0).run::<()>(&[], &mut [])
    }

    /// Gives every rank the values of all, of each the same number, in the order of ranks. What is given is a row of values (a
    /// slice, an array or a vector, behind a reference or not), one value, or a view of a [layout](crate::Layout), which is packed.
    ///
    /// # Errors
    /// A rank that is gone; ranks that give different numbers of values.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// assert_eq!(world.all_gather(&[world.rank(), 9])?, [0, 9, 1, 9, 2, 9]);
    /// assert_eq!(world.all_gather(world.rank())?, [0, 1, 2]);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn all_gather<I: Buffer>(&self, mine: I) -> Result<Vec<I::Item>> {
        called(self);
        let given = length(&mine);
        let job = Job::new::<I::Item>(self, "all_gather", Collective::AllGather, None, given);
        job.run_to_vec((&mine, given), given.saturating_mul(self.size()))
    }

    /// [`all_gather`](Comm::all_gather) from and into buffers: values, slices, vectors, or what a layout selects, which is packed
    /// and put into place. `all` is as many times as long as there are ranks.
    ///
    /// # Errors
    /// As [`all_gather`](Comm::all_gather); a buffer of another length.
    ///
    /// ```
    /// use archipelago::prelude::*;
    /// # archipelago::testing::run(3, |world| {
    /// // Every rank's numbers become a column.
    /// let (mine, mut table) = ([world.rank(), 7], [0; 6]);
    /// let column = Layout::vector(2, 1, 3, &Layout::of::<usize>())?;
    /// let columns = Layout::contiguous(3, &Layout::resized(0, 8, &column)?)?;
    /// world.all_gather_into(&mine[..], &mut columns.over_mut(&mut table)?)?;
    /// assert_eq!(table, [0, 1, 2, 7, 7, 7]);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn all_gather_into<I, O>(&self, mine: &I, all: &mut O) -> Result<()>
    where
        I: Buffer + ?Sized,
        O: BufferMut<Item = I::Item> + ?Sized,
    {
        called(self);
        self.prepare().all_gather(Lend(mine), LendMut(all)).perform()
    }

    /// Gives every rank the values of all, of each any number. Costs one more all-gather, of the numbers.
    ///
    /// # Errors
    /// A rank that is gone.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// let all = world.all_gather_v(&vec![world.rank(); world.rank()])?;
    /// assert_eq!((all.values(), all.counts()), (&[1, 2, 2][..], vec![0, 1, 2]));
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn all_gather_v<I: Buffer>(&self, mine: I) -> Result<Parts<I::Item>> {
        called(self);
        let given = length(&mine);
        let exchange = Job::new::<usize>(self, "all_gather_v", Collective::AllGather, None, 1);
        let counts: Vec<usize> = exchange.run_to_vec((&given, 1), self.size())?;
        let (all, what) = (sum_of(&counts), Collective::AllGather);
        let job = Job::new::<I::Item>(self, "all_gather_v", what, None, all / self.size());
        let job = job.gathering_v::<I::Item>(given, None)?.told::<I::Item>(&counts);
        Ok(Parts::new(job.run_to_vec((&mine, given), all)?, &counts))
    }

    /// Gives each rank its part of this rank's values, which are cut into as many equal parts as there are ranks; returns
    /// what all ranks gave this one, in the order of ranks.
    ///
    /// # Errors
    /// Values that can't be divided; a rank that is gone; ranks that give different numbers of values.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// let me = world.rank();
    /// let received = world.all_to_all(&[10 * me, 10 * me + 1, 10 * me + 2])?;
    /// assert_eq!(received, [me, 10 + me, 20 + me]);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn all_to_all<I: Buffer>(&self, values: I) -> Result<Vec<I::Item>> {
        called(self);
        let given = length(&values);
        let job = Job::new::<I::Item>(self, "all_to_all", Collective::AllToAll, None, given / self.size());
        job.divided::<I::Item>("values", given)?.run_to_vec((&values, given), given)
    }

    /// [`all_to_all`](Comm::all_to_all) from and into buffers of the same length, as in
    /// [`all_gather_into`](Comm::all_gather_into).
    ///
    /// # Errors
    /// As [`all_to_all`](Comm::all_to_all); a buffer of another length.
    #[track_caller]
    pub fn all_to_all_into<I, O>(&self, values: &I, received: &mut O) -> Result<()>
    where
        I: Buffer + ?Sized,
        O: BufferMut<Item = I::Item> + ?Sized,
    {
        called(self);
        self.prepare().all_to_all(Lend(values), LendMut(received)).perform()
    }

    /// [`all_to_all`](Comm::all_to_all) with parts of any lengths: state them, then [`run`](AllToAllV::run).
    ///
    /// ```
    /// # archipelago::testing::run(2, |world| {
    /// // Rank 0 gives one value to itself and two to rank 1; rank 1 gives everything to rank 0.
    /// let (values, counts) = if world.rank() == 0 { ([1, 2, 3], [1, 2]) } else { ([7, 8, 9], [3, 0]) };
    /// let received = world.all_to_all_v(&values).counts(&counts).run()?;
    /// let expected: [&[i32]; 2] = if world.rank() == 0 { [&[1], &[7, 8, 9]] } else { [&[2, 3], &[]] };
    /// assert!(received.iter().eq(expected));
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn all_to_all_v<I: Buffer>(&self, values: I) -> AllToAllV<'_, I> {
        AllToAllV { comm: self, values, counts: None, receive_counts: None }
    }
}

/// An all-to-all with parts of any lengths, to be described and [`run`](AllToAllV::run).
#[must_use = "it does nothing until it is run"]
#[derive(Clone, Copy, Debug)]
pub struct AllToAllV<'a, I> {
    comm: &'a Comm,
    values: I,
    counts: Option<&'a [usize]>,
    receive_counts: Option<&'a [usize]>,
}

impl<'a, I: Buffer> AllToAllV<'a, I> {
    /// How many of the values go to each rank; they add up to all. Without this: equal parts.
    pub fn counts(self, counts: &'a [usize]) -> Self {
        AllToAllV { counts: Some(counts), ..self }
    }

    /// How many values come from each rank. Without this, one more all-to-all tells. All ranks state it, or none.
    pub fn receive_counts(self, counts: &'a [usize]) -> Self {
        AllToAllV { receive_counts: Some(counts), ..self }
    }

    /// Performs it.
    ///
    /// # Errors
    /// Counts that are not one for each rank, or don't add up to the values; a rank that is gone.
    #[track_caller]
    pub fn run(self) -> Result<Parts<I::Item>> {
        called(self.comm);
        let AllToAllV { comm, values, counts, receive_counts } = self;
        let (given, ranks) = (length(&values), comm.size());
        let mut job = Job::new::<I::Item>(comm, "all_to_all_v", Collective::AllToAll, None, 0);
        let equal;
        let counts = match counts {
            Some(counts) => counts,
            None => {
                job = job.divided::<I::Item>("values", given)?;
                equal = vec![given / ranks; ranks];
                &equal
            }
        };
        job.check_counts::<I::Item>("counts", counts, Some(given), ranks)?;
        let told;
        let receive_counts = match receive_counts {
            Some(counts) => counts,
            None => {
                let exchange = Job::new::<usize>(comm, "all_to_all_v", Collective::AllToAll, None, 1);
                told = exchange.run_to_vec((counts, ranks), ranks)?;
                &told
            }
        };
        let job = job.exchanging_v::<I::Item>(given, counts, receive_counts)?;
        let received = job.run_to_vec((&values, given), receive_counts.iter().sum())?;
        Ok(Parts::new(received, receive_counts))
    }
}
