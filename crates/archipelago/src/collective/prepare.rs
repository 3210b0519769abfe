//! The verbs of collectives that are only described: see [`Prepared`].

use engine::collective::Collective;
use layout::{Buffer, BufferMut};
use wire::Wire;

use super::buffers::{Apart, InPlace};
use super::job::Job;
use super::neighbours::{ALL_GATHER, ALL_GATHER_V, ALL_TO_ALL, ALL_TO_ALL_V, Neighbours};
use super::vectors::sum_of;
use super::{Prepared, Root};
use crate::Comm;
use crate::lending::length;
use crate::operator::Operation;

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
    pub(super) neighbours: Neighbours<'c>,
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
    pub(super) fn job<T: Wire>(&self, verb: &'static str, what: Collective, count: usize) -> Job<'c> {
        Job::new::<T>(self.comm, verb, what, None, count)
    }

    /// As [`Comm::barrier`].
    pub fn barrier(&self) -> Prepared<'c, InPlace<&'static mut [u8]>> {
        Prepared::of(
            self.comm,
            Ok(self.job::<u8>("barrier", Collective::Barrier, 0)),
            (0, 0),
            InPlace(&mut []),
        )
    }

    /// As [`Comm::all_gather_into`].
    pub fn all_gather<I, O>(&self, mine: I, all: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let count = length(&mine);
        let job = self.job::<I::Item>("all_gather", Collective::AllGather, count);
        Prepared::of(self.comm, Ok(job), (count, count * self.comm.size()), Apart(mine, all))
    }

    /// As [`Comm::all_gather_v`], with the numbers of values of all ranks known.
    pub fn all_gather_v<I, O>(&self, mine: I, all: O, counts: &[usize]) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let (given, sum) = (length(&mine), sum_of(counts));
        let job = self.job::<I::Item>("all_gather_v", Collective::AllGather, sum / self.comm.size());
        let job = job.gathering_v::<I::Item>(given, Some(counts));
        let expected = counts.get(self.comm.rank()).copied().unwrap_or(0);
        Prepared::of(self.comm, job, (expected, sum), Apart(mine, all))
    }

    /// As [`Comm::all_to_all_into`].
    pub fn all_to_all<I, O>(&self, values: I, received: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let given = length(&values);
        let job = self.job::<I::Item>("all_to_all", Collective::AllToAll, given / self.comm.size());
        let job = job.divided::<I::Item>("values", given);
        Prepared::of(self.comm, job, (given, given), Apart(values, received))
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
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let given = length(&values);
        let job = self.job::<I::Item>("all_to_all_v", Collective::AllToAll, 0);
        let job = job.exchanging_v::<I::Item>(given, counts, receive_counts);
        Prepared::of(self.comm, job, (given, sum_of(receive_counts)), Apart(values, received))
    }

    /// As [`Comm::all_reduce_in_place`].
    pub fn all_reduce<O: BufferMut>(
        &self,
        buffer: O,
        operation: impl Operation<O::Item>,
    ) -> Prepared<'c, InPlace<O>> {
        self.combined("all_reduce", Collective::AllReduce, buffer, operation)
    }

    /// As [`Comm::scan`], in place.
    pub fn scan<O: BufferMut>(
        &self,
        buffer: O,
        operation: impl Operation<O::Item>,
    ) -> Prepared<'c, InPlace<O>> {
        self.combined("scan", Collective::Scan, buffer, operation)
    }

    /// As [`Comm::exclusive_scan`], in place; rank 0 keeps what it has.
    pub fn exclusive_scan<O: BufferMut>(
        &self,
        buffer: O,
        operation: impl Operation<O::Item>,
    ) -> Prepared<'c, InPlace<O>> {
        self.combined("exclusive_scan", Collective::ExclusiveScan, buffer, operation)
    }

    fn combined<O: BufferMut>(
        &self,
        verb: &'static str,
        what: Collective,
        buffer: O,
        operation: impl Operation<O::Item>,
    ) -> Prepared<'c, InPlace<O>> {
        let count = length(&buffer);
        let job = self.job::<O::Item>(verb, what, count).reducing(operation.operator(), false).in_place();
        Prepared::of(self.comm, Ok(job), (0, count), InPlace(buffer))
    }

    /// As [`Comm::reduce_scatter`].
    pub fn reduce_scatter<I, O>(
        &self,
        values: I,
        mine: O,
        operation: impl Operation<I::Item>,
    ) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let given = length(&values);
        let count = given / self.comm.size();
        let job = self.job::<I::Item>("reduce_scatter", Collective::ReduceScatter, count);
        let job = job.reducing(operation.operator(), false).divided::<I::Item>("values", given);
        Prepared::of(self.comm, job, (given, count), Apart(values, mine))
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
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let (given, members) = (length(&values), (self.comm.rank(), self.comm.size()));
        let job = self.job::<I::Item>("reduce_scatter_v", Collective::ReduceScatter, given / members.1);
        let job = job.reducing(operation.operator(), false);
        let job = job.scattering_reduced::<I::Item>(given, counts, members);
        let room = counts.get(members.0).copied().unwrap_or(0);
        Prepared::of(self.comm, job, (given, room), Apart(values, mine))
    }
}

