//! What is checked: a case with a root and the sizes of the blocks; what is in the buffers before, and after.

use super::fault::Fault;
use super::machine::Memory;
use super::value::Value;
use crate::collective::{
    Algorithm, Blocks, Call, Case, Collective, Hosts, Lengths, Neighbourhood, Schedule, Source, Traffic,
};
use std::sync::Arc;

/// A call of all members of a communicator.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What all share.
    pub case: Case,
    /// The root.
    pub root: u32,
    /// Whether the root's contribution lies in its output (gather, reduce) or stays in its input (scatter).
    pub root_in_place: bool,
    /// Elements of the block that goes from one rank to another, in a vector form.
    pub counts: fn(u32, u32) -> u64,
    /// On which hosts the members are, if on several.
    pub hosts: Option<Arc<Hosts>>,
    /// The members' neighbours, by rank, for a neighbourhood collective.
    pub neighbours: Vec<Arc<Neighbourhood>>,
}

impl Subject {
    /// All blocks equal, nothing in place unless the case says so.
    pub fn new(case: Case, root: u32) -> Subject {
        Subject { case, root, root_in_place: false, counts: |_, _| 0, hosts: None, neighbours: Vec::new() }
    }

    /// The block from `from` to `to` (its place among the destinations, for neighbours) in elements; what isn't addressed (gather, all-gather) goes to rank 0.
    pub(super) fn count(&self, from: u32, to: u32) -> u64 {
        match (self.case.listed, self.case.collective) {
            (false, _) => self.case.elements,
            (true, Collective::Gather | Collective::AllGather | Collective::NeighbourAllGather) => {
                (self.counts)(from, 0)
            }
            (true, Collective::ReduceScatter) => (self.counts)(to, 0),
            (true, _) => (self.counts)(from, to),
        }
    }

    /// The same on these hosts.
    pub fn across(self, hosts: Hosts) -> Subject {
        let case = Case { spread: Some(hosts.spread()), board: None, ..self.case };
        Subject { case, hosts: Some(Arc::new(hosts)), ..self }
    }

    /// The schedule of one member.
    pub fn schedule(&self, algorithm: &'static Algorithm, rank: u32) -> Schedule {
        Schedule::across(algorithm, &self.call(rank), self.hosts.as_ref())
    }

    /// The part of one member.
    pub fn call(&self, rank: u32) -> Call {
        let case = if self.case.sides > 0 { self.case_between(rank) } else { self.case };
        let in_place = if case.collective.has_root() { self.root_in_place } else { case.in_place };
        let neighbours = self.neighbours.get(rank as usize).cloned();
        let mut call = Call { in_place, neighbours, ..Call::new(case, rank, self.root) };
        if case.listed {
            (call.input, call.output) = match case.sides {
                0 => self.lengths(rank),
                _ => self.lengths_between(rank),
            };
        }
        call
    }

    fn lengths(&self, rank: u32) -> (Lengths, Lengths) {
        let bytes = self.case.element_bytes;
        // Places with gaps, in falling order for odd ranks.
        let list_of = |counts: Vec<u64>| {
            let mut places = vec![0; counts.len()];
            let mut end = 0;
            for i in 0..counts.len() {
                let block = if rank.is_multiple_of(2) { i } else { counts.len() - 1 - i };
                places[block] = end + i as u64 % 3;
                end = places[block] + counts[block];
            }
            Lengths::Listed(Arc::new(Blocks::displaced(&counts, &places, bytes)))
        };
        let list = |count: &dyn Fn(u32) -> u64| list_of((0..self.case.size).map(count).collect());
        let own = |count: u64| Lengths::Bytes(count * bytes);
        let edges = || &self.neighbours[rank as usize];
        // An absent neighbour's block has a length all the same.
        let coming = || {
            let count = |source: &Option<Source>| source.map_or(2, |s| self.count(s.rank, s.place));
            list_of(edges().sources().iter().map(count).collect())
        };
        match self.case.collective {
            Collective::Gather | Collective::AllGather => {
                (own(self.count(rank, 0)), list(&|from| self.count(from, 0)))
            }
            Collective::Scatter => (list(&|to| self.count(self.root, to)), own(self.count(self.root, rank))),
            Collective::ReduceScatter => {
                let counts = (0..self.case.size).map(|to| self.count(rank, to));
                let all = Lengths::Listed(Arc::new(Blocks::packed(counts, bytes)));
                match self.case.in_place {
                    true => (Lengths::Alike, all),
                    false => (all, own(self.count(rank, rank))),
                }
            }
            Collective::NeighbourAllGather => (own(self.count(rank, 0)), coming()),
            Collective::NeighbourAllToAll => {
                let counts = (0..edges().destinations().len()).map(|place| self.count(rank, place as u32));
                (list_of(counts.collect()), coming())
            }
            _ => (list(&|to| self.count(rank, to)), list(&|from| self.count(from, rank))),
        }
    }

