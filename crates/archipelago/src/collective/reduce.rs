//! Operations that combine values: all-reduce, scan, reduce.

use engine::collective::Collective;
use wire::{ItemsMut, Operand, Wire};

use super::{Job, Root};
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
    pub fn all_reduce<P: Operand>(&self, value: P, operation: impl Operation<P::Item>) -> Result<P::Result> {
        let mut result = value.into_result();
        self.reduce_in_place("all_reduce", Collective::AllReduce, result.items_mut(), operation)?;
        Ok(result)
    }

    /// [`all_reduce`](Comm::all_reduce) in place: the buffer holds what this rank gives, and then the result.
    ///
    /// # Errors
    /// As [`all_reduce`](Comm::all_reduce).
    pub fn all_reduce_into<B: ItemsMut + ?Sized>(
        &self,
        buffer: &mut B,
        operation: impl Operation<B::Item>,
    ) -> Result<()> {
        self.reduce_in_place("all_reduce_into", Collective::AllReduce, buffer.items_mut(), operation)
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
    pub fn scan<P: Operand>(&self, value: P, operation: impl Operation<P::Item>) -> Result<P::Result> {
        let mut result = value.into_result();
        self.reduce_in_place("scan", Collective::Scan, result.items_mut(), operation)?;
        Ok(result)
    }

    fn reduce_in_place<T: Wire>(
        &self,
        verb: &'static str,
        what: Collective,
        items: &mut [T],
        operation: impl Operation<T>,
    ) -> Result<()> {
        let mut job = Job::new::<T>(self, verb, what, None, items.len()).reducing(operation.operator(), true);
        job.call.case.in_place = true;
        job.run(&[], items)
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
    pub fn reduce<P: Operand>(
        &self,
        value: P,
        operation: impl Operation<P::Item>,
    ) -> Result<Option<P::Result>> {
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
}
