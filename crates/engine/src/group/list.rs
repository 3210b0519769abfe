//! Irregular groups: the processes as they stand, and an index of them.

use std::cmp::Ordering;
use std::sync::OnceLock;

use wire::ProcessId;

/// Below this a search from the start is as fast as one by the index.
const INDEXED_MIN: usize = 16;

/// Any processes in any order.
#[derive(Debug)]
pub struct List {
    processes: Box<[ProcessId]>,
    /// The ranks in the order of their processes; made by the first question that wants it.
    sorted: OnceLock<Box<[u32]>>,
}

impl List {
    /// These processes.
    pub fn new(processes: Vec<ProcessId>) -> List {
        List { processes: processes.into(), sorted: OnceLock::new() }
    }

    /// The processes, by rank.
    pub fn processes(&self) -> &[ProcessId] {
        &self.processes
    }

    /// The (first) rank of a process.
    pub fn rank(&self, process: ProcessId) -> Option<usize> {
        if self.processes.len() < INDEXED_MIN {
            return self.processes.iter().position(|p| *p == process);
        }
        let of = |rank: &u32| self.processes[*rank as usize];
        let sorted = self.sorted.get_or_init(|| {
            let mut ranks: Box<[u32]> = (0..self.processes.len() as u32).collect();
            ranks.sort_by_key(of);
            ranks
        });
        let place = sorted.partition_point(|rank| of(rank).cmp(&process) == Ordering::Less);
        let rank = sorted.get(place).filter(|rank| of(rank) == process)?;
        Some(*rank as usize)
    }
}

/// The index says nothing of its own.
impl PartialEq for List {
    fn eq(&self, other: &List) -> bool {
        self.processes == other.processes
    }
}

impl Eq for List {}
