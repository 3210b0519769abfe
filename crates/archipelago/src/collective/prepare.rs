//! The verbs of collectives that are only described: see [`Prepared`].

use engine::collective::{Collective, Lengths};
use wire::{Items, ItemsMut};

use super::buffers::{Apart, InPlace};
use super::job::Job;
use super::neighbours::Neighbours;
use super::root::{check_counts, listed};
use super::{Prepared, Root};
use crate::operator::Operation;
use crate::{Comm, Result};

/// Describes collectives without running them. Made by [`Comm::prepare`].
#[derive(Clone, Copy, Debug)]
pub struct Prepare<'c> {
    pub(super) comm: &'c Comm,
}

/// Describes collectives with a root without running them. Made by [`Root::prepare`].
#[derive(Clone, Copy, Debug)]
pub struct PrepareRooted<'c> {
    pub(super) root: Root<'c>,
}

/// Describes collectives of neighbours without running them. Made by [`Neighbours::prepare`].
#[derive(Clone, Copy, Debug)]
pub struct PrepareNeighbours<'c> {
    neighbours: Neighbours<'c>,
}

impl Comm {
    /// Describes a collective that is then run, started in a scope, owned or made persistent: see [`Prepared`].
    pub fn prepare(&self) -> Prepare<'_> {
        Prepare { comm: self }
    }
}

impl<'c> Root<'c> {
    /// Describes a collective with this root that is then run, started in a scope, owned or made persistent.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// let root = world.root(2);
    /// let values = if world.rank() == 2 { vec![1, 2, 3] } else { vec![0; 3] };
    /// assert_eq!(root.prepare().broadcast(values).owned().wait()?, [1, 2, 3]);
    /// // Only the root has a buffer for all.
    /// let all = vec![0; if world.rank() == 2 { 3 } else { 0 }];
    /// let (_, all) = root.prepare().gather(vec![world.rank()], all).owned().wait()?;
    /// assert!(world.rank() != 2 || all == [0, 1, 2]);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn prepare(&self) -> PrepareRooted<'c> {
        PrepareRooted { root: *self }
    }
}

impl<'c> Neighbours<'c> {
    /// Describes an exchange with neighbours that is then run, started in a scope, owned or made persistent.
    pub fn prepare(&self) -> PrepareNeighbours<'c> {
        PrepareNeighbours { neighbours: *self }
    }
}

impl<'c> Prepare<'c> {
    /// As [`Comm::barrier`].
    pub fn barrier(&self) -> Prepared<'c, InPlace<&'static mut [u8]>> {
        let job = Job::new::<u8>(self.comm, "barrier", Collective::Barrier, None, 0);
        job.prepared(self.comm, 0, 0, InPlace(&mut []))
    }

    /// As [`Comm::all_gather_into`].
    pub fn all_gather<I, O>(&self, mine: I, all: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let count = mine.items().len();
        let job = Job::new::<I::Item>(self.comm, "all_gather", Collective::AllGather, None, count);
        let room = count * self.comm.size();
        job.prepared(self.comm, count, room, Apart(mine, all))
    }

