//! Exchange with the neighbours in a grid or graph.

use std::sync::Arc;

use engine::collective::{Collective, Lengths, Neighbourhood};
use engine::topology::Topology;
use wire::Wire;

use super::root::listed;
use super::{Job, Parts};
use crate::called::called;
use crate::{Comm, Graph, Grid, Result};

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
    pub fn all_gather<T: Wire>(&self, mine: &[T]) -> Result<Parts<T>> {
        called(self.comm());
        let mut job = self.job::<T>("neighbours().all_gather", Collective::NeighbourAllGather, 0);
        let counts = self.counts_of_present(mine.len());
        job.call.case.listed = true;
        job.call.input = Lengths::Bytes((mine.len() * T::BYTES) as u64);
        job.call.output = listed::<T>(&counts);
        let received = job.run_to_vec(mine, counts.iter().sum())?;
        Ok(Parts::new(received, &counts))
    }

    /// Gives each neighbour its part of these values, which are cut into as many equal parts as there are neighbours, and
    /// returns what they give this rank. The part of an absent one is not used.
    ///
    /// # Errors
    /// Values that can't be divided; a neighbour that is gone; neighbours that give different numbers of values.
    #[track_caller]
    pub fn all_to_all<T: Wire>(&self, values: &[T]) -> Result<Parts<T>> {
        called(self.comm());
        let job = self.job::<T>("neighbours().all_to_all", Collective::NeighbourAllToAll, 0);
        self.check_divisible::<T>(&job, values.len())?;
        let count = values.len() / self.len().max(1);
        let receive_counts = self.counts_of_present(count);
        let (job, checked) = self.listed(job, values, &vec![count; self.len()], &receive_counts);
        checked?;
        let received = job.run_to_vec(values, receive_counts.iter().sum())?;
        Ok(Parts::new(received, &receive_counts))
    }

    /// [`all_to_all`](Neighbours::all_to_all) with parts of any lengths: how many values go to each neighbour, and how many
    /// come from each (from an absent one none).
    ///
    /// # Errors
    /// Counts that are not one for each neighbour, or don't add up to the values; a neighbour that is gone.
    #[track_caller]
    pub fn all_to_all_v<T: Wire>(
        &self,
        values: &[T],
        counts: &[usize],
        receive_counts: &[usize],
    ) -> Result<Parts<T>> {
        called(self.comm());
        let mut expected = receive_counts.to_vec();
        for (count, source) in expected.iter_mut().zip(self.edges().sources()) {
            *count = if source.is_some() { *count } else { 0 };
        }
        let job = self.job::<T>("neighbours().all_to_all_v", Collective::NeighbourAllToAll, 0);
        let (job, checked) = self.listed(job, values, counts, &expected);
        checked?;
        let received = job.run_to_vec(values, expected.iter().sum())?;
        Ok(Parts::new(received, &expected))
    }

    pub(super) fn comm(&self) -> &'c Comm {
        self.comm
    }

    fn edges(&self) -> &Arc<Neighbourhood> {
        &self.topology.neighbourhood
    }

    fn counts_of_present(&self, count: usize) -> Vec<usize> {
        self.edges().sources().iter().map(|source| if source.is_some() { count } else { 0 }).collect()
    }

    pub(super) fn job<T: Wire>(&self, verb: &'static str, what: Collective, count: usize) -> Job<'c> {
        let mut job = Job::new::<T>(self.comm, verb, what, None, count);
        job.call.case.degree = self.topology.degree;
        job.call.neighbours = Some(self.edges().clone());
        job
    }

    pub(super) fn check_divisible<T: Wire>(&self, job: &Job<'_>, given: usize) -> Result<()> {
        let there_are = self.len();
        match given.is_multiple_of(there_are.max(1)) {
            true => Ok(()),
            false => Err(job.refuse::<T>(format!(
                "{given} values can't be divided among {there_are} neighbours; all_to_all_v gives parts of different \
                 lengths"
            ))),
        }
    }

    /// The job with parts of these lengths, and what is wrong with them.
    pub(super) fn listed<T: Wire>(
        &self,
        mut job: Job<'c>,
        values: &[T],
        counts: &[usize],
        receive_counts: &[usize],
    ) -> (Job<'c>, Result<()>) {
        let check =
            |name: &str, counts: &[usize], there_are: usize, sum: Option<usize>| {
                if counts.len() != there_are {
                    let given = counts.len();
                    return Err(job.refuse::<T>(format!(
                        "`{name}` has {given} entries and there are {there_are} neighbours"
                    )));
                }
                let added = counts.iter().try_fold(0usize, |sum, count| sum.checked_add(*count));
                match sum {
                    Some(sum) if added != Some(sum) => Err(job
                        .refuse::<T>(format!("`{name}` doesn't add up to the {sum} values that there are"))),
                    _ if added.is_none() => {
                        Err(job.refuse::<T>(format!("`{name}` adds up to more than memory can hold")))
                    }
                    _ => Ok(()),
                }
            };
        let checked = check("counts", counts, self.len(), Some(values.len()))
            .and_then(|()| check("receive_counts", receive_counts, self.sources(), None));
        job.call.case.listed = true;
        if checked.is_ok() {
            job.call.input = listed::<T>(counts);
            job.call.output = listed::<T>(receive_counts);
        }
        (job, checked)
    }
}
