//! Operations that combine values: all-reduce, scans, reduce-scatter, reduce.

use engine::collective::{Collective, Lengths};
use layout::{Buffer, BufferMut};
use wire::{ItemsMut, Operand, Wire};

use super::every::check_room;
use super::laid_out::{Taken, given};
use super::root::{check_counts, listed};
use super::{Job, Root};
use crate::called::called;
use crate::operator::Operation;
use crate::{Comm, Result};

impl Comm {
    /// Combines the values of all ranks; every rank gets the result. A value gives a value; a slice or a vector is combined
    /// element by element and gives a vector; all ranks give the same number.
    ///
    /// # Errors
    /// A rank that is gone; ranks that give different numbers of values.
    ///
    /// ```
    /// use archipelago::prelude::*;
    /// # archipelago::testing::run(4, |world| {
    /// assert_eq!(world.all_reduce(world.rank(), Sum)?, 6);
    /// assert_eq!(world.all_reduce(&[1.0, world.rank() as f64][..], Max)?, [1.0, 3.0]);
    /// let here = Located { value: -(world.rank() as f64), location: world.rank() };
    /// assert_eq!(world.all_reduce(here, MinLocation)?.location, 3);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn all_reduce<P: Operand>(&self, value: P, operation: impl Operation<P::Item>) -> Result<P::Result> {
        called(self);
        self.reduce_for("all_reduce", value, operation)
    }

    /// An all-reduce that a verb of this name makes of its own.
    pub(crate) fn reduce_for<P: Operand>(
        &self,
        verb: &'static str,
        value: P,
        operation: impl Operation<P::Item>,
    ) -> Result<P::Result> {
        let mut result = value.into_result();
        self.reduce_in_place(verb, Collective::AllReduce, result.items_mut(), operation)?;
        Ok(result)
    }

    /// [`all_reduce`](Comm::all_reduce) in place: the buffer (a value, a slice, a vector, or what a layout selects, which is packed
    /// and put back) holds what this rank gives, and then the result.
    ///
    /// # Errors
    /// As [`all_reduce`](Comm::all_reduce).
    #[track_caller]
    pub fn all_reduce_in_place<B: BufferMut + ?Sized>(
        &self,
        buffer: &mut B,
        operation: impl Operation<B::Item>,
    ) -> Result<()> {
        called(self);
        let verb = "all_reduce_in_place";
        let mut buffer = Taken::of(self, verb, buffer)?;
        self.reduce_in_place(verb, Collective::AllReduce, buffer.items(), operation)?;
        buffer.land();
        Ok(())
    }

    /// [`all_reduce`](Comm::all_reduce) from and into buffers of the same length.
    ///
    /// # Errors
    /// As [`all_reduce`](Comm::all_reduce); a buffer of another length.
    ///
    /// ```
    /// use archipelago::prelude::*;
    /// # archipelago::testing::run(3, |world| {
    /// let (matrix, mut sums) = ([world.rank() as f64; 6], [0.0; 2]);
    /// let column = Layout::vector(2, 1, 3, &Layout::of::<f64>())?;
    /// world.all_reduce_into(&column.over(&matrix)?, &mut sums[..], Sum)?;
    /// assert_eq!(sums, [3.0; 2]);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn all_reduce_into<I, O>(
        &self,
        values: &I,
        result: &mut O,
        operation: impl Operation<I::Item>,
    ) -> Result<()>
    where
        I: Buffer + ?Sized,
        O: BufferMut<Item = I::Item> + ?Sized,
    {
        called(self);
        let verb = "all_reduce_into";
        let (values, mut result) = (given(self, verb, values)?, Taken::of(self, verb, result)?);
        let job = Job::new::<I::Item>(self, verb, Collective::AllReduce, None, values.len());
        check_room(&job, values.len(), result.items())?;
        job.reducing(operation.operator(), false).run(&values, result.items())?;
        result.land();
        Ok(())
    }

    /// Combines the values of the ranks from 0 to this one, in the order of ranks. Values, slices and vectors as in
    /// [`all_reduce`](Comm::all_reduce).
    ///
    /// # Errors
    /// As [`all_reduce`](Comm::all_reduce).
    ///
    /// ```
    /// use archipelago::prelude::*;
    /// # archipelago::testing::run(4, |world| {
    /// let before_and_me = world.scan(1, Sum)?;
    /// assert_eq!(before_and_me, world.rank() + 1);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn scan<P: Operand>(&self, value: P, operation: impl Operation<P::Item>) -> Result<P::Result> {
        called(self);
        let mut result = value.into_result();
        self.reduce_in_place("scan", Collective::Scan, result.items_mut(), operation)?;
        Ok(result)
    }

    /// Combines the values of the ranks before this one, in the order of ranks; rank 0, before which there is none, gets
    /// `None`. Values, slices and vectors as in [`all_reduce`](Comm::all_reduce).
    ///
    /// # Errors
    /// As [`all_reduce`](Comm::all_reduce).
    ///
    /// ```
    /// use archipelago::prelude::*;
    /// # archipelago::testing::run(4, |world| {
    /// // Where this rank's lines begin when every rank writes some.
    /// let lines = world.rank() + 1;
    /// let before = world.exclusive_scan(lines, Sum)?.unwrap_or(0);
    /// assert_eq!(before, [0, 1, 3, 6][world.rank()]);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn exclusive_scan<P: Operand>(
        &self,
        value: P,
        operation: impl Operation<P::Item>,
    ) -> Result<Option<P::Result>> {
        called(self);
        let mut result = value.into_result();
        self.reduce_in_place("exclusive_scan", Collective::ExclusiveScan, result.items_mut(), operation)?;
        Ok((self.rank() > 0).then_some(result))
    }

    /// Combines the values of all ranks, element by element, and gives each rank one of as many equal parts of the result as
    /// there are ranks.
    ///
    /// Costs at least ⌈log2 n⌉ messages a rank, or one look at a shared board on one host; every rank combines about as many
    /// values as it gives.
    ///
    /// # Errors
    /// Values that can't be divided; a rank that is gone; ranks that give different numbers of values.
    ///
    /// ```
    /// use archipelago::prelude::*;
    /// # archipelago::testing::run(3, |world| {
    /// let mine = world.reduce_scatter(&[1, 2, 3, 4, 5, world.rank()], Sum)?;
    /// assert_eq!(mine, [[3, 6], [9, 12], [15, 3]][world.rank()]);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn reduce_scatter<T: Wire>(&self, values: &[T], operation: impl Operation<T>) -> Result<Vec<T>> {
        called(self);
        let count = values.len() / self.size();
        let job = Job::new::<T>(self, "reduce_scatter", Collective::ReduceScatter, None, count);
        job.check_divisible::<T>(values.len())?;
        job.reducing(operation.operator(), false).run_to_vec(values, count)
    }

    /// [`reduce_scatter`](Comm::reduce_scatter) with parts of any lengths: rank r gets `counts[r]` values. All ranks state the
    /// same.
    ///
    /// # Errors
    /// Counts that are not one for each rank, or don't add up to the values; a rank that is gone.
    ///
    /// ```
    /// use archipelago::prelude::*;
    /// # archipelago::testing::run(3, |world| {
    /// let mine = world.reduce_scatter_v(&[1, 2, 3], &[2, 0, 1], Max)?;
    /// assert_eq!(mine, [&[1, 2][..], &[], &[3]][world.rank()]);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn reduce_scatter_v<T: Wire>(
        &self,
        values: &[T],
        counts: &[usize],
        operation: impl Operation<T>,
    ) -> Result<Vec<T>> {
        called(self);
        let (job, checked) = Job::reduce_scatter_v(self, values, counts);
        checked?;
        job.reducing(operation.operator(), false).run_to_vec(values, counts[self.rank()])
    }

    fn reduce_in_place<T: Wire>(
        &self,
        verb: &'static str,
        what: Collective,
        items: &mut [T],
        operation: impl Operation<T>,
    ) -> Result<()> {
        let job = Job::new::<T>(self, verb, what, None, items.len());
        job.reducing(operation.operator(), true).in_place().run(&[], items)
    }
}

