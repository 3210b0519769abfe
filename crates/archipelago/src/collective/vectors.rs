//! Parts of any lengths: the vector forms say how long each is.

use std::sync::Arc;

use engine::collective::{Blocks, Lengths};
use wire::Wire;

use super::Job;
use crate::Result;

impl<'c> Job<'c> {
    /// This rank gives so many values. Where all come together, `counts` says how many come from each.
    pub(super) fn gathering_v<T: Wire>(mut self, given: usize, counts: Option<&[usize]>) -> Result<Job<'c>> {
        self.call.case.listed = true;
        self.call.input = bytes_of::<T>(given);
        if let Some(counts) = counts {
            self.check_counts::<T>("counts", counts, None, self.sources())?;
            self.call.output = listed::<T>(counts);
        }
        Ok(self)
    }

    /// So many values come from each, as others have said: what can't be is refused for want of memory.
    pub(super) fn told<T: Wire>(mut self, counts: &[usize]) -> Job<'c> {
        self.call.output = listed::<T>(counts);
        self
    }

    /// This rank gets so many values. Where they come from, `counts` says how many of `given` go to each.
    pub(super) fn scattering_v<T: Wire>(
        mut self,
        room: usize,
        counts: Option<(&[usize], usize)>,
    ) -> Result<Job<'c>> {
        self.call.case.listed = true;
        self.call.output = bytes_of::<T>(room);
        if let Some((counts, given)) = counts {
            self.check_counts::<T>("counts", counts, Some(given), self.destinations())?;
            self.call.input = listed::<T>(counts);
        }
        Ok(self)
    }

    /// Of `given` values so many go to each, and so many come from each.
    pub(super) fn exchanging_v<T: Wire>(
        mut self,
        given: usize,
        counts: &[usize],
        receive_counts: &[usize],
    ) -> Result<Job<'c>> {
        self.call.case.listed = true;
        self.check_counts::<T>("counts", counts, Some(given), self.destinations())?;
        self.check_counts::<T>("receive_counts", receive_counts, None, self.sources())?;
        self.call.input = listed::<T>(counts);
        self.call.output = listed::<T>(receive_counts);
        Ok(self)
    }

    /// Of `given` values that are combined so many go to each of `ranks` ranks, and so many to this one.
    pub(super) fn scattering_reduced<T: Wire>(
        mut self,
        given: usize,
        counts: &[usize],
        (rank, ranks): (usize, usize),
    ) -> Result<Job<'c>> {
        self.call.case.listed = true;
        self.check_counts::<T>("counts", counts, Some(given), ranks)?;
        self.call.input = listed::<T>(counts);
        self.call.output = bytes_of::<T>(counts[rank]);
        Ok(self)
    }

    /// Counts must be one for each of so many, and, where the number of values is given, add up to it.
    pub(super) fn check_counts<T: Wire>(
        &self,
        name: &str,
        counts: &[usize],
        values: Option<usize>,
        there_are: usize,
    ) -> Result<()> {
        let given = counts.len();
        let wrong = if given != there_are {
            let what = if self.call.neighbours.is_some() { "neighbours" } else { "ranks" };
            format!("`{name}` has {given} entries and there are {there_are} {what}")
        } else {
            let sum = counts.iter().try_fold(0usize, |sum, &count| sum.checked_add(count));
            match (sum, values) {
                (Some(sum), Some(there)) if sum != there => {
                    format!("`{name}` adds up to {sum} and there are {there} values")
                }
                (Some(_), _) => return Ok(()),
                (None, _) => format!("`{name}` adds up to more than memory can hold"),
            }
        };
        Err(self.refuse::<T>(wrong))
    }

    /// How many this rank gives to.
    fn destinations(&self) -> usize {
        self.call.neighbours.as_ref().map_or(self.peers(), |edges| edges.destinations().len())
    }

    /// From how many this rank gets.
    fn sources(&self) -> usize {
        self.call.neighbours.as_ref().map_or(self.peers(), |edges| edges.sources().len())
    }
}

/// One block for each rank, behind one another.
pub(super) fn listed<T: Wire>(counts: &[usize]) -> Lengths {
    let counts = counts.iter().map(|&count| count as u64);
    Lengths::Listed(Arc::new(Blocks::packed(counts, T::BYTES as u64)))
}

/// One block of so many values.
pub(super) fn bytes_of<T: Wire>(values: usize) -> Lengths {
    Lengths::Bytes((values as u64).saturating_mul(T::BYTES as u64))
}

/// How many values there are, as others have said: a sum that can't be is refused for want of memory.
pub(super) fn sum_of(counts: &[usize]) -> usize {
    counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
}