    /// As [`Comm::all_gather_v`], with the numbers of values of all ranks known.
    pub fn all_gather_v<I, O>(&self, mine: I, all: O, counts: &[usize]) -> Prepared<'c, Apart<I, O>>
    where
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let (given, sum) = (mine.items().len(), counts.iter().sum::<usize>());
        let mean = sum / self.comm.size();
        let mut job = Job::new::<I::Item>(self.comm, "all_gather_v", Collective::AllGather, None, mean);
        let checked = check_counts::<I::Item>(&job, "counts", counts, None);
        let expected = counts.get(self.comm.rank()).copied().unwrap_or(0);
        job.call.case.listed = true;
        job.call.input = Lengths::Bytes((given * bytes::<I>()) as u64);
        job.call.output = listed::<I::Item>(counts);
        job.prepared(self.comm, expected, sum, Apart(mine, all)).unless(checked)
    }

    /// As [`Comm::all_to_all_into`].
    pub fn all_to_all<I, O>(&self, values: I, received: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let given = values.items().len();
        let count = given / self.comm.size();
        let job = Job::new::<I::Item>(self.comm, "all_to_all", Collective::AllToAll, None, count);
        let divisible = job.check_divisible::<I::Item>(given);
        job.prepared(self.comm, given, given, Apart(values, received)).unless(divisible)
    }

    /// As [`Comm::all_to_all_v`], with the numbers of values to and from each rank known.
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
        let mut job = Job::new::<I::Item>(self.comm, "all_to_all_v", Collective::AllToAll, None, 0);
        let checked = check_counts(&job, "counts", counts, Some(values.items()))
            .and_then(|()| check_counts::<I::Item>(&job, "receive_counts", receive_counts, None));
        job.call.case.listed = true;
        job.call.input = listed::<I::Item>(counts);
        job.call.output = listed::<I::Item>(receive_counts);
        let (given, room) = (values.items().len(), receive_counts.iter().sum());
        job.prepared(self.comm, given, room, Apart(values, received)).unless(checked)
    }

    /// As [`Comm::all_reduce_in_place`].
    pub fn all_reduce<O: ItemsMut>(
        &self,
        buffer: O,
        operation: impl Operation<O::Item>,
    ) -> Prepared<'c, InPlace<O>> {
        self.combined("all_reduce", Collective::AllReduce, buffer, operation)
    }

    /// As [`Comm::scan`], in place.
    pub fn scan<O: ItemsMut>(
        &self,
        buffer: O,
        operation: impl Operation<O::Item>,
    ) -> Prepared<'c, InPlace<O>> {
        self.combined("scan", Collective::Scan, buffer, operation)
    }

    /// As [`Comm::exclusive_scan`], in place; rank 0 keeps what it has.
    pub fn exclusive_scan<O: ItemsMut>(
        &self,
        buffer: O,
        operation: impl Operation<O::Item>,
    ) -> Prepared<'c, InPlace<O>> {
        self.combined("exclusive_scan", Collective::ExclusiveScan, buffer, operation)
    }

    fn combined<O: ItemsMut>(
        &self,
        verb: &'static str,
        what: Collective,
        buffer: O,
        operation: impl Operation<O::Item>,
    ) -> Prepared<'c, InPlace<O>> {
        let count = buffer.items().len();
        let job = Job::new::<O::Item>(self.comm, verb, what, None, count);
        job.reducing(operation.operator(), false).in_place().prepared(self.comm, 0, count, InPlace(buffer))
    }

    /// As [`Comm::reduce_scatter`].
    pub fn reduce_scatter<I, O>(
        &self,
        values: I,
        mine: O,
        operation: impl Operation<I::Item>,
    ) -> Prepared<'c, Apart<I, O>>
    where
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let given = values.items().len();
        let count = given / self.comm.size();
        let job = Job::new::<I::Item>(self.comm, "reduce_scatter", Collective::ReduceScatter, None, count);
        let job = job.reducing(operation.operator(), false);
        let divisible = job.check_divisible::<I::Item>(given);
        job.prepared(self.comm, given, count, Apart(values, mine)).unless(divisible)
    }

    /// As [`Comm::reduce_scatter_v`].
    pub fn reduce_scatter_v<I, O>(
        &self,
        values: I,
        counts: &[usize],
        mine: O,
        operation: impl Operation<I::Item>,
    ) -> Prepared<'c, Apart<I, O>>
    where
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let (job, checked) = Job::reduce_scatter_v(self.comm, values.items(), counts);
        let job = job.reducing(operation.operator(), false);
        let (given, room) = (values.items().len(), counts.get(self.comm.rank()).copied().unwrap_or(0));
        job.prepared(self.comm, given, room, Apart(values, mine)).unless(checked)
    }
}