    /// What the block for `to` of `rank`'s contribution holds.
    pub(super) fn block(&self, rank: u32, to: u32) -> impl Iterator<Item = Value> {
        let addressed = matches!(
            self.case.collective,
            Collective::Scatter
                | Collective::AllToAll
                | Collective::ReduceScatter
                | Collective::NeighbourAllToAll
        );
        let high = if addressed { (to as u64) << 32 } else { 0 };
        let count = self.count(rank, if addressed { to } else { 0 });
        let commutative = self.case.commutative;
        (0..count).map(move |element| Value::of(rank, high | element, commutative))
    }

    /// Where the block of `other` starts in a buffer with one block per rank, in elements.
    pub(super) fn place(&self, lengths: &Lengths, other: u32) -> usize {
        let bytes = match lengths {
            Lengths::Listed(list) => list.span(other).offset,
            _ => other as u64 * self.case.bytes(),
        };
        (bytes / self.case.element_bytes.max(1)) as usize
    }

    /// Fills a member's buffers before the execution.
    pub(super) fn fill(&self, rank: u32, memory: &mut Memory) {
        if self.case.sides > 0 {
            return self.fill_between(rank, memory);
        }
        let call = self.call(rank);
        let put = |buffer: &mut [Option<Value>], at: usize, values: &mut dyn Iterator<Item = Value>| {
            values.enumerate().for_each(|(i, value)| buffer[at + i] = Some(value));
        };
        let at_root = rank == self.root;
        let size = self.case.size;
        match self.case.collective {
            Collective::Barrier => {}
            Collective::Broadcast if at_root => put(&mut memory.output, 0, &mut self.block(rank, 0)),
            Collective::Broadcast => {}
            Collective::Gather | Collective::AllGather => {
                let in_place = call.in_place && (at_root || self.case.collective == Collective::AllGather);
                match in_place {
                    false => put(&mut memory.input, 0, &mut self.block(rank, 0)),
                    true => {
                        put(&mut memory.output, self.place(&call.output, rank), &mut self.block(rank, 0));
                    }
                }
            }
            Collective::Scatter if !at_root => {}
            Collective::Scatter => (0..size).for_each(|to| {
                put(&mut memory.input, self.place(&call.input, to), &mut self.block(rank, to));
            }),
            Collective::AllToAll | Collective::ReduceScatter => {
                (0..size).for_each(|to| match call.in_place {
                    false => put(&mut memory.input, self.place(&call.input, to), &mut self.block(rank, to)),
                    true => put(&mut memory.output, self.place(&call.output, to), &mut self.block(rank, to)),
                })
            }
            Collective::NeighbourAllGather => put(&mut memory.input, 0, &mut self.block(rank, 0)),
            Collective::NeighbourAllToAll => {
                for (place, to) in self.neighbours[rank as usize].destinations().iter().enumerate() {
                    if to.is_some() {
                        let at = self.place(&call.input, place as u32);
                        put(&mut memory.input, at, &mut self.block(rank, place as u32));
                    }
                }
            }
            Collective::Reduce | Collective::AllReduce | Collective::Scan | Collective::ExclusiveScan => {
                let in_place = call.in_place && (at_root || !self.case.collective.has_root());
                let buffer = if in_place { &mut memory.output } else { &mut memory.input };
                put(buffer, 0, &mut self.block(rank, 0));
            }
        }
    }

