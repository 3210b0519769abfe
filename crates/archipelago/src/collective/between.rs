//! Collectives between the two sides of an inter-communicator, described for all forms.

use engine::collective::Collective;
use layout::{Buffer, BufferMut, Operand};
use runtime::inter::Root;
use wire::{Items, Wire};

use super::vectors::{bytes_of, listed, sum_of};
use super::{Apart, InPlace, Job, Prepared};
use crate::error::Peer;
use crate::lending::length;
use crate::operator::Operation;
use crate::{InterComm, Result};

/// What is to be described on an inter-communicator. Made by [`InterComm::prepare`].
#[derive(Clone, Copy, Debug)]
pub struct PrepareInter<'c> {
    pub(super) inter: &'c InterComm,
}

impl InterComm {
    /// Describes a collective that is then run, started in a scope, owned or made persistent. Each side gets what the other
    /// gives; buffers that a rank has no use for (of a rank beside the root, or the root's in the place of what it doesn't
    /// contribute) are left as they are and may be empty.
    ///
    /// ```
    /// use archipelago::InterRoot;
    /// use archipelago::prelude::*;
    /// # archipelago::testing::run(3, |world| {
    /// let is_low = world.rank() < 1;
    /// let side = world.split(Some(is_low as u32), 0)?.expect("it gave a colour");
    /// let bridge = (side.rank() == 0).then_some((&world, if is_low { 1 } else { 0 }));
    /// let inter = side.inter_communicator(0, bridge, 0)?;
    /// // Owned; the other side has one rank or two.
    /// let theirs = vec![0; inter.remote_size()];
    /// let (_, theirs) = inter.prepare().all_gather(vec![world.rank()], theirs).owned().wait()?;
    /// assert_eq!(theirs, if is_low { vec![1, 2] } else { vec![0] });
    /// // Persistent, with parts of any lengths: rank 2 gives two.
    /// let counts = if is_low { vec![1, 2] } else { vec![0] };
    /// let mine = vec![world.rank(); world.rank()];
    /// let all = vec![0; counts.iter().sum()];
    /// let mut step = inter.prepare().all_gather_v(mine, all, &counts).persistent()?;
    /// for _ in 0..2 {
    ///     step.start()?;
    ///     assert_eq!(step.wait()?.1, if is_low { &[1, 2, 2][..] } else { &[] });
    /// }
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn prepare(&self) -> PrepareInter<'_> {
        PrepareInter { inter: self }
    }
}

impl<'c> PrepareInter<'c> {
    pub(super) fn job<T: Wire>(&self, verb: &'static str, what: Collective, count: usize) -> Job<'c> {
        let mut job = Job::new::<T>(self.inter.union(), verb, what, None, count);
        job.call.case.sides = self.inter.untyped().case(what, 0, 1).sides;
        job
    }

    fn rooted<T: Wire>(
        &self,
        verb: &'static str,
        what: Collective,
        root: Root,
        count: usize,
    ) -> Result<Job<'c>> {
        let mut job = self.job::<T>(verb, what, count);
        let found = self.inter.untyped().root(root);
        let found = found.map_err(|error| job.spot.explain::<T>(&self.inter.union().untyped, error))?;
        (job.call.root, job.spot.peer) = (found as u32, Peer::Root(found));
        Ok(job)
    }

    fn of<B>(&self, job: Result<Job<'c>>, given: usize, room: usize, buffers: B) -> Prepared<'c, B> {
        Prepared::of(self.inter.union(), job, (given, room), buffers)
    }

    /// Returns when all ranks of both sides have called it.
    pub fn barrier(&self) -> Prepared<'c, InPlace<&'static mut [u8]>> {
        self.of(Ok(self.job::<u8>("barrier", Collective::Barrier, 0)), 0, 0, InPlace(&mut []))
    }

    /// As [`InterComm::broadcast`].
    pub fn broadcast<O: BufferMut>(&self, root: Root, buffer: O) -> Prepared<'c, InPlace<O>> {
        let count = length(&buffer);
        let job = self.rooted::<O::Item>("broadcast", Collective::Broadcast, root, count);
        self.of(job, 0, count, InPlace(buffer))
    }

