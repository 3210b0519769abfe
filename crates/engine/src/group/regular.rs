//! Groups whose processes follow one another at equal distances, which most do, cost a few bytes.

use std::sync::Arc;

use wire::{JobId, ProcessId};

use super::List;

/// An ordered set of processes. A rank is a position in it. Regular groups cost a few bytes whatever their size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Group {
    /// Processes `first`, `first + stride`, ... of one job, all of incarnation 0.
    Strided {
        /// The job of them all.
        job: JobId,
        /// The number of rank 0.
        first: u32,
        /// Distance between the numbers of neighbouring ranks.
        stride: u32,
        /// How many.
        size: u32,
    },
    /// Any processes in any order.
    List(Arc<List>),
}

impl Group {
    /// The first `size` processes of a job: its world.
    pub fn world(job: JobId, size: u32) -> Group {
        Group::Strided { job, first: 0, stride: 1, size }
    }

    /// A group of these processes, in the shortest form that describes it.
    pub fn of(processes: Vec<ProcessId>) -> Group {
        let strided = || {
            let (first, second) = (processes.first()?, processes.get(1));
            let stride = second.map_or(Some(1), |p| p.number.checked_sub(first.number))?;
            let regular = processes.iter().enumerate().all(|(i, p)| {
                p.job == first.job
                    && p.incarnation == 0
                    && p.number as u64 == first.number as u64 + i as u64 * stride as u64
            });
            (regular && stride > 0).then_some(Group::Strided {
                job: first.job,
                first: first.number,
                stride,
                size: processes.len() as u32,
            })
        };
        strided().unwrap_or_else(|| Group::List(Arc::new(List::new(processes))))
    }

    /// Nobody (MPI 5.0 §7.2.1, the empty group).
    pub fn empty() -> Group {
        Group::of(Vec::new())
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.size() == 0
    }

    /// The processes in the order of ranks.
    pub fn processes(&self) -> impl Iterator<Item = ProcessId> + '_ {
        (0..self.size()).filter_map(|rank| self.process(rank))
    }

    /// How many processes.
    pub fn size(&self) -> usize {
        match self {
            Group::Strided { size, .. } => *size as usize,
            Group::List(list) => list.processes().len(),
        }
    }

    /// The process of a rank, if there is such a rank.
    pub fn process(&self, rank: usize) -> Option<ProcessId> {
        match self {
            Group::Strided { job, first, stride, size } => (rank < *size as usize).then(|| ProcessId {
                job: *job,
                number: first + stride * rank as u32,
                incarnation: 0,
            }),
            Group::List(list) => list.processes().get(rank).copied(),
        }
    }

    /// The rank of a process, if it is a member: in constant time for regular groups, logarithmic for others, which are sorted
    /// once for that.
    pub fn rank(&self, process: ProcessId) -> Option<usize> {
        match self {
            Group::Strided { job, first, stride, size } => {
                let distance = process.number.checked_sub(*first)?;
                let rank = distance / stride;
                let member =
                    process.job == *job && process.incarnation == 0 && distance % stride == 0 && rank < *size;
                member.then_some(rank as usize)
            }
            Group::List(list) => list.rank(process),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn processes(numbers: &[u32]) -> Vec<ProcessId> {
        numbers.iter().map(|&number| ProcessId { job: JobId(7), number, incarnation: 0 }).collect()
    }

    #[test]
    fn regular_groups_are_short_and_answer_like_lists() {
        for numbers in [vec![0], vec![3, 5, 7, 9], vec![4, 2, 0], vec![1, 2, 4], vec![0, 1, 2, 3]] {
            let list = processes(&numbers);
            let group = Group::of(list.clone());
            assert_eq!(group.size(), list.len());
            for (rank, process) in list.iter().enumerate() {
                assert_eq!(group.process(rank), Some(*process));
                assert_eq!(group.rank(*process), Some(rank));
            }
            assert_eq!(group.process(list.len()), None);
            assert_eq!(group.rank(processes(&[100])[0]), None);
        }
        assert!(matches!(Group::of(processes(&[3, 5, 7])), Group::Strided { stride: 2, .. }));
        assert!(matches!(Group::of(processes(&[3, 3])), Group::List(_)));
    }
}
