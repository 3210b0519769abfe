//! Groups from groups (MPI 5.0 §7.3.2). Local; each takes time n·log n at most, where n counts the members of all groups
//! involved.

use std::fmt;

use super::Group;

/// Ranks at equal distances: `first`, `first + stride`, ... as far as `last`, which is the last one only if it lies on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranks {
    /// The first rank.
    pub first: usize,
    /// No rank lies behind this one.
    pub last: usize,
    /// The distance, negative for falling ranks.
    pub stride: isize,
}

/// How two groups compare (MPI 5.0 §7.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The same members in the same order.
    Identical,
    /// The same members in another order.
    Similar,
    /// Other members.
    Unequal,
}

/// What is wrong with the ranks that an operation was given. Nothing was made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GroupError {
    /// A rank that the group doesn't have.
    NoSuchRank {
        /// Which entry of `ranks` (or of `ranges`) names it.
        entry: usize,
        /// The rank.
        rank: usize,
        /// How many there are.
        size: usize,
    },
    /// A rank that is named twice.
    Repeated {
        /// Which entry names it the second time.
        entry: usize,
        /// The rank.
        rank: usize,
    },
    /// A range whose stride is 0, or leads away from its last rank.
    Stride {
        /// Which entry of `ranges`.
        entry: usize,
        /// The range.
        range: Ranks,
    },
}

impl fmt::Display for GroupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GroupError::NoSuchRank { entry, rank, size: 0 } => {
                write!(f, "entry {entry} names rank {rank} of a group without members")
            }
            GroupError::NoSuchRank { entry, rank, size } => {
                write!(f, "entry {entry} names rank {rank}; the group's ranks are 0 to {}", size - 1)
            }
            GroupError::Repeated { entry, rank } => {
                write!(f, "entry {entry} names rank {rank}, which an earlier one has named")
            }
            GroupError::Stride { entry, range: Ranks { first, last, stride } } => {
                write!(
                    f,
                    "entry {entry} goes from {first} to {last} by steps of {stride}, and never comes there"
                )
            }
        }
    }
}

impl std::error::Error for GroupError {}

impl Group {
    /// All of this group, followed by those of the other that are not in this one.
    pub fn union(&self, other: &Group) -> Group {
        let added = other.processes().filter(|process| self.rank(*process).is_none());
        Group::of(self.processes().chain(added).collect())
    }

    /// Those of this group that are in the other as well, in this one's order.
    pub fn intersection(&self, other: &Group) -> Group {
        Group::of(self.processes().filter(|process| other.rank(*process).is_some()).collect())
    }

    /// Those of this group that are not in the other, in this one's order.
    pub fn difference(&self, other: &Group) -> Group {
        Group::of(self.processes().filter(|process| other.rank(*process).is_none()).collect())
    }

    /// The processes of these ranks, in this order.
    ///
    /// # Errors
    /// A rank that there isn't, or that is named twice.
    pub fn include(&self, ranks: &[usize]) -> Result<Group, GroupError> {
        self.named(ranks.iter().copied().enumerate()).map(|_| self.of_ranks(ranks))
    }

    /// All but the processes of these ranks, in this group's order.
    ///
    /// # Errors
    /// A rank that there isn't, or that is named twice.
    pub fn exclude(&self, ranks: &[usize]) -> Result<Group, GroupError> {
        let named = self.named(ranks.iter().copied().enumerate())?;
        Ok(self.without(&named))
    }

    /// [`include`](Group::include) of all ranks of these ranges, one range after the other.
    ///
    /// # Errors
    /// As [`include`](Group::include), and a range that never ends.
    pub fn include_ranges(&self, ranges: &[Ranks]) -> Result<Group, GroupError> {
        let ranks = self.spread(ranges)?;
        self.named(ranks.iter().copied())?;
        Ok(self.of_ranks(&ranks.into_iter().map(|(_, rank)| rank).collect::<Vec<_>>()))
    }

    /// [`exclude`](Group::exclude) of all ranks of these ranges.
    ///
    /// # Errors
    /// As [`include_ranges`](Group::include_ranges).
    pub fn exclude_ranges(&self, ranges: &[Ranks]) -> Result<Group, GroupError> {
        let named = self.named(self.spread(ranges)?.into_iter())?;
        Ok(self.without(&named))
    }

    /// What ranks the processes of these ranks have in the other group; `None` for those who are not in it.
    ///
    /// # Errors
    /// A rank that there isn't.
    pub fn translate(&self, ranks: &[usize], other: &Group) -> Result<Vec<Option<usize>>, GroupError> {
        let size = self.size();
        let in_other = |(entry, rank): (usize, &usize)| match self.process(*rank) {
            Some(process) => Ok(other.rank(process)),
            None => Err(GroupError::NoSuchRank { entry, rank: *rank, size }),
        };
        ranks.iter().enumerate().map(in_other).collect()
    }