    /// As [`InterComm::gather_into`].
    pub fn gather<I, O>(&self, root: Root, mine: I, all: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let (given, room, here) = (length(&mine), length(&all), root == Root::Here);
        let count = if here { room / self.inter.remote_size() } else { given };
        let job = self.rooted::<I::Item>("gather", Collective::Gather, root, count);
        let job = job.and_then(|job| if here { job.divided::<I::Item>("all", room) } else { Ok(job) });
        self.of(job, given, room, Apart(mine, all))
    }

    /// The same of any number of values from each rank, which the root states in the order of ranks.
    pub fn gather_v<I, O>(&self, root: Root, mine: I, all: O, counts: &[usize]) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let (given, counts) = (length(&mine), (root == Root::Here).then_some(counts));
        let room = counts.map_or_else(|| length(&all), sum_of);
        let job = self.rooted::<I::Item>("gather_v", Collective::Gather, root, 0);
        let job = job.and_then(|job| job.gathering_v::<I::Item>(given, counts));
        self.of(job, given, room, Apart(mine, all))
    }

    /// As [`InterComm::scatter_into`].
    pub fn scatter<I, O>(&self, root: Root, all: I, mine: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let (given, room, here) = (length(&all), length(&mine), root == Root::Here);
        let count = if here { given / self.inter.remote_size() } else { room };
        let job = self.rooted::<I::Item>("scatter", Collective::Scatter, root, count);
        let job = job.and_then(|job| if here { job.divided::<I::Item>("all", given) } else { Ok(job) });
        self.of(job, given, room, Apart(all, mine))
    }

    /// The same of any number of values for each rank, which the root states in the order of ranks.
    pub fn scatter_v<I, O>(&self, root: Root, all: I, counts: &[usize], mine: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let (given, room) = (length(&all), length(&mine));
        let counts = (root == Root::Here).then_some((counts, given));
        let job = self.rooted::<I::Item>("scatter_v", Collective::Scatter, root, 0);
        let job = job.and_then(|job| job.scattering_v::<I::Item>(room, counts));
        self.of(job, given, room, Apart(all, mine))
    }

    /// As [`InterComm::all_gather_into`].
    pub fn all_gather<I, O>(&self, mine: I, theirs: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let (given, room) = (length(&mine), length(&theirs));
        let count = room / self.inter.remote_size();
        let mut job = self.job::<I::Item>("all_gather", Collective::AllGather, count);
        job.call.input = bytes_of::<I::Item>(given);
        self.of(job.divided::<I::Item>("theirs", room), given, room, Apart(mine, theirs))
    }

    /// The same of any number of values from each rank of the other side; all on this side know how many.
    pub fn all_gather_v<I, O>(&self, mine: I, theirs: O, counts: &[usize]) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let given = length(&mine);
        let job = self.job::<I::Item>("all_gather_v", Collective::AllGather, 0);
        let job = job.gathering_v::<I::Item>(given, Some(counts));
        self.of(job, given, sum_of(counts), Apart(mine, theirs))
    }

    /// As [`InterComm::all_to_all_into`].
    pub fn all_to_all<I, O>(&self, mine: I, theirs: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let (given, room, ranks) = (length(&mine), length(&theirs), self.inter.remote_size());
        let mut job = self.job::<I::Item>("all_to_all", Collective::AllToAll, room / ranks);
        job.call.input = listed::<I::Item>(&vec![given / ranks; ranks]);
        let job =
            job.divided::<I::Item>("mine", given).and_then(|job| job.divided::<I::Item>("theirs", room));
        self.of(job, given, room, Apart(mine, theirs))
    }

    /// The same with parts of any lengths to and from each rank of the other side.
    pub fn all_to_all_v<I, O>(
        &self,
        values: I,
        counts: &[usize],
        received: O,
        receive_counts: &[usize],
    ) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let given = length(&values);
        let job = self.job::<I::Item>("all_to_all_v", Collective::AllToAll, 0);
        let job = job.exchanging_v::<I::Item>(given, counts, receive_counts);
        self.of(job, given, sum_of(receive_counts), Apart(values, received))
    }

    /// As [`InterComm::reduce_into`].
    pub fn reduce<I, O>(
        &self,
        root: Root,
        mine: I,
        result: O,
        operation: impl Operation<I::Item>,
    ) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let (given, room) = (length(&mine), length(&result));
        let count = if root == Root::Here { room } else { given };
        let job = self.rooted::<I::Item>("reduce", Collective::Reduce, root, count);
        let job = job.map(|job| job.reducing(operation.operator(), false));
        self.of(job, given, room, Apart(mine, result))
    }

    /// As [`InterComm::all_reduce`], with a buffer for what comes.
    pub fn all_reduce<I, O>(
        &self,
        mine: I,
        result: O,
        operation: impl Operation<I::Item>,
    ) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let count = length(&mine);
        let job = self.job::<I::Item>("all_reduce", Collective::AllReduce, count);
        self.of(Ok(job.reducing(operation.operator(), false)), count, count, Apart(mine, result))
    }

    /// [`InterComm::all_reduce`]: the result takes the place of what is contributed.
    pub(crate) fn all_reduced<P: Operand>(
        &self,
        mine: P,
        operation: impl Operation<P::Item>,
    ) -> Result<P::Result> {
        let count = length(&mine);
        let job = self.job::<P::Item>("all_reduce", Collective::AllReduce, count);
        let mut result = job.result_of(mine)?;
        let mine = result.items().to_vec();
        job.reducing(operation.operator(), false).run_into((&mine, count), (&mut result, count))?;
        Ok(result)
    }

    /// As [`InterComm::reduce_scatter_into`].
    pub fn reduce_scatter<I, O>(
        &self,
        mine: I,
        part: O,
        operation: impl Operation<I::Item>,
    ) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let count = length(&part);
        let job = self.job::<I::Item>("reduce_scatter", Collective::ReduceScatter, count);
        let job = job.reducing(operation.operator(), false);
        self.of(Ok(job), count * self.inter.size(), count, Apart(mine, part))
    }

    /// The same with parts of any lengths: that of rank r of this side has `counts[r]` values. Both sides give the same number of
    /// values, and each cuts the other's in its own way.
    ///
    /// ```
    /// use archipelago::prelude::*;
    /// # archipelago::testing::run(3, |world| {
    /// let is_low = world.rank() < 1;
    /// let side = world.split(Some(is_low as u32), 0)?.expect("it gave a colour");
    /// let bridge = (side.rank() == 0).then_some((&world, if is_low { 1 } else { 0 }));
    /// let inter = side.inter_communicator(0, bridge, 0)?;
    /// let (mine, counts) = (vec![world.rank(); 3], if is_low { vec![3] } else { vec![1, 2] });
    /// let part = vec![0; counts[inter.rank()]];
    /// let sum = inter.prepare().reduce_scatter_v(mine, &counts, part, Sum).owned().wait()?.1;
    /// assert_eq!(sum, [vec![3; 3], vec![0], vec![0; 2]][world.rank()]);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn reduce_scatter_v<I, O>(
        &self,
        mine: I,
        counts: &[usize],
        part: O,
        operation: impl Operation<I::Item>,
    ) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let (given, members) = (length(&mine), (self.inter.rank(), self.inter.size()));
        let job = self.job::<I::Item>("reduce_scatter_v", Collective::ReduceScatter, given / members.1);
        let job = job.reducing(operation.operator(), false);
        let job = job.scattering_reduced::<I::Item>(given, counts, members);
        let own = counts.get(members.0).copied().unwrap_or(0);
        self.of(job, given, own, Apart(mine, part))
    }
}