impl<'c> PrepareRooted<'c> {
    /// As [`Root::broadcast`].
    pub fn broadcast<O: ItemsMut>(&self, buffer: O) -> Prepared<'c, InPlace<O>> {
        let count = buffer.items().len();
        self.described(
            self.root.job::<O::Item>("broadcast", Collective::Broadcast, count),
            InPlace(buffer),
            0,
            count,
        )
    }

    /// As [`Root::gather`]. At the root, `all` has room for the values of all ranks; elsewhere it is empty.
    pub fn gather<I, O>(&self, mine: I, all: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let count = mine.items().len();
        let room = if self.root.is_here() { count * self.root.comm.size() } else { 0 };
        self.described(
            self.root.job::<I::Item>("gather", Collective::Gather, count),
            Apart(mine, all),
            count,
            room,
        )
    }

    /// As [`Root::gather_v`], with the numbers of values of all ranks known at the root. Elsewhere `all` and `counts` are
    /// empty.
    pub fn gather_v<I, O>(&self, mine: I, all: O, counts: &[usize]) -> Prepared<'c, Apart<I, O>>
    where
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let given = mine.items().len();
        let here = self.root.is_here();
        let job = self.root.job::<I::Item>("gather_v", Collective::Gather, 0).and_then(|mut job| {
            job.call.case.listed = true;
            job.call.input = Lengths::Bytes((given * bytes::<I>()) as u64);
            if here {
                check_counts::<I::Item>(&job, "counts", counts, None)?;
                job.call.output = listed::<I::Item>(counts);
            }
            Ok(job)
        });
        let room = if here { counts.iter().sum() } else { 0 };
        self.described(job, Apart(mine, all), given, room)
    }

    /// As [`Root::scatter_into`]. `all` is empty but at the root.
    pub fn scatter<I, O>(&self, all: I, mine: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let count = mine.items().len();
        let given = if self.root.is_here() { count * self.root.comm.size() } else { 0 };
        self.described(
            self.root.job::<I::Item>("scatter", Collective::Scatter, count),
            Apart(all, mine),
            given,
            count,
        )
    }

    /// As [`Root::scatter_v`], with the length of each part known at its rank. `all` and `counts` are empty but at the root.
    pub fn scatter_v<I, O>(&self, all: I, counts: &[usize], mine: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let room = mine.items().len();
        let given = all.items().len();
        let job = self.root.job::<I::Item>("scatter_v", Collective::Scatter, 0).and_then(|mut job| {
            job.call.case.listed = true;
            job.call.output = Lengths::Bytes((room * bytes::<I>()) as u64);
            if self.root.is_here() {
                check_counts(&job, "counts", counts, Some(all.items()))?;
                if counts[self.root.comm.rank()] != room {
                    let mine = counts[self.root.comm.rank()];
                    let what = format!("the root's own part has {mine} values and its buffer {room}");
                    return Err(job.refuse::<I::Item>(what));
                }
                job.call.input = listed::<I::Item>(counts);
            }
            Ok(job)
        });
        let given = if self.root.is_here() { given } else { 0 };
        self.described(job, Apart(all, mine), given, room)
    }

    /// As [`Root::reduce`]. At the root, `result` is as long as `values`; elsewhere it is empty.
    pub fn reduce<I, O>(
        &self,
        values: I,
        result: O,
        operation: impl Operation<I::Item>,
    ) -> Prepared<'c, Apart<I, O>>
    where
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let count = values.items().len();
        let job = self.root.job::<I::Item>("reduce", Collective::Reduce, count);
        let job = job.map(|job| job.reducing(operation.operator(), false));
        let room = if self.root.is_here() { count } else { 0 };
        self.described(job, Apart(values, result), count, room)
    }

    pub(super) fn described<B>(
        &self,
        job: Result<Job<'c>>,
        buffers: B,
        given: usize,
        room: usize,
    ) -> Prepared<'c, B> {
        match job {
            Ok(job) => job.prepared(self.root.comm, given, room, buffers),
            Err(error) => Prepared { comm: self.root.comm, described: Err(error), buffers },
        }
    }
}

impl<'c> PrepareNeighbours<'c> {
    /// As [`Neighbours::all_gather`]. `all` has room for the values of each neighbour; that of an absent one is left as it
    /// is.
    pub fn all_gather<I, O>(&self, mine: I, all: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let count = mine.items().len();
        let job =
            self.neighbours.job::<I::Item>("neighbours().all_gather", Collective::NeighbourAllGather, count);
        job.prepared(self.neighbours.comm(), count, count * self.neighbours.sources(), Apart(mine, all))
    }

    /// As [`Neighbours::all_to_all`]. What is for or from an absent neighbour is left as it is.
    pub fn all_to_all<I, O>(&self, values: I, received: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Items,
        O: ItemsMut<Item = I::Item>,
    {
        let given = values.items().len();
        let count = given / self.neighbours.len().max(1);
        let job =
            self.neighbours.job::<I::Item>("neighbours().all_to_all", Collective::NeighbourAllToAll, count);
        let checked = self.neighbours.check_divisible::<I::Item>(&job, given);
        let room = count * self.neighbours.sources();
        job.prepared(self.neighbours.comm(), given, room, Apart(values, received)).unless(checked)
    }

    /// As [`Neighbours::all_to_all_v`]. The parts lie behind one another, those of absent neighbours too.
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
        let job =
            self.neighbours.job::<I::Item>("neighbours().all_to_all_v", Collective::NeighbourAllToAll, 0);
        let (job, checked) = self.neighbours.listed(job, values.items(), counts, receive_counts);
        let (given, room) = (values.items().len(), receive_counts.iter().sum());
        job.prepared(self.neighbours.comm(), given, room, Apart(values, received)).unless(checked)
    }
}

pub(super) fn bytes<I: Items>() -> usize {
    <I::Item as wire::Wire>::BYTES
}
