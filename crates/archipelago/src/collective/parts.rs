//! What comes of several ranks in different amounts.

use std::ops::{Index, Range};

/// Values in order of the ranks that they come from, and how many come from each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts<T> {
    values: Vec<T>,
    /// Where each part ends.
    ends: Vec<usize>,
}

impl<T> Parts<T> {
    pub(super) fn new(values: Vec<T>, counts: &[usize]) -> Parts<T> {
        let ends: Vec<usize> = counts
            .iter()
            .scan(0, |end, count| {
                *end += count;
                Some(*end)
            })
            .collect();
        debug_assert_eq!(ends.last().copied().unwrap_or(0), values.len());
        Parts { values, ends }
    }

    /// How many parts there are: one for each rank.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The parts, in order of rank.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[T]> {
        (0..self.len()).map(|rank| &self[rank])
    }

    /// All values, in order of rank.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// All values, in order of rank.
    pub fn into_values(self) -> Vec<T> {
        self.values
    }

    /// How many values come from each rank.
    pub fn counts(&self) -> Vec<usize> {
        (0..self.len()).map(|rank| self.range(rank).len()).collect()
    }

    fn range(&self, rank: usize) -> Range<usize> {
        let start = if rank == 0 { 0 } else { self.ends[rank - 1] };
        start..self.ends[rank]
    }
}

impl<T> Index<usize> for Parts<T> {
    type Output = [T];

    /// The part of a rank.
    fn index(&self, rank: usize) -> &[T] {
        &self.values[self.range(rank)]
    }
}
