//! The verbs of collectives in place, described only: one buffer holds what a rank contributes, and then what it gets (MPI 5.0 §6.2.2,
//! `MPI_IN_PLACE`).
//!
//! Those that combine, and broadcast, have no other form and stand in `prepare`.

use engine::collective::{Collective, Lengths};
use wire::{ItemsMut, Wire};

use super::Prepared;
use super::buffers::InPlace;
use super::job::Job;
use super::prepare::{Prepare, PrepareRooted, bytes};
use super::root::{check_counts, listed};
use crate::Result;
use crate::operator::Operation;

impl<'c> Prepare<'c> {
    /// As [`all_gather`](Prepare::all_gather), with this rank's values in their place among all.
    pub fn all_gather_in_place<O: ItemsMut>(&self, all: O) -> Prepared<'c, InPlace<O>> {
        let room = all.items().len();
        let count = room / self.comm.size();
        let job = Job::new::<O::Item>(self.comm, "all_gather_in_place", Collective::AllGather, None, count);
        let job = job.in_place();
        let divisible = job.check_divisible::<O::Item>(room);
        job.prepared(self.comm, 0, count * self.comm.size(), InPlace(all)).unless(divisible)
    }

    /// As [`all_gather_v`](Prepare::all_gather_v), with this rank's values in their place among all.
    pub fn all_gather_v_in_place<O: ItemsMut>(&self, all: O, counts: &[usize]) -> Prepared<'c, InPlace<O>> {
        let sum = counts.iter().sum::<usize>();
        let mean = sum / self.comm.size();
        let verb = "all_gather_v_in_place";
        let mut job = Job::new::<O::Item>(self.comm, verb, Collective::AllGather, None, mean).in_place();
        let checked = check_counts(&job, "counts", counts, Some(all.items()));
        job.call.case.listed = true;
        job.call.output = listed::<O::Item>(counts);
        job.prepared(self.comm, 0, sum, InPlace(all)).unless(checked)
    }

    /// As [`all_to_all`](Prepare::all_to_all), in one buffer: what comes from a rank takes the place of what went to it.
    pub fn all_to_all_in_place<O: ItemsMut>(&self, values: O) -> Prepared<'c, InPlace<O>> {
        let given = values.items().len();
        let count = given / self.comm.size();
        let job = Job::new::<O::Item>(self.comm, "all_to_all_in_place", Collective::AllToAll, None, count);
        let job = job.in_place();
        let divisible = job.check_divisible::<O::Item>(given);
        job.prepared(self.comm, 0, given, InPlace(values)).unless(divisible)
    }

    /// As [`all_to_all_v`](Prepare::all_to_all_v), in one buffer: what comes from a rank takes the place of what went to it, and is
    /// as long.
    pub fn all_to_all_v_in_place<O: ItemsMut>(
        &self,
        values: O,
        counts: &[usize],
    ) -> Prepared<'c, InPlace<O>> {
        let given = values.items().len();
        let verb = "all_to_all_v_in_place";
        let mut job = Job::new::<O::Item>(self.comm, verb, Collective::AllToAll, None, 0).in_place();
        let checked = check_counts(&job, "counts", counts, Some(values.items()));
        job.call.case.listed = true;
        job.call.output = listed::<O::Item>(counts);
        job.prepared(self.comm, 0, given, InPlace(values)).unless(checked)
    }

    /// As [`reduce_scatter`](Prepare::reduce_scatter), in one buffer, whose first part holds the result afterwards, and the rest nothing of use.
    pub fn reduce_scatter_in_place<O: ItemsMut>(
        &self,
        values: O,
        operation: impl Operation<O::Item>,
    ) -> Prepared<'c, InPlace<O>> {
        let given = values.items().len();
        let count = given / self.comm.size();
        let what = Collective::ReduceScatter;
        let job = Job::new::<O::Item>(self.comm, "reduce_scatter_in_place", what, None, count);
        let job = job.reducing(operation.operator(), false).in_place();
        let divisible = job.check_divisible::<O::Item>(given);
        job.prepared(self.comm, 0, given, InPlace(values)).unless(divisible)
    }

    /// As [`reduce_scatter_v`](Prepare::reduce_scatter_v), in one buffer, whose first part holds the result afterwards, and the
    /// rest nothing of use.
    pub fn reduce_scatter_v_in_place<O: ItemsMut>(
        &self,
        values: O,
        counts: &[usize],
        operation: impl Operation<O::Item>,
    ) -> Prepared<'c, InPlace<O>> {
        let given = values.items().len();
        let (job, checked) = Job::reduce_scatter_v(self.comm, values.items(), counts);
        let mut job = job.reducing(operation.operator(), false).in_place();
        job.call.output = std::mem::replace(&mut job.call.input, Lengths::Alike);
        job.prepared(self.comm, 0, given, InPlace(values)).unless(checked)
    }
}

