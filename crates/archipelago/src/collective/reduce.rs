//! Operations that combine values: all-reduce, scans, reduce-scatter, reduce.

use engine::collective::Collective;
use layout::{Buffer, BufferMut, Lend, LendMut, Operand};

use super::{Job, Root};
use crate::called::called;
use crate::lending::length;
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
        self.combined(verb, Collective::AllReduce, value, operation)
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
        let count = length(buffer);
        let job = self.prepare().job::<B::Item>("all_reduce", Collective::AllReduce, count);
        job.reducing(operation.operator(), false).in_place().run_in_place(buffer, count)
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
        let given = length(values);
        let job = Job::new::<I::Item>(self, "all_reduce_into", Collective::AllReduce, None, given);
        let job = job.reducing(operation.operator(), false);
        job.run_into((values, given), (result, given))
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
        self.combined("scan", Collective::Scan, value, operation)
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
        let result = self.combined("exclusive_scan", Collective::ExclusiveScan, value, operation)?;
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
    pub fn reduce_scatter<I: Buffer>(
        &self,
        values: I,
        operation: impl Operation<I::Item>,
    ) -> Result<Vec<I::Item>> {
        called(self);
        let given = length(&values);
        let (what, count) = (Collective::ReduceScatter, given / self.size());
        let job = Job::new::<I::Item>(self, "reduce_scatter", what, None, count)
            .divided::<I::Item>("values", given)?;
        job.reducing(operation.operator(), false).run_to_vec((&values, given), count)
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
    pub fn reduce_scatter_v<I: Buffer>(
        &self,
        values: I,
        counts: &[usize],
        operation: impl Operation<I::Item>,
    ) -> Result<Vec<I::Item>> {
        called(self);
        let (given, members) = (length(&values), (self.rank(), self.size()));
        let (what, mean) = (Collective::ReduceScatter, given / members.1);
        let job = Job::new::<I::Item>(self, "reduce_scatter_v", what, None, mean);
        let job = job.scattering_reduced::<I::Item>(given, counts, members)?;
        let job = job.reducing(operation.operator(), false);
        job.run_to_vec((&values, given), counts[members.0])
    }

    fn combined<P: Operand>(
        &self,
        verb: &'static str,
        what: Collective,
        value: P,
        operation: impl Operation<P::Item>,
    ) -> Result<P::Result> {
        let count = length(&value);
        let job = Job::new::<P::Item>(self, verb, what, None, count);
        let mut result = job.result_of(value)?;
        job.reducing(operation.operator(), true).in_place().run_in_place(&mut result, count)?;
        Ok(result)
    }
}

impl Job<'_> {
    /// What is contributed, where the result shall be.
    pub(super) fn result_of<P: Operand>(&self, value: P) -> Result<P::Result> {
        let cut = || self.refuse::<P::Item>("what the layout selects is no whole number of values".into());
        value.into_result().ok_or_else(cut)
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
        let (is_root, given) = (self.is_here(), length(&value));
        let job = self.job::<P::Item>("reduce", Collective::Reduce, given)?;
        let job = job.reducing(operation.operator(), is_root);
        if !is_root {
            return job.run_from((&value, given)).map(|()| None);
        }
        let mut result = job.result_of(value)?;
        job.run_in_place(&mut result, given)?;
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
        match self.is_here() {
            true => self.prepare().reduce(Lend(values), LendMut(result), operation).perform(),
            false => self.prepare().reduce(Lend(values), LendMut(&mut [][..]), operation).perform(),
        }
    }
}