    /// What a member's output must be after the execution.
    fn expected(&self, rank: u32, elements: usize) -> Vec<Option<Value>> {
        if self.case.sides > 0 {
            return self.expected_between(rank, elements);
        }
        let call = self.call(rank);
        let (case, size) = (&self.case, self.case.size);
        let mut output = vec![None; elements];
        let mut put = |at: usize, values: &mut dyn Iterator<Item = Value>| {
            values.enumerate().for_each(|(i, value)| output[at + i] = Some(value));
        };
        let at_root = rank == self.root;
        match case.collective {
            Collective::Barrier => {}
            Collective::Broadcast => put(0, &mut self.block(self.root, 0)),
            Collective::Gather if !at_root => {}
            Collective::Gather | Collective::AllGather | Collective::AllToAll => (0..size).for_each(|from| {
                put(self.place(&call.output, from), &mut self.block(from, rank));
            }),
            Collective::Scatter if at_root && call.in_place => {}
            Collective::Scatter => put(0, &mut self.block(self.root, rank)),
            Collective::ReduceScatter => {
                let high = (rank as u64) << 32;
                let count = self.count(rank, rank);
                put(0, &mut (0..count).map(|e| Value::of_ranks(0, size, high | e, case.commutative)));
            }
            Collective::NeighbourAllGather | Collective::NeighbourAllToAll => {
                for (i, source) in self.neighbours[rank as usize].sources().iter().enumerate() {
                    if let Some(source) = source {
                        let at = self.place(&call.output, i as u32);
                        put(at, &mut self.block(source.rank, source.place));
                    }
                }
            }
            // Rank 0 gets nothing: what it had, it keeps.
            Collective::ExclusiveScan if rank == 0 => {
                if call.in_place {
                    put(0, &mut self.block(rank, 0));
                }
            }
            Collective::Reduce if !at_root => {}
            Collective::Reduce | Collective::AllReduce | Collective::Scan | Collective::ExclusiveScan => {
                let end = match case.collective {
                    Collective::Scan => rank + 1,
                    Collective::ExclusiveScan => rank,
                    _ => size,
                };
                put(0, &mut (0..case.elements).map(|e| Value::of_ranks(0, end, e, case.commutative)));
            }
        }
        output
    }

    /// Compares all outputs with what they must be.
    pub(super) fn verify(&self, memories: impl Iterator<Item = (u32, Memory)>) -> Result<(), Fault> {
        for (rank, memory) in memories {
            let expected = self.expected(rank, memory.output.len());
            // Behind its result, a reduce-scatter in place leaves whatever it likes.
            let (case, call) = (&self.case, self.call(rank));
            let result = case.collective == Collective::ReduceScatter && call.in_place;
            let checked = if result { self.count(rank, rank) as usize } else { expected.len() };
            let pairs = memory.output.iter().zip(&expected).take(checked);
            for (element, (found, expected)) in pairs.enumerate() {
                if found != expected {
                    let element = element as u64;
                    return Err(Fault::Output { rank, element, found: *found, expected: *expected });
                }
            }
        }
        Ok(())
    }

    /// Compares what was sent with what the table states.
    pub(super) fn verify_traffic(&self, algorithm: &Algorithm, found: Traffic) -> Result<(), Fault> {
        let case = &self.case;
        let mut stated = (algorithm.traffic)(case);
        // A result that is handed from rank 0 to the root; what goes straight to the root has no such hop.
        let straight = algorithm.uses_board() || algorithm.name == "linear";
        let handed = case.collective == Collective::Reduce && !case.commutative && self.root != 0;
        if handed && algorithm.name == "scattered" {
            // The root keeps its own part, which may be shorter than the first.
            stated.bytes = found.bytes;
        } else if handed && !straight {
            stated.messages += 1;
            stated.bytes += case.bytes();
        }
        if case.listed {
            stated.bytes = found.bytes;
        }
        // What a host's members do depends on how many they are, which differs.
        if case.spread.is_some() && algorithm.name.starts_with("two-level") {
            match case.collective {
                Collective::Gather | Collective::Scatter | Collective::AllToAll => stated.bytes = found.bytes,
                Collective::ReduceScatter => stated.bytes = found.bytes,
                Collective::Scan | Collective::ExclusiveScan => return Ok(()),
                _ => {}
            }
        }
        // On which side the root is, and how long the blocks of the other side are, the case doesn't say.
        if case.sides > 0 && case.collective.has_root() {
            return Ok(());
        }
        if case.sides > 0 && case.collective == Collective::ReduceScatter {
            stated.bytes = found.bytes;
        }
        // Which blocks fit a slot, and which neighbours there are, the case doesn't say.
        if case.collective.has_neighbours() || (case.listed && algorithm.uses_board()) {
            return Ok(());
        }
        if found != stated { Err(Fault::Count { found, stated }) } else { Ok(()) }
    }
}