/// The root's buffer is as [`Prepare`]'s are; the others' holds what they give, or gets what comes to them.
impl<'c> PrepareRooted<'c> {
    /// As [`gather`](PrepareRooted::gather). The root's buffer has its values in their place among all; the others' has theirs, and
    /// is left as it is.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// let mut values = if world.rank() == 2 { vec![0, 0, 2] } else { vec![world.rank()] };
    /// world.root(2).prepare().gather_in_place(&mut values).run()?;
    /// assert_eq!(values, if world.rank() == 2 { vec![0, 1, 2] } else { vec![world.rank()] });
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn gather_in_place<O: ItemsMut>(&self, values: O) -> Prepared<'c, InPlace<O>> {
        let given = values.items().len();
        let count = if self.root.is_here() { given / self.root.comm.size() } else { given };
        let job = self.root.job::<O::Item>("gather_in_place", Collective::Gather, count);
        let job = job.and_then(|job| self.at_root(job.divided::<O::Item>(given, self.root.is_here())?));
        self.described(job, InPlace(values), 0, given)
    }

    /// As [`gather_v`](PrepareRooted::gather_v), with buffers as in [`gather_in_place`](PrepareRooted::gather_in_place).
    /// `counts` is empty but at the root.
    pub fn gather_v_in_place<O: ItemsMut>(&self, values: O, counts: &[usize]) -> Prepared<'c, InPlace<O>> {
        let given = values.items().len();
        let job = self.root.job::<O::Item>("gather_v_in_place", Collective::Gather, 0).and_then(|mut job| {
            job.call.case.listed = true;
            if self.root.is_here() {
                check_counts(&job, "counts", counts, Some(values.items()))?;
                job.call.output = listed::<O::Item>(counts);
            } else {
                job.call.input = Lengths::Bytes((given * bytes::<O>()) as u64);
            }
            self.at_root(job)
        });
        self.described(job, InPlace(values), 0, given)
    }

    /// As [`scatter`](PrepareRooted::scatter). The root's buffer has the values for all and is left as it is; the others' get theirs.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// let mut values = if world.rank() == 0 { vec![10, 11, 12] } else { vec![0] };
    /// world.root(0).prepare().scatter_in_place(&mut values).run()?;
    /// assert_eq!(values[0], 10 + world.rank());
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn scatter_in_place<O: ItemsMut>(&self, values: O) -> Prepared<'c, InPlace<O>> {
        let given = values.items().len();
        let count = if self.root.is_here() { given / self.root.comm.size() } else { given };
        let job = self.root.job::<O::Item>("scatter_in_place", Collective::Scatter, count);
        let job = job.and_then(|job| self.at_root(job.divided::<O::Item>(given, self.root.is_here())?));
        self.described(job, InPlace(values), 0, given)
    }

    /// As [`scatter_v`](PrepareRooted::scatter_v), with buffers as in [`scatter_in_place`](PrepareRooted::scatter_in_place).
    /// `counts` is empty but at the root.
    pub fn scatter_v_in_place<O: ItemsMut>(&self, values: O, counts: &[usize]) -> Prepared<'c, InPlace<O>> {
        let given = values.items().len();
        let job =
            self.root.job::<O::Item>("scatter_v_in_place", Collective::Scatter, 0).and_then(|mut job| {
                job.call.case.listed = true;
                if self.root.is_here() {
                    check_counts(&job, "counts", counts, Some(values.items()))?;
                    job.call.input = listed::<O::Item>(counts);
                } else {
                    job.call.output = Lengths::Bytes((given * bytes::<O>()) as u64);
                }
                self.at_root(job)
            });
        self.described(job, InPlace(values), 0, given)
    }

    /// As [`reduce`](PrepareRooted::reduce). The root's buffer gets the result; the others' is left as it is.
    ///
    /// ```
    /// use archipelago::prelude::*;
    /// # archipelago::testing::run(3, |world| {
    /// let mut values = vec![world.rank(); 2];
    /// world.root(1).prepare().reduce_in_place(&mut values, Sum).run()?;
    /// assert_eq!(values, if world.rank() == 1 { [3; 2] } else { [world.rank(); 2] });
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn reduce_in_place<O: ItemsMut>(
        &self,
        values: O,
        operation: impl Operation<O::Item>,
    ) -> Prepared<'c, InPlace<O>> {
        let count = values.items().len();
        let job = self.root.job::<O::Item>("reduce_in_place", Collective::Reduce, count);
        let job = job.and_then(|job| self.at_root(job.reducing(operation.operator(), false)));
        self.described(job, InPlace(values), 0, count)
    }

    /// In place at the root; at the others (of a scatter at the root) the buffer is what is given.
    fn at_root(&self, mut job: Job<'c>) -> Result<Job<'c>> {
        let (here, scatters) = (self.root.is_here(), job.call.case.collective == Collective::Scatter);
        job.call.in_place = here;
        Ok(if here == scatters { job.giving_the_output() } else { job })
    }
}

impl Job<'_> {
    /// The job, unless values that count can't be divided among the ranks.
    fn divided<T: Wire>(self, given: usize, counts: bool) -> Result<Self> {
        if counts {
            self.check_divisible::<T>(given)?;
        }
        Ok(self)
    }
}
