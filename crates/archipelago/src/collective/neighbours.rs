//! Exchange with the neighbours in a grid or graph.

use std::sync::Arc;

use engine::collective::{Collective, Neighbourhood};
use engine::topology::Topology;
use layout::Buffer;
use wire::Wire;

use super::vectors::sum_of;
use super::{Job, Parts};
use crate::called::called;
use crate::lending::length;
use crate::{Comm, Graph, Grid, Result};

pub(super) const ALL_GATHER: &str = "neighbours().all_gather";
pub(super) const ALL_GATHER_V: &str = "neighbours().all_gather_v";
pub(super) const ALL_TO_ALL: &str = "neighbours().all_to_all";
pub(super) const ALL_TO_ALL_V: &str = "neighbours().all_to_all_v";
pub(super) const ALL_TO_ALL_W: &str = "neighbours().all_to_all_w";

/// The neighbours of this rank in a [`Grid`]: for each dimension first the one before it, then the one behind; past an
/// open end there is none. Or in a [`Graph`]: those that edges lead to, and those that edges come from. Made by
/// [`Grid::neighbours`] and [`Graph::neighbours`].
///
/// ```
/// # archipelago::testing::run(4, |world| {
/// let ring = world.cartesian(&[(4, true)])?.expect("every rank is in it");
/// let around = ring.neighbours().all_gather(&[ring.rank()])?;
/// assert_eq!((&around[0], &around[1]), (&[(ring.rank() + 3) % 4][..], &[(ring.rank() + 1) % 4][..]));
///
/// // The edges of a field go to both sides; what comes from a side goes to the halo of that side.
/// let line = world.cartesian(&[(4, false)])?.expect("every rank is in it");
/// let halo = line.neighbours().all_to_all(&[10 * line.rank(), 10 * line.rank() + 9])?;
/// assert_eq!(halo[0], *if line.rank() > 0 { vec![10 * line.rank() - 1] } else { vec![] });
/// assert_eq!(halo[1], *if line.rank() < 3 { vec![10 * line.rank() + 10] } else { vec![] });
/// # Ok::<(), archipelago::Error>(())
/// # });
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Neighbours<'c> {
    comm: &'c Comm,
    topology: &'c Topology,
}

impl Grid {
    /// The neighbours of this rank, to exchange with.
    pub fn neighbours(&self) -> Neighbours<'_> {
        Neighbours { comm: self, topology: self.topology() }
    }
}

impl Graph {
    /// The neighbours of this rank, to exchange with.
    ///
    /// ```
    /// # archipelago::testing::run(4, |world| {
    /// // A star: rank 0 in the middle.
    /// let star = world.graph(&[vec![1, 2, 3], vec![0], vec![0], vec![0]], false)?.expect("every rank is in it");
    /// let heard = star.neighbours().all_gather(&[star.rank()])?;
    /// assert_eq!(heard.values(), if star.rank() == 0 { &[1, 2, 3][..] } else { &[0] });
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn neighbours(&self) -> Neighbours<'_> {
        Neighbours { comm: self, topology: self.topology() }
    }
}

impl<'c> Neighbours<'c> {
    /// How many this rank gives to, those that are absent included: in a grid two for each dimension.
    pub fn len(&self) -> usize {
        self.edges().destinations().len()
    }

    /// Whether there are none to give to.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// From how many this rank gets, those that are absent included: in a grid and in a symmetric graph as many as it gives to.
    pub fn sources(&self) -> usize {
        self.edges().sources().len()
    }

    /// The ranks of those that this one gives to.
    pub fn ranks(&self) -> Vec<Option<usize>> {
        self.edges().destinations().iter().map(|rank| rank.map(|rank| rank as usize)).collect()
    }

    /// Gives every neighbour these values, and returns theirs, of each the same number; of an absent one none.
    ///
    /// Costs one message to and from each neighbour, or one look at its board on one host.
    ///
    /// # Errors
    /// A neighbour that is gone; neighbours that give different numbers of values.
    #[track_caller]
    pub fn all_gather<I: Buffer>(&self, mine: I) -> Result<Parts<I::Item>> {
        called(self.comm());
        let given = length(&mine);
        self.gathered(ALL_GATHER, mine, given, self.of_present(|_| given))
    }