    /// Whether two groups have the same members, and in the same order.
    pub fn compare(&self, other: &Group) -> Comparison {
        if self.size() != other.size() {
            return Comparison::Unequal;
        }
        if self == other || self.processes().eq(other.processes()) {
            return Comparison::Identical;
        }
        match self.processes().all(|process| other.rank(process).is_some()) {
            true => Comparison::Similar,
            false => Comparison::Unequal,
        }
    }

    /// Which ranks are named, each once.
    fn named(&self, ranks: impl Iterator<Item = (usize, usize)>) -> Result<Vec<bool>, GroupError> {
        let size = self.size();
        let mut named = vec![false; size];
        for (entry, rank) in ranks {
            match named.get_mut(rank) {
                None => return Err(GroupError::NoSuchRank { entry, rank, size }),
                Some(true) => return Err(GroupError::Repeated { entry, rank }),
                Some(named) => *named = true,
            }
        }
        Ok(named)
    }

    fn of_ranks(&self, ranks: &[usize]) -> Group {
        Group::of(ranks.iter().filter_map(|rank| self.process(*rank)).collect())
    }

    fn without(&self, named: &[bool]) -> Group {
        let kept = self.processes().zip(named).filter(|(_, named)| !**named);
        Group::of(kept.map(|(process, _)| process).collect())
    }

