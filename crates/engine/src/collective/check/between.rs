//! What is in the buffers of a collective between two groups before, and what must be there after.

use super::machine::Memory;
use super::subject::Subject;
use super::value::Value;
use crate::collective::algorithms::sides::Side;
use crate::collective::{Blocks, Case, Collective, Lengths};
use std::sync::Arc;

impl Subject {
    fn sides(&self, rank: u32) -> (Side, Side) {
        Side::of(rank, self.case.size, self.case.sides)
    }

    /// Whether a member is on the side that doesn't have the root.
    fn faces_root(&self, rank: u32) -> bool {
        let (_, others) = self.sides(self.root);
        others.ranks().contains(&rank)
    }

    /// The case as a member sees it: the vectors of a reduce-scatter are as long on both sides, so that the blocks are not.
    pub(super) fn case_between(&self, rank: u32) -> Case {
        let (_, other) = self.sides(rank);
        match self.case.collective {
            Collective::ReduceScatter => {
                Case { elements: self.case.elements * other.size as u64, ..self.case }
            }
            _ => self.case,
        }
    }

    pub(super) fn lengths_between(&self, rank: u32) -> (Lengths, Lengths) {
        let bytes = self.case.element_bytes;
        let (own, other) = self.sides(rank);
        let me = own.number(rank);
        let one = |count: u64| Lengths::Bytes(count * bytes);
        let list = |count: &dyn Fn(u32) -> u64| {
            Lengths::Listed(Arc::new(Blocks::packed((0..other.size).map(count), bytes)))
        };
        let (_, facing) = self.sides(self.root);
        match self.case.collective {
            Collective::Gather | Collective::AllGather => {
                (one(self.count(rank, 0)), list(&|from| self.count(other.first + from, 0)))
            }
            Collective::Scatter => {
                let mine = if self.faces_root(rank) { self.count(self.root, facing.number(rank)) } else { 0 };
                (list(&|to| self.count(rank, to)), one(mine))
            }
            _ => (list(&|to| self.count(rank, to)), list(&|from| self.count(other.first + from, me))),
        }
    }

    /// Fills a member's input (of a broadcast's root the output).
    pub(super) fn fill_between(&self, rank: u32, memory: &mut Memory) {
        let call = self.call(rank);
        let (_, other) = self.sides(rank);
        let put = |buffer: &mut [Option<Value>], at: usize, values: &mut dyn Iterator<Item = Value>| {
            values.enumerate().for_each(|(i, value)| buffer[at + i] = Some(value));
        };
        match self.case.collective {
            Collective::Broadcast if rank == self.root => {
                put(&mut memory.output, 0, &mut self.block(rank, 0))
            }
            Collective::Gather | Collective::Reduce if self.faces_root(rank) => {
                put(&mut memory.input, 0, &mut self.block(rank, 0));
            }
            Collective::AllGather | Collective::AllReduce => {
                put(&mut memory.input, 0, &mut self.block(rank, 0));
            }
            Collective::Scatter if rank != self.root => {}
            Collective::Scatter | Collective::AllToAll => (0..other.size).for_each(|to| {
                put(&mut memory.input, self.place(&call.input, to), &mut self.block(rank, to));
            }),
            Collective::ReduceScatter => {
                let elements = memory.input.len() as u64;
                let mut vector = (0..elements).map(|e| Value::of(rank, e, self.case.commutative));
                put(&mut memory.input, 0, &mut vector);
            }
            _ => {}
        }
    }

    /// What a member's output must be after the execution.
    pub(super) fn expected_between(&self, rank: u32, elements: usize) -> Vec<Option<Value>> {
        let call = self.call(rank);
        let (own, other) = self.sides(rank);
        let me = own.number(rank);
        let mut output = vec![None; elements];
        let mut put = |at: usize, values: &mut dyn Iterator<Item = Value>| {
            values.enumerate().for_each(|(i, value)| output[at + i] = Some(value));
        };
        let combined = |e| Value::of_ranks(other.first, other.first + other.size, e, self.case.commutative);
        let (at_root, faces_root) = (rank == self.root, self.faces_root(rank));
        match self.case.collective {
            Collective::Broadcast if at_root || faces_root => put(0, &mut self.block(self.root, 0)),
            Collective::Scatter if faces_root => put(0, &mut self.block(self.root, me)),
            Collective::Gather if !at_root => {}
            Collective::Gather | Collective::AllGather | Collective::AllToAll => {
                (0..other.size).for_each(|from| {
                    put(self.place(&call.output, from), &mut self.block(other.first + from, me));
                });
            }
            Collective::Reduce if !at_root => {}
            Collective::Reduce | Collective::AllReduce => put(0, &mut (0..self.case.elements).map(combined)),
            Collective::ReduceScatter => {
                let first = me as u64 * call.case.elements;
                put(0, &mut (first..first + call.case.elements).map(combined));
            }
            _ => {}
        }
        output
    }
}
