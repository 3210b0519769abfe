//! What a communicator knows of the edges between its ranks (MPI 5.0 §8.4).

use std::sync::Arc;

use crate::cartesian::Grid;
use crate::collective::Neighbourhood;
use crate::graph::Graph;

/// A neighbour, and how much the edge to or from it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Its rank.
    pub rank: usize,
    /// The weight of the edge.
    pub weight: u64,
}

/// How the ranks are connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// As points of a grid.
    Grid(Grid),
    /// As all members know.
    Graph(Graph),
    /// As each member knows for itself.
    Distributed {
        /// From whom edges come to this rank.
        sources: Box<[Neighbour]>,
        /// To whom edges lead from this rank.
        destinations: Box<[Neighbour]>,
    },
}

/// The topology of a communicator, as one rank sees it.
#[derive(Clone, Debug)]
pub struct Topology {
    /// How the ranks are connected.
    pub shape: Shape,
    /// With whom this rank exchanges in collectives of neighbours.
    pub neighbourhood: Arc<Neighbourhood>,
    /// The most neighbours that any rank sends to.
    pub degree: u32,
}

impl Topology {
    /// Of the point `rank` of a grid.
    pub fn of_grid(grid: Grid, rank: usize) -> Topology {
        let neighbourhood = Arc::new(Neighbourhood::of_grid(&grid, rank));
        let degree = 2 * grid.dimensions().len() as u32;
        Topology { shape: Shape::Grid(grid), neighbourhood, degree }
    }

    /// Of the vertex `rank` of a graph.
    pub fn of_graph(graph: Graph, rank: usize) -> Topology {
        let (neighbourhood, degree) = (Arc::new(graph.neighbourhood(rank)), graph.degree());
        Topology { shape: Shape::Graph(graph), neighbourhood, degree }
    }

    /// The grid, if it is one.
    pub fn grid(&self) -> Option<&Grid> {
        match &self.shape {
            Shape::Grid(grid) => Some(grid),
            _ => None,
        }
    }
}