    /// The ranks of ranges, each with the number of its range. No longer than the group, apart from one rank too many.
    fn spread(&self, ranges: &[Ranks]) -> Result<Vec<(usize, usize)>, GroupError> {
        let size = self.size();
        let mut ranks = Vec::new();
        for (entry, range) in ranges.iter().copied().enumerate() {
            let Ranks { first, last, stride } = range;
            if stride == 0 || (first < last && stride < 0) || (first > last && stride > 0) {
                return Err(GroupError::Stride { entry, range });
            }
            if let Some(rank) = [first, last].into_iter().find(|rank| *rank >= size) {
                return Err(GroupError::NoSuchRank { entry, rank, size });
            }
            let steps = first.abs_diff(last) / stride.unsigned_abs();
            // More ranks than there are: one of them is there twice, and the check of names finds it.
            let room = (size + 1).saturating_sub(ranks.len());
            let rank = |step: usize| match stride > 0 {
                true => first + step * stride.unsigned_abs(),
                false => first - step * stride.unsigned_abs(),
            };
            ranks.extend((0..=steps).take(room).map(|step| (entry, rank(step))));
        }
        Ok(ranks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{JobId, ProcessId};

    /// A small generator (xorshift64).
    struct Chance(u64);

    impl Chance {
        fn below(&mut self, n: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) as usize % n
        }

        /// Some of the numbers below `n`, each once, in any order.
        fn some(&mut self, n: usize) -> Vec<usize> {
            let mut all: Vec<usize> = (0..n).collect();
            for i in (1..n).rev() {
                all.swap(i, self.below(i + 1));
            }
            all.truncate(self.below(n + 1));
            if self.below(3) == 0 {
                all.sort_unstable();
            }
            all
        }
    }

    fn process(number: usize) -> ProcessId {
        let job = JobId(7 + (number % 5 == 4) as u64);
        ProcessId { job, number: number as u32, incarnation: (number % 11 == 10) as u32 }
    }

    fn group(model: &[usize]) -> Group {
        Group::of(model.iter().map(|number| process(*number)).collect())
    }

    fn assert_is(group: &Group, model: &[usize], seed: u64) {
        let expected: Vec<ProcessId> = model.iter().map(|number| process(*number)).collect();
        assert_eq!(group.processes().collect::<Vec<_>>(), expected, "seed {seed}");
        for number in 0..70 {
            let rank = model.iter().position(|member| *member == number);
            assert_eq!(group.rank(process(number)), rank, "seed {seed}");
        }
    }

    #[test]
    fn operations_are_those_of_a_naive_model() {
        for seed in 1..400u64 {
            let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let (a, b) = (chance.some(60), chance.some(60));
            let (left, right) = (group(&a), group(&b));
            assert_is(&left, &a, seed);
            let not_in = |x: &[usize], y: &[usize]| -> Vec<usize> {
                x.iter().copied().filter(|number| !y.contains(number)).collect()
            };
            assert_is(&left.union(&right), &[a.clone(), not_in(&b, &a)].concat(), seed);
            assert_is(&left.difference(&right), &not_in(&a, &b), seed);
            let common: Vec<usize> = a.iter().copied().filter(|number| b.contains(number)).collect();
            assert_is(&left.intersection(&right), &common, seed);

            let ranks = chance.some(a.len());
            let chosen: Vec<usize> = ranks.iter().map(|rank| a[*rank]).collect();
            assert_is(&left.include(&ranks).unwrap(), &chosen, seed);
            assert_is(&left.exclude(&ranks).unwrap(), &not_in(&a, &chosen), seed);
            let translated = left.translate(&ranks, &right).unwrap();
            let expected: Vec<_> = chosen.iter().map(|n| b.iter().position(|m| m == n)).collect();
            assert_eq!(translated, expected, "seed {seed}");

            let mut sorted = (a.clone(), b.clone());
            sorted.0.sort_unstable();
            sorted.1.sort_unstable();
            let expected = match (a == b, sorted.0 == sorted.1) {
                (true, _) => Comparison::Identical,
                (false, true) => Comparison::Similar,
                (false, false) => Comparison::Unequal,
            };
            assert_eq!(left.compare(&right), expected, "seed {seed}");
            let mut turned = a.clone();
            turned.reverse();
            let expected = if a.len() < 2 { Comparison::Identical } else { Comparison::Similar };
            assert_eq!(left.compare(&group(&turned)), expected, "seed {seed}");
        }
    }

    /// The ranks of a range, one after the other; none if it is none.
    fn walk(range: Ranks, size: usize) -> Option<Vec<usize>> {
        let Ranks { first, last, stride } = range;
        if stride == 0 || (last as isize - first as isize) * stride < 0 || first.max(last) >= size {
            return None;
        }
        let mut ranks = vec![first as isize];
        while let Some(next) = ranks.last().map(|rank| rank + stride)
            && (next - last as isize) * stride <= 0
        {
            ranks.push(next);
        }
        Some(ranks.into_iter().map(|rank| rank as usize).collect())
    }

    #[test]
    fn ranges_are_their_ranks() {
        let all: Vec<usize> = (0..20).rev().collect();
        let whole = group(&all);
        for seed in 1..600u64 {
            let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let ranges: Vec<Ranks> = (0..chance.below(4))
                .map(|_| Ranks {
                    first: chance.below(21),
                    last: chance.below(21),
                    stride: chance.below(15) as isize - 7,
                })
                .collect();
            let ranks: Option<Vec<Vec<usize>>> = ranges.iter().map(|range| walk(*range, 20)).collect();
            let expected = ranks.map(|ranks| ranks.concat());
            let include = expected.as_ref().and_then(|ranks| whole.include(ranks).ok());
            assert_eq!(whole.include_ranges(&ranges).ok(), include, "seed {seed}: {ranges:?}");
            let exclude = expected.as_ref().and_then(|ranks| whole.exclude(ranks).ok());
            assert_eq!(whole.exclude_ranges(&ranges).ok(), exclude, "seed {seed}: {ranges:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let four = group(&[3, 1, 2, 0]);
        let check = |result: Result<Group, GroupError>, expected: &str| {
            assert_eq!(result.unwrap_err().to_string(), expected);
        };
        check(four.include(&[0, 4]), "entry 1 names rank 4; the group's ranks are 0 to 3");
        check(four.exclude(&[1, 2, 1]), "entry 2 names rank 1, which an earlier one has named");
        check(Group::empty().include(&[0]), "entry 0 names rank 0 of a group without members");
        let range = |first, last, stride| Ranks { first, last, stride };
        check(
            four.include_ranges(&[range(0, 3, 1), range(2, 2, 1)]),
            "entry 1 names rank 2, which an earlier one has named",
        );
        check(
            four.include_ranges(&[range(0, 3, -1)]),
            "entry 0 goes from 0 to 3 by steps of -1, and never comes there",
        );
        check(
            four.exclude_ranges(&[range(1, 1, 0)]),
            "entry 0 goes from 1 to 1 by steps of 0, and never comes there",
        );
        let huge = range(0, usize::MAX, isize::MAX);
        assert!(four.include_ranges(&[huge]).is_err());
        assert_eq!(four.include_ranges(&[range(3, 0, isize::MIN)]).unwrap().size(), 1);
        assert!(four.translate(&[4], &four).is_err());
    }

    #[test]
    fn a_large_irregular_group_is_searched_not_walked() {
        // Quadratic time would be 10^10 comparisons.
        let members: Vec<usize> = (0..100_000).map(|i| i * 7919 % 100_003).collect();
        let large = group(&members);
        assert!(matches!(large, Group::List(_)));
        assert_eq!(large.union(&large).compare(&large), Comparison::Identical);
        assert!(large.difference(&large).is_empty());
        assert_eq!(large.translate(&[5], &large), Ok(vec![Some(5)]));
    }
}
