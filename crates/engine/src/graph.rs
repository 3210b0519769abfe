//! Graph topologies: whom each rank has for neighbours, known as a whole by every member (MPI 5.0 §8.5.3).
//!
//! Distributed graphs (§8.5.4), of which a member knows its own edges only, need no more than a
//! [`Neighbourhood`].

use std::collections::HashMap;
use std::fmt;

use crate::collective::{Neighbourhood, Source};
use crate::mapping::Edge;

/// The neighbours of every rank, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    neighbours: Box<[Box<[u32]>]>,
    is_symmetric: bool,
}

/// What is wrong with a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GraphError {
    /// It has more vertices than there are ranks.
    Vertices {
        /// How many it has.
        vertices: usize,
        /// How many ranks there are.
        ranks: usize,
    },
    /// A neighbour that it doesn't have.
    NoSuchRank {
        /// Whose neighbour.
        of: usize,
        /// Which it would be.
        rank: usize,
        /// How many vertices there are.
        vertices: usize,
    },
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GraphError::Vertices { vertices, ranks } => {
                write!(f, "the graph has {vertices} vertices and there are {ranks} ranks")
            }
            GraphError::NoSuchRank { of, rank, vertices } => {
                write!(f, "rank {of} has rank {rank} for a neighbour, and the graph has {vertices} vertices")
            }
        }
    }
}

impl std::error::Error for GraphError {}

impl Graph {
    /// The graph in which rank r has the neighbours `neighbours[r]`, for the first of `ranks` ranks. A rank may be its own
    /// neighbour, and one several times.
    ///
    /// # Errors
    /// More vertices than ranks; a neighbour that is no vertex.
    pub fn new(ranks: usize, neighbours: &[Vec<usize>]) -> Result<Graph, GraphError> {
        let vertices = neighbours.len();
        if vertices > ranks {
            return Err(GraphError::Vertices { vertices, ranks });
        }
        for (of, list) in neighbours.iter().enumerate() {
            if let Some(&rank) = list.iter().find(|rank| **rank >= vertices) {
                return Err(GraphError::NoSuchRank { of, rank, vertices });
            }
        }
        let list = |list: &Vec<usize>| list.iter().map(|rank| *rank as u32).collect();
        let mut graph = Graph { neighbours: neighbours.iter().map(list).collect(), is_symmetric: true };
        let mut there: Vec<(u32, u32)> = graph.edges().iter().map(|edge| (edge.from, edge.to)).collect();
        let mut back: Vec<(u32, u32)> = there.iter().map(|(from, to)| (*to, *from)).collect();
        there.sort_unstable();
        back.sort_unstable();
        graph.is_symmetric = there == back;
        Ok(graph)
    }

    /// How many vertices.
    pub fn size(&self) -> usize {
        self.neighbours.len()
    }

    /// The neighbours of a rank, in their order; none of a rank outside.
    pub fn neighbours(&self, rank: usize) -> &[u32] {
        self.neighbours.get(rank).map_or(&[], |list| list)
    }

    /// The most neighbours that any rank has.
    pub fn degree(&self) -> u32 {
        self.neighbours.iter().map(|list| list.len()).max().unwrap_or(0) as u32
    }

    /// Whether between any two ranks there are as many edges one way as the other.
    pub fn is_symmetric(&self) -> bool {
        self.is_symmetric
    }

    /// All edges.
    pub fn edges(&self) -> Vec<Edge> {
        let of = |vertex: usize| {
            let neighbours = self.neighbours[vertex].iter();
            neighbours.map(move |to| Edge { from: vertex as u32, to: *to, weight: 1 })
        };
        (0..self.size()).flat_map(of).collect()
    }

    /// With whom a rank exchanges (MPI 5.0 §8.6): it sends to its neighbours, and receives from those that have it for a
    /// neighbour. Where these are the same ranks (the graph is symmetric at this rank, as MPI wants it) blocks come in the
    /// order of its own neighbours, else in the order of ranks.
    pub fn neighbourhood(&self, rank: usize) -> Neighbourhood {
        let me = rank as u32;
        let mut coming: HashMap<u32, Vec<u32>> = HashMap::new();
        let mut senders = Vec::new();
        for (from, list) in self.neighbours.iter().enumerate() {
            for (place, _) in list.iter().enumerate().filter(|(_, to)| **to == me) {
                coming.entry(from as u32).or_default().push(place as u32);
                senders.push(from as u32);
            }
        }
        let own = self.neighbours(rank);
        let mut sorted = own.to_vec();
        sorted.sort_unstable();
        let order = if sorted == senders { own } else { &senders };
        // Of several edges from one rank the first is its first.
        let mut taken: HashMap<u32, usize> = HashMap::new();
        let source = |from: &u32| {
            let turn = taken.entry(*from).or_default();
            *turn += 1;
            coming.get(from)?.get(*turn - 1).map(|place| Source { rank: *from, place: *place })
        };
        let sources: Vec<Option<Source>> = order.iter().map(source).collect();
        Neighbourhood::new(sources, own.iter().map(|to| Some(*to)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_refused() {
        assert_eq!(Graph::new(1, &[vec![], vec![]]), Err(GraphError::Vertices { vertices: 2, ranks: 1 }));
        let refused = Graph::new(3, &[vec![1], vec![0, 2]]);
        assert_eq!(refused, Err(GraphError::NoSuchRank { of: 1, rank: 2, vertices: 2 }));
    }

    #[test]
    fn edges_that_lead_both_ways() {
        let check = |neighbours: &[Vec<usize>], expected: bool| {
            assert_eq!(Graph::new(9, neighbours).unwrap().is_symmetric(), expected, "{neighbours:?}");
        };
        check(&[vec![1, 3], vec![0], vec![3], vec![0, 2]], true);
        check(&[vec![1, 1, 0], vec![0, 0]], true);
        check(&[vec![1, 1], vec![0]], false);
        check(&[vec![], vec![0], vec![0]], false);
    }

    #[test]
    fn every_block_that_leaves_arrives_once() {
        let graphs = [
            vec![vec![1, 3], vec![0], vec![3], vec![2, 0]],
            vec![vec![1, 1, 0], vec![0, 0, 1, 1]],
            vec![vec![1, 2], vec![2], vec![]],
            vec![],
        ];
        for neighbours in graphs {
            let graph = Graph::new(9, &neighbours).unwrap();
            let all: Vec<_> = (0..graph.size()).map(|rank| graph.neighbourhood(rank)).collect();
            let mut arrived = 0;
            for (rank, mine) in all.iter().enumerate() {
                for source in mine.sources().iter() {
                    let source = source.unwrap();
                    let theirs = &all[source.rank as usize];
                    assert_eq!(theirs.destinations()[source.place as usize], Some(rank as u32));
                    arrived += 1;
                }
            }
            assert_eq!(arrived, graph.edges().len());
        }
    }

    #[test]
    fn symmetric_graphs_receive_in_the_order_in_which_they_send() {
        let graph = Graph::new(4, &[vec![3, 1], vec![0], vec![3], vec![2, 0]]).unwrap();
        let mine = graph.neighbourhood(0);
        let sources: Vec<u32> = mine.sources().iter().flatten().map(|source| source.rank).collect();
        assert_eq!(sources, [3, 1]);
        assert_eq!(graph.degree(), 2);
    }
}
