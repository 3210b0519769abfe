//! Collectives between the two sides of an inter-communicator, described for all forms.

use engine::collective::{Collective, Lengths};
use runtime::inter::Root;
use wire::{Items, ItemsMut, Wire};

use super::root::{check_counts, check_counts_of, listed};
use super::{AllToAllW, Apart, InPlace, Job, Prepared};
use crate::error::Peer;
use crate::operator::Operation;
use crate::{InterComm, Result};

/// What is to be described on an inter-communicator. Made by [`InterComm::prepare`].
#[derive(Clone, Copy, Debug)]
pub struct PrepareInter<'c> {
    inter: &'c InterComm,
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

    /// Exchanges with each rank of the other side a part of its own type and length; see
    /// [`Comm::all_to_all_w`](crate::Comm::all_to_all_w).
    pub fn all_to_all_w(&self) -> AllToAllW<'_> {
        let sides = self.untyped().case(Collective::AllToAll, 0, 1).sides;
        AllToAllW::of(self.union(), self.remote_size(), sides)
    }
}

impl<'c> PrepareInter<'c> {
    fn job<T: Wire>(
        &self,
        verb: &'static str,
        what: Collective,
        root: Option<Root>,
        count: usize,
    ) -> Result<Job<'c>> {
        let (inter, union) = (self.inter.untyped(), self.inter.union());
        let mut job = Job::new::<T>(union, verb, what, None, count);
        job.call.case.sides = inter.case(what, 0, 1).sides;
        if let Some(root) = root {
            let found = inter.root(root).map_err(|error| job.spot.explain::<T>(&union.untyped, error))?;
            (job.call.root, job.spot.peer) = (found as u32, Peer::Root(found));
        }
        Ok(job)
    }

    fn described<B>(&self, job: Result<Job<'c>>, given: usize, room: usize, buffers: B) -> Prepared<'c, B> {
        match job {
            Ok(job) => job.prepared(self.inter.union(), given, room, buffers),
            Err(error) => Prepared { comm: self.inter.union(), described: Err(error), buffers },
        }
    }

    /// Returns when all ranks of both sides have called it.
    pub fn barrier(&self) -> Prepared<'c, InPlace<&'static mut [u8]>> {
        let job = self.job::<u8>("barrier", Collective::Barrier, None, 0);
        self.described(job, 0, 0, InPlace(&mut []))
    }

    /// As [`InterComm::broadcast`].
    pub fn broadcast<O: ItemsMut>(&self, root: Root, buffer: O) -> Prepared<'c, InPlace<O>> {
        let count = buffer.items().len();
        let job = self.job::<O::Item>("broadcast", Collective::Broadcast, Some(root), count);
        self.described(job, 0, count, InPlace(buffer))
    }

    /// As [`InterComm::gather_into`].
    pub fn gather<I, O>(&self, root: Root, mine: I, all: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let (given, room) = (mine.items().len(), all.items().len());
        let count = if root == Root::Here { room / self.inter.remote_size() } else { given };
        let job = self.job::<I::Item>("gather", Collective::Gather, Some(root), count);
        let job = job.and_then(|job| self.divided::<I::Item>(job, "all", room, root == Root::Here));
        self.described(job, given, room, Apart(mine, all))
    }

    /// The same of any number of values from each rank, which the root states in the order of ranks.
    pub fn gather_v<I, O>(&self, root: Root, mine: I, all: O, counts: &[usize]) -> Prepared<'c, Apart<I, O>>
    where
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let (given, mut room) = (mine.items().len(), all.items().len());
        let job = self.job::<I::Item>("gather_v", Collective::Gather, Some(root), 0).and_then(|mut job| {
            job.call.case.listed = true;
            job.call.input = bytes_of::<I::Item>(given);
            if root == Root::Here {
                check_counts::<I::Item>(&job, "counts", counts, None)?;
                job.call.output = listed::<I::Item>(counts);
                room = counts.iter().sum();
            }
            Ok(job)
        });
        self.described(job, given, room, Apart(mine, all))
    }

    /// As [`InterComm::scatter_into`].
    pub fn scatter<I, O>(&self, root: Root, all: I, mine: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let (given, room) = (all.items().len(), mine.items().len());
        let count = if root == Root::Here { given / self.inter.remote_size() } else { room };
        let job = self.job::<I::Item>("scatter", Collective::Scatter, Some(root), count);
        let job = job.and_then(|job| self.divided::<I::Item>(job, "all", given, root == Root::Here));
        self.described(job, given, room, Apart(all, mine))
    }

    /// The same of any number of values for each rank, which the root states in the order of ranks.
    pub fn scatter_v<I, O>(&self, root: Root, all: I, counts: &[usize], mine: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let (given, room) = (all.items().len(), mine.items().len());
        let job = self.job::<I::Item>("scatter_v", Collective::Scatter, Some(root), 0).and_then(|mut job| {
            job.call.case.listed = true;
            job.call.output = bytes_of::<I::Item>(room);
            if root == Root::Here {
                check_counts(&job, "counts", counts, Some(all.items()))?;
                job.call.input = listed::<I::Item>(counts);
            }
            Ok(job)
        });
        self.described(job, given, room, Apart(all, mine))
    }

    /// As [`InterComm::all_gather_into`].
    pub fn all_gather<I, O>(&self, mine: I, theirs: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let (given, room) = (mine.items().len(), theirs.items().len());
        let count = room / self.inter.remote_size();
        let job = self.job::<I::Item>("all_gather", Collective::AllGather, None, count);
        let job = job.and_then(|mut job| {
            job.call.input = bytes_of::<I::Item>(given);
            self.divided::<I::Item>(job, "theirs", room, true)
        });
        self.described(job, given, room, Apart(mine, theirs))
    }

    /// The same of any number of values from each rank of the other side; all on this side know how many.
    pub fn all_gather_v<I, O>(&self, mine: I, theirs: O, counts: &[usize]) -> Prepared<'c, Apart<I, O>>
    where
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let given = mine.items().len();
        let job = self.job::<I::Item>("all_gather_v", Collective::AllGather, None, 0).and_then(|mut job| {
            check_counts::<I::Item>(&job, "counts", counts, None)?;
            job.call.case.listed = true;
            job.call.input = bytes_of::<I::Item>(given);
            job.call.output = listed::<I::Item>(counts);
            Ok(job)
        });
        self.described(job, given, counts.iter().sum(), Apart(mine, theirs))
    }

    /// As [`InterComm::all_to_all_into`].
    pub fn all_to_all<I, O>(&self, mine: I, theirs: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let (given, room) = (mine.items().len(), theirs.items().len());
        let ranks = self.inter.remote_size();
        let job = self.job::<I::Item>("all_to_all", Collective::AllToAll, None, room / ranks);
        let job = job.and_then(|mut job| {
            job.call.input = listed::<I::Item>(&vec![given / ranks; ranks]);
            let job = self.divided::<I::Item>(job, "mine", given, true)?;
            self.divided::<I::Item>(job, "theirs", room, true)
        });
        self.described(job, given, room, Apart(mine, theirs))
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
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let given = values.items().len();
        let job = self.job::<I::Item>("all_to_all_v", Collective::AllToAll, None, 0).and_then(|mut job| {
            check_counts(&job, "counts", counts, Some(values.items()))?;
            check_counts::<I::Item>(&job, "receive_counts", receive_counts, None)?;
            job.call.case.listed = true;
            job.call.input = listed::<I::Item>(counts);
            job.call.output = listed::<I::Item>(receive_counts);
            Ok(job)
        });
        self.described(job, given, receive_counts.iter().sum(), Apart(values, received))
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
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let (given, room) = (mine.items().len(), result.items().len());
        let count = if root == Root::Here { room } else { given };
        let job = self.job::<I::Item>("reduce", Collective::Reduce, Some(root), count);
        let job = job.map(|job| job.reducing(operation.operator(), false));
        self.described(job, given, room, Apart(mine, result))
    }

    /// As [`InterComm::all_reduce`], with a buffer for what comes.
    pub fn all_reduce<I, O>(
        &self,
        mine: I,
        result: O,
        operation: impl Operation<I::Item>,
    ) -> Prepared<'c, Apart<I, O>>
    where
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let count = mine.items().len();
        let job = self.job::<I::Item>("all_reduce", Collective::AllReduce, None, count);
        let job = job.map(|job| job.reducing(operation.operator(), false));
        self.described(job, count, count, Apart(mine, result))
    }

    /// As [`InterComm::reduce_scatter_into`].
    pub fn reduce_scatter<I, O>(
        &self,
        mine: I,
        part: O,
        operation: impl Operation<I::Item>,
    ) -> Prepared<'c, Apart<I, O>>
    where
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let count = part.items().len();
        let job = self.job::<I::Item>("reduce_scatter", Collective::ReduceScatter, None, count);
        let job = job.map(|job| job.reducing(operation.operator(), false));
        self.described(job, count * self.inter.size(), count, Apart(mine, part))
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
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let (given, ranks) = (mine.items().len(), self.inter.size());
        let own = counts.get(self.inter.rank()).copied().unwrap_or(0);
        let mean = given / ranks;
        let job = self.job::<I::Item>("reduce_scatter_v", Collective::ReduceScatter, None, mean);
        let job = job.and_then(|mut job| {
            check_counts_of(&job, "counts", counts, Some(mine.items()), ranks)?;
            job.call.case.listed = true;
            job.call.input = listed::<I::Item>(counts);
            job.call.output = bytes_of::<I::Item>(own);
            Ok(job.reducing(operation.operator(), false))
        });
        self.described(job, given, own, Apart(mine, part))
    }

    /// The job, unless values that count can't be divided among the other side's ranks.
    fn divided<T: Wire>(&self, job: Job<'c>, name: &str, given: usize, counts: bool) -> Result<Job<'c>> {
        let ranks = self.inter.remote_size();
        match counts && !given.is_multiple_of(ranks) {
            false => Ok(job),
            true => Err(job.refuse::<T>(format!(
                "`{name}`: {given} values can't be divided among the {ranks} ranks of the other side"
            ))),
        }
    }
}

/// One block of so many values.
fn bytes_of<T: Wire>(values: usize) -> Lengths {
    Lengths::Bytes((values * T::BYTES) as u64)
}