impl<'c> Job<'c> {
    /// A reduce-scatter with parts of these lengths, and what is wrong with them.
    pub(super) fn reduce_scatter_v<T: Wire>(
        comm: &'c Comm,
        values: &[T],
        counts: &[usize],
    ) -> (Job<'c>, Result<()>) {
        let mean = values.len() / comm.size();
        let mut job = Job::new::<T>(comm, "reduce_scatter_v", Collective::ReduceScatter, None, mean);
        let checked = check_counts(&job, "counts", counts, Some(values));
        let own = counts.get(comm.rank()).copied().unwrap_or(0);
        job.call.case.listed = true;
        job.call.input = listed::<T>(counts);
        job.call.output = Lengths::Bytes((own * T::BYTES) as u64);
        (job, checked)
    }
}

impl Root<'_> {
    /// Combines the values of all ranks, in the order of ranks; the root gets the result, the others `None`. Values, slices
    /// and vectors as in [`Comm::all_reduce`].
    ///
    /// # Errors
    /// A root that can't be; a rank that is gone; ranks that give different numbers of values.
    ///
    /// ```
    /// use archipelago::prelude::*;
    /// # archipelago::testing::run(4, |world| {
    /// let product = world.root(1).reduce(world.rank() as u64 + 1, Product)?;
    /// assert_eq!(product, (world.rank() == 1).then_some(24));
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn reduce<P: Operand>(
        &self,
        value: P,
        operation: impl Operation<P::Item>,
    ) -> Result<Option<P::Result>> {
        called(self.comm);
        let is_root = self.is_here();
        let job = self.job::<P::Item>("reduce", Collective::Reduce, value.items().len())?;
        let job = job.reducing(operation.operator(), is_root);
        if !is_root {
            return job.run(value.items(), &mut []).map(|()| None);
        }
        let mut result = value.into_result();
        job.run(&[], result.items_mut())?;
        Ok(Some(result))
    }

    /// [`reduce`](Root::reduce) from and into buffers of the same length, as in [`Comm::all_reduce_into`]; `result` is looked at in
    /// the root alone.
    ///
    /// # Errors
    /// As [`reduce`](Root::reduce); a buffer of another length.
    #[track_caller]
    pub fn reduce_into<I, O>(
        &self,
        values: &I,
        result: &mut O,
        operation: impl Operation<I::Item>,
    ) -> Result<()>
    where
        I: Buffer + ?Sized,
        O: BufferMut<Item = I::Item> + ?Sized,
    {
        called(self.comm);
        let values = given(self.comm, "reduce_into", values)?;
        let job = self.job::<I::Item>("reduce_into", Collective::Reduce, values.len())?;
        let job = job.reducing(operation.operator(), false);
        if !self.is_here() {
            return job.run(&values, &mut []);
        }
        let mut result = Taken::of(self.comm, "reduce_into", result)?;
        check_room(&job, values.len(), result.items())?;
        job.run(&values, result.items())?;
        result.land();
        Ok(())
    }
}
