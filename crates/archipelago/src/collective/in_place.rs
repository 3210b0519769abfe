//! The verbs of collectives in place, described only: one buffer holds what a rank contributes, and then what it gets (MPI 5.0 §6.2.2,
//! `MPI_IN_PLACE`).
//!
//! Those that combine, and broadcast, have no other form and stand in `prepare`.

use engine::collective::{Collective, Lengths};
use layout::BufferMut;

use super::Prepared;
use super::buffers::InPlace;
use super::job::Job;
use super::prepare::{Prepare, PrepareRooted};
use super::vectors::{bytes_of, listed};
use crate::Result;
use crate::lending::length;
use crate::operator::Operation;

impl<'c> Prepare<'c> {
    /// As [`all_gather`](Prepare::all_gather), with this rank's values in their place among all.
    pub fn all_gather_in_place<O: BufferMut>(&self, all: O) -> Prepared<'c, InPlace<O>> {
        let (room, ranks) = (length(&all), self.comm.size());
        let job = self.job::<O::Item>("all_gather_in_place", Collective::AllGather, room / ranks);
        let job = job.in_place().divided::<O::Item>("all", room);
        Prepared::of(self.comm, job, (0, room), InPlace(all))
    }

    /// As [`all_gather_v`](Prepare::all_gather_v), with this rank's values in their place among all.
    pub fn all_gather_v_in_place<O: BufferMut>(&self, all: O, counts: &[usize]) -> Prepared<'c, InPlace<O>> {
        self.listed_in_place("all_gather_v_in_place", Collective::AllGather, all, counts)
    }

    /// As [`all_to_all`](Prepare::all_to_all), in one buffer: what comes from a rank takes the place of what went to it.
    pub fn all_to_all_in_place<O: BufferMut>(&self, values: O) -> Prepared<'c, InPlace<O>> {
        let (given, ranks) = (length(&values), self.comm.size());
        let job = self.job::<O::Item>("all_to_all_in_place", Collective::AllToAll, given / ranks);
        let job = job.in_place().divided::<O::Item>("values", given);
        Prepared::of(self.comm, job, (0, given), InPlace(values))
    }

    /// As [`all_to_all_v`](Prepare::all_to_all_v), in one buffer: what comes from a rank takes the place of what went to it, and is
    /// as long.
    pub fn all_to_all_v_in_place<O: BufferMut>(
        &self,
        values: O,
        counts: &[usize],
    ) -> Prepared<'c, InPlace<O>> {
        self.listed_in_place("all_to_all_v_in_place", Collective::AllToAll, values, counts)
    }

    fn listed_in_place<O: BufferMut>(
        &self,
        verb: &'static str,
        what: Collective,
        values: O,
        counts: &[usize],
    ) -> Prepared<'c, InPlace<O>> {
        let (given, ranks) = (length(&values), self.comm.size());
        // What is exchanged has no size that all know.
        let mean = if what == Collective::AllGather { given / ranks } else { 0 };
        let mut job = self.job::<O::Item>(verb, what, mean).in_place();
        job.call.case.listed = true;
        job.call.output = listed::<O::Item>(counts);
        let checked = job.check_counts::<O::Item>("counts", counts, Some(given), ranks);
        Prepared::of(self.comm, checked.map(|()| job), (0, given), InPlace(values))
    }

    /// As [`reduce_scatter`](Prepare::reduce_scatter), in one buffer, whose first part holds the result afterwards, and the rest nothing of use.
    pub fn reduce_scatter_in_place<O: BufferMut>(
        &self,
        values: O,
        operation: impl Operation<O::Item>,
    ) -> Prepared<'c, InPlace<O>> {
        let (given, ranks) = (length(&values), self.comm.size());
        let what = Collective::ReduceScatter;
        let job = self.job::<O::Item>("reduce_scatter_in_place", what, given / ranks);
        let job = job.reducing(operation.operator(), false).in_place().divided::<O::Item>("values", given);
        Prepared::of(self.comm, job, (0, given), InPlace(values))
    }

    /// As [`reduce_scatter_v`](Prepare::reduce_scatter_v), in one buffer, whose first part holds the result afterwards, and the
    /// rest nothing of use.
    pub fn reduce_scatter_v_in_place<O: BufferMut>(
        &self,
        values: O,
        counts: &[usize],
        operation: impl Operation<O::Item>,
    ) -> Prepared<'c, InPlace<O>> {
        let (given, members) = (length(&values), (self.comm.rank(), self.comm.size()));
        let (verb, what) = ("reduce_scatter_v_in_place", Collective::ReduceScatter);
        let job = self.job::<O::Item>(verb, what, given / members.1);
        let job = job.reducing(operation.operator(), false).in_place();
        let job = job.scattering_reduced::<O::Item>(given, counts, members).map(|mut job| {
            job.call.output = std::mem::replace(&mut job.call.input, Lengths::Alike);
            job
        });
        Prepared::of(self.comm, job, (0, given), InPlace(values))
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
    pub fn gather_in_place<O: BufferMut>(&self, values: O) -> Prepared<'c, InPlace<O>> {
        self.divided_in_place("gather_in_place", Collective::Gather, values)
    }

    /// As [`gather_v`](PrepareRooted::gather_v), with buffers as in [`gather_in_place`](PrepareRooted::gather_in_place).
    /// `counts` is empty but at the root.
    pub fn gather_v_in_place<O: BufferMut>(&self, values: O, counts: &[usize]) -> Prepared<'c, InPlace<O>> {
        let given = length(&values);
        let job = self.root.job::<O::Item>("gather_v_in_place", Collective::Gather, 0).and_then(|mut job| {
            job.call.case.listed = true;
            if self.root.is_here() {
                job.check_counts::<O::Item>("counts", counts, Some(given), self.root.comm.size())?;
                job.call.output = listed::<O::Item>(counts);
            } else {
                job.call.input = bytes_of::<O::Item>(given);
            }
            self.at_root(job)
        });
        Prepared::of(self.root.comm, job, (0, given), InPlace(values))
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
    pub fn scatter_in_place<O: BufferMut>(&self, values: O) -> Prepared<'c, InPlace<O>> {
        self.divided_in_place("scatter_in_place", Collective::Scatter, values)
    }

    /// As [`scatter_v`](PrepareRooted::scatter_v), with buffers as in [`scatter_in_place`](PrepareRooted::scatter_in_place).
    /// `counts` is empty but at the root.
    pub fn scatter_v_in_place<O: BufferMut>(&self, values: O, counts: &[usize]) -> Prepared<'c, InPlace<O>> {
        let given = length(&values);
        let counts = self.root.is_here().then_some((counts, given));
        let job = self.root.job::<O::Item>("scatter_v_in_place", Collective::Scatter, 0);
        let job = job.and_then(|job| job.scattering_v::<O::Item>(given, counts)).and_then(|mut job| {
            if counts.is_some() {
                job.call.output = Lengths::Alike;
            }
            self.at_root(job)
        });
        Prepared::of(self.root.comm, job, (0, given), InPlace(values))
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
    pub fn reduce_in_place<O: BufferMut>(
        &self,
        values: O,
        operation: impl Operation<O::Item>,
    ) -> Prepared<'c, InPlace<O>> {
        let count = length(&values);
        let job = self.root.job::<O::Item>("reduce_in_place", Collective::Reduce, count);
        let job = job.and_then(|job| self.at_root(job.reducing(operation.operator(), false)));
        Prepared::of(self.root.comm, job, (0, count), InPlace(values))
    }

    fn divided_in_place<O: BufferMut>(
        &self,
        verb: &'static str,
        what: Collective,
        values: O,
    ) -> Prepared<'c, InPlace<O>> {
        let (given, here) = (length(&values), self.root.is_here());
        let count = if here { given / self.root.comm.size() } else { given };
        let job = self.root.job::<O::Item>(verb, what, count);
        let job = job.and_then(|job| if here { job.divided::<O::Item>("values", given) } else { Ok(job) });
        let job = job.and_then(|job| self.at_root(job));
        Prepared::of(self.root.comm, job, (0, given), InPlace(values))
    }

    /// In place at the root; at the others (of a scatter at the root) the buffer is what is given.
    fn at_root(&self, mut job: Job<'c>) -> Result<Job<'c>> {
        let (here, scatters) = (self.root.is_here(), job.call.case.collective == Collective::Scatter);
        job.call.in_place = here;
        Ok(if here == scatters { job.giving_the_output() } else { job })
    }
}