impl<'c> PrepareRooted<'c> {
    /// As [`Root::broadcast`].
    pub fn broadcast<O: BufferMut>(&self, buffer: O) -> Prepared<'c, InPlace<O>> {
        let count = length(&buffer);
        let job = self.root.job::<O::Item>("broadcast", Collective::Broadcast, count);
        Prepared::of(self.root.comm, job, (0, count), InPlace(buffer))
    }

    /// As [`Root::gather`]. At the root, `all` has room for the values of all ranks; elsewhere it is empty.
    pub fn gather<I, O>(&self, mine: I, all: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let count = length(&mine);
        let job = self.root.job::<I::Item>("gather", Collective::Gather, count);
        let room = if self.root.is_here() { count * self.root.comm.size() } else { 0 };
        Prepared::of(self.root.comm, job, (count, room), Apart(mine, all))
    }

    /// As [`Root::gather_v`], with the numbers of values of all ranks known at the root. Elsewhere `all` and `counts` are
    /// empty.
    pub fn gather_v<I, O>(&self, mine: I, all: O, counts: &[usize]) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let (given, counts) = (length(&mine), self.root.is_here().then_some(counts));
        let job = self.root.job::<I::Item>("gather_v", Collective::Gather, 0);
        let job = job.and_then(|job| job.gathering_v::<I::Item>(given, counts));
        Prepared::of(self.root.comm, job, (given, counts.map_or(0, sum_of)), Apart(mine, all))
    }

    /// As [`Root::scatter_into`]. `all` is empty but at the root.
    pub fn scatter<I, O>(&self, all: I, mine: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let count = length(&mine);
        let job = self.root.job::<I::Item>("scatter", Collective::Scatter, count);
        let given = if self.root.is_here() { count * self.root.comm.size() } else { 0 };
        Prepared::of(self.root.comm, job, (given, count), Apart(all, mine))
    }

    /// As [`Root::scatter_v`], with the length of each part known at its rank. `all` and `counts` are empty but at the root.
    pub fn scatter_v<I, O>(&self, all: I, counts: &[usize], mine: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let (room, given) = (length(&mine), if self.root.is_here() { length(&all) } else { 0 });
        let job = self.root.job::<I::Item>("scatter_v", Collective::Scatter, 0).and_then(|job| {
            let counts = self.root.is_here().then_some((counts, given));
            let job = job.scattering_v::<I::Item>(room, counts)?;
            match counts.map(|(counts, _)| counts[self.root.comm.rank()]) {
                Some(own) if own != room => {
                    let what = format!("the root's own part has {own} values and its buffer {room}");
                    Err(job.refuse::<I::Item>(what))
                }
                _ => Ok(job),
            }
        });
        Prepared::of(self.root.comm, job, (given, room), Apart(all, mine))
    }

    /// As [`Root::reduce`]. At the root, `result` is as long as `values`; elsewhere it is empty.
    pub fn reduce<I, O>(
        &self,
        values: I,
        result: O,
        operation: impl Operation<I::Item>,
    ) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let count = length(&values);
        let job = self.root.job::<I::Item>("reduce", Collective::Reduce, count);
        let job = job.map(|job| job.reducing(operation.operator(), false));
        let room = if self.root.is_here() { count } else { 0 };
        Prepared::of(self.root.comm, job, (count, room), Apart(values, result))
    }
}

impl<'c> PrepareNeighbours<'c> {
    /// As [`Neighbours::all_gather`]. `all` has room for the values of each neighbour; that of an absent one is left as it
    /// is.
    pub fn all_gather<I, O>(&self, mine: I, all: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let count = length(&mine);
        let job = self.neighbours.job::<I::Item>(ALL_GATHER, Collective::NeighbourAllGather, count);
        let room = count * self.neighbours.sources();
        Prepared::of(self.neighbours.comm(), Ok(job), (count, room), Apart(mine, all))
    }

    /// As [`Neighbours::all_gather_v`], with the number of values of each neighbour known: `counts`, in the order of those that this
    /// rank gets from. The parts lie behind one another, and that of an absent one is left as it is.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// // In a ring every rank gives as many values as its rank says.
    /// let ring = world.cartesian(&[(3, true)])?.expect("every rank is in it");
    /// let (me, before, behind) = (ring.rank(), (ring.rank() + 2) % 3, (ring.rank() + 1) % 3);
    /// let all = vec![0; before + behind];
    /// let gather = ring.neighbours().prepare().all_gather_v(vec![me; me], all, &[before, behind]);
    /// let (_, all) = gather.owned().wait()?;
    /// assert_eq!(all, [vec![before; before], vec![behind; behind]].concat());
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn all_gather_v<I, O>(&self, mine: I, all: O, counts: &[usize]) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let given = length(&mine);
        let job = self.neighbours.job::<I::Item>(ALL_GATHER_V, Collective::NeighbourAllGather, 0);
        let job = job.gathering_v::<I::Item>(given, Some(counts));
        Prepared::of(self.neighbours.comm(), job, (given, sum_of(counts)), Apart(mine, all))
    }

    /// As [`Neighbours::all_to_all`]. What is for or from an absent neighbour is left as it is.
    pub fn all_to_all<I, O>(&self, values: I, received: O) -> Prepared<'c, Apart<I, O>>
    where
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let given = length(&values);
        let count = given / self.neighbours.len().max(1);
        let job = self.neighbours.job::<I::Item>(ALL_TO_ALL, Collective::NeighbourAllToAll, count);
        let job = self.neighbours.divided::<I::Item>(job, given);
        let room = count * self.neighbours.sources();
        Prepared::of(self.neighbours.comm(), job, (given, room), Apart(values, received))
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
        I: Buffer,
        O: BufferMut<Item = I::Item>,
    {
        let given = length(&values);
        let job = self.neighbours.job::<I::Item>(ALL_TO_ALL_V, Collective::NeighbourAllToAll, 0);
        let job = job.exchanging_v::<I::Item>(given, counts, receive_counts);
        Prepared::of(self.neighbours.comm(), job, (given, sum_of(receive_counts)), Apart(values, received))
    }
}