    /// [`all_gather`](Neighbours::all_gather) of any number of values from each. Costs one more exchange, of the numbers.
    ///
    /// # Errors
    /// A neighbour that is gone.
    ///
    /// ```
    /// # archipelago::testing::run(4, |world| {
    /// let line = world.cartesian(&[(4, false)])?.expect("every rank is in it");
    /// let heard = line.neighbours().all_gather_v(&vec![line.rank(); line.rank()])?;
    /// let expected: [&[usize]; 4] = [&[1], &[2, 2], &[1, 3, 3, 3], &[2, 2]];
    /// assert_eq!(heard.values(), expected[line.rank()]);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn all_gather_v<I: Buffer>(&self, mine: I) -> Result<Parts<I::Item>> {
        called(self.comm());
        let given = length(&mine);
        let told = self.gathered(ALL_GATHER_V, given, 1, self.of_present(|_| 1))?;
        let counts = self.of_present(|neighbour| told[neighbour][0]);
        self.gathered(ALL_GATHER_V, mine, given, counts)
    }

    fn gathered<I: Buffer>(
        &self,
        verb: &'static str,
        mine: I,
        given: usize,
        counts: Vec<usize>,
    ) -> Result<Parts<I::Item>> {
        let job = self.job::<I::Item>(verb, Collective::NeighbourAllGather, 0);
        let job = job.gathering_v::<I::Item>(given, None)?.told::<I::Item>(&counts);
        Ok(Parts::new(job.run_to_vec((&mine, given), sum_of(&counts))?, &counts))
    }

    /// Gives each neighbour its part of these values, which are cut into as many equal parts as there are neighbours, and
    /// returns what they give this rank. The part of an absent one is not used.
    ///
    /// # Errors
    /// Values that can't be divided; a neighbour that is gone; neighbours that give different numbers of values.
    #[track_caller]
    pub fn all_to_all<I: Buffer>(&self, values: I) -> Result<Parts<I::Item>> {
        called(self.comm());
        let given = length(&values);
        let count = given / self.len().max(1);
        let job = self.job::<I::Item>(ALL_TO_ALL, Collective::NeighbourAllToAll, 0);
        let job = self.divided::<I::Item>(job, given)?;
        self.exchanged(job, values, &vec![count; self.len()], &self.of_present(|_| count))
    }

    /// [`all_to_all`](Neighbours::all_to_all) with parts of any lengths: how many values go to each neighbour, and how many
    /// come from each (from an absent one none).
    ///
    /// # Errors
    /// Counts that are not one for each neighbour, or don't add up to the values; a neighbour that is gone.
    #[track_caller]
    pub fn all_to_all_v<I: Buffer>(
        &self,
        values: I,
        counts: &[usize],
        receive_counts: &[usize],
    ) -> Result<Parts<I::Item>> {
        called(self.comm());
        let job = self.job::<I::Item>(ALL_TO_ALL_V, Collective::NeighbourAllToAll, 0);
        job.check_counts::<I::Item>("receive_counts", receive_counts, None, self.sources())?;
        self.exchanged(job, values, counts, &self.of_present(|neighbour| receive_counts[neighbour]))
    }

    fn exchanged<I: Buffer>(
        &self,
        job: Job<'c>,
        values: I,
        counts: &[usize],
        receive_counts: &[usize],
    ) -> Result<Parts<I::Item>> {
        let given = length(&values);
        let job = job.exchanging_v::<I::Item>(given, counts, receive_counts)?;
        let received = job.run_to_vec((&values, given), sum_of(receive_counts))?;
        Ok(Parts::new(received, receive_counts))
    }

    pub(super) fn comm(&self) -> &'c Comm {
        self.comm
    }

    fn edges(&self) -> &Arc<Neighbourhood> {
        &self.topology.neighbourhood
    }

    /// How many values come from each: from those that are there as many as `count` says of their number, from others none.
    fn of_present(&self, count: impl Fn(usize) -> usize) -> Vec<usize> {
        let sources = self.edges().sources().iter().enumerate();
        sources.map(|(number, source)| if source.is_some() { count(number) } else { 0 }).collect()
    }

    pub(super) fn job<T: Wire>(&self, verb: &'static str, what: Collective, count: usize) -> Job<'c> {
        let mut job = Job::new::<T>(self.comm, verb, what, None, count);
        job.call.case.degree = self.topology.degree;
        job.call.neighbours = Some(self.edges().clone());
        job
    }

    /// The job, unless so many values can't be divided among the neighbours.
    pub(super) fn divided<T: Wire>(&self, job: Job<'c>, given: usize) -> Result<Job<'c>> {
        let there_are = self.len();
        match given.is_multiple_of(there_are.max(1)) {
            true => Ok(job),
            false => Err(job.refuse::<T>(format!(
                "{given} values can't be divided among {there_are} neighbours; all_to_all_v gives parts of different \
                 lengths"
            ))),
        }
    }
}
