//! Graphs: communicators whose ranks have neighbours.

use std::ops::Deref;
use std::sync::Arc;

use engine::mapping::Edge;
use engine::topology::{Neighbour, Shape, Topology};
use engine::{Error as Cause, graph};

use crate::called::called_to_make;
use crate::create::spot;
use crate::{Comm, Result};

impl Comm {
    /// Arranges the ranks as a graph that all of them know: rank r has the neighbours `neighbours[r]` (MPI 5.0 §8.5.3). All give
    /// the same; ranks that are left over get none. With `reorder` ranks become the vertices that suit them, as in
    /// [`cartesian_reordered`](Comm::cartesian_reordered). Collective; costs one all-gather, with `reorder` two.
    ///
    /// # Errors
    /// A graph with more vertices than ranks, or with a neighbour that is no vertex; a rank that is gone.
    ///
    /// ```
    /// # archipelago::testing::run(4, |world| {
    /// if let Some(path) = world.graph(&[vec![1], vec![0, 2], vec![1]], false)? {
    ///     let around = path.neighbours().all_gather(&[path.rank()])?;
    ///     assert_eq!(around.values(), [&[1][..], &[0, 2], &[1]][path.rank()]);
    /// } else {
    ///     assert_eq!(world.rank(), 3);
    /// }
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn graph(&self, neighbours: &[Vec<usize>], reorder: bool) -> Result<Option<Graph>> {
        called_to_make(self);
        let graph = graph::Graph::new(self.size(), neighbours).map_err(|error| {
            let error = Cause::Argument { name: "neighbours", why: error.to_string() };
            spot("graph").explain::<()>(&self.untyped, error)
        })?;
        let made = self.untyped.graph(&graph, reorder);
        let made = made.map_err(|error| spot("graph").explain::<()>(&self.untyped, error))?;
        Ok(made.and_then(|comm| Graph::of(Comm::of(comm))))
    }

    /// Arranges the ranks as a graph of which each knows the edges that come to it and those that leave it
    /// (MPI 5.0 §8.5.4). With `reorder` a rank may get another one, with the edges that were stated for that. Collective; costs
    /// two all-gathers and an all-to-all of 4 bytes for each edge, with `reorder` an all-gather of all edges and one more. An edge
    /// that one end alone states has its place among that one's neighbours, like an absent one of a grid, and carries nothing.
    ///
    /// # Errors
    /// A rank that there isn't; a rank that is gone.
    ///
    /// ```
    /// use archipelago::Neighbour;
    /// # archipelago::testing::run(4, |world| {
    /// // A one-way ring.
    /// let (me, n) = (world.rank(), world.size());
    /// let at = |rank| [Neighbour { rank, weight: 1 }];
    /// let ring = world.graph_adjacent(&at((me + n - 1) % n), &at((me + 1) % n), false)?;
    /// assert_eq!(ring.neighbours().all_gather(&[me])?.values(), [(me + n - 1) % n]);
    /// assert_eq!(ring.sources(), at((me + n - 1) % n));
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn graph_adjacent(
        &self,
        sources: &[Neighbour],
        destinations: &[Neighbour],
        reorder: bool,
    ) -> Result<Graph> {
        called_to_make(self);
        let made = self.untyped.graph_adjacent(sources, destinations, reorder);
        self.made("graph_adjacent", made)
    }

    /// [`graph_adjacent`](Comm::graph_adjacent) of edges (from, to, weight) each of which any one rank states, for whichever
    /// ranks. Costs two more all-to-alls, one of them of 16 bytes for each end of an edge.
    ///
    /// # Errors
    /// A rank that there isn't; a rank that is gone.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// // Rank 2 knows it all.
    /// let edges = [(0, 1, 5), (1, 2, 1), (0, 2, 1)];
    /// let graph = world.graph_of_edges(if world.rank() == 2 { &edges } else { &[] }, false)?;
    /// assert_eq!(graph.destinations().len(), [2, 1, 0][world.rank()]);
    /// let heard = graph.neighbours().all_gather(&[world.rank()])?;
    /// assert_eq!(heard.values(), [&[][..], &[0], &[1, 0]][world.rank()]);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn graph_of_edges(&self, edges: &[(usize, usize, u64)], reorder: bool) -> Result<Graph> {
        called_to_make(self);
        let number = |rank: usize| u32::try_from(rank).unwrap_or(u32::MAX);
        let edge =
            |&(from, to, weight): &(usize, usize, u64)| Edge { from: number(from), to: number(to), weight };
        let edges: Vec<Edge> = edges.iter().map(edge).collect();
        let made = self.untyped.graph_of_edges(&edges, reorder);
        self.made("graph_of_edges", made)
    }

    fn made(
        &self,
        operation: &'static str,
        made: std::result::Result<runtime::Comm, Cause>,
    ) -> Result<Graph> {
        let explain = |error| spot(operation).explain::<()>(&self.untyped, error);
        let made = made.map_err(explain)?;
        Graph::of(Comm::of(made)).ok_or_else(|| explain(Cause::StaleRequest))
    }
}

/// Ranks with neighbours. It is a communicator.
#[derive(Clone, Debug)]
pub struct Graph {
    comm: Comm,
    topology: Arc<Topology>,
    sources: Box<[Neighbour]>,
    destinations: Box<[Neighbour]>,
}

impl Graph {
    /// A communicator that was made as a graph.
    fn of(comm: Comm) -> Option<Graph> {
        let topology = comm.untyped.inner().topology()?.clone();
        let unweighted = |rank: u32| Neighbour { rank: rank as usize, weight: 1 };
        let (sources, destinations) = match &topology.shape {
            Shape::Distributed { sources, destinations } => (sources.clone(), destinations.clone()),
            _ => {
                let edges = &topology.neighbourhood;
                let sources = edges.sources().iter().flatten().map(|source| unweighted(source.rank));
                (
                    sources.collect(),
                    edges.destinations().iter().flatten().map(|rank| unweighted(*rank)).collect(),
                )
            }
        };
        Some(Graph { comm, topology, sources, destinations })
    }

    /// From whom edges come to this rank, in the order of the blocks that it gets (MPI 5.0 §8.5.5).
    pub fn sources(&self) -> &[Neighbour] {
        &self.sources
    }

    /// To whom edges lead from this rank, in the order of the blocks that it gives.
    pub fn destinations(&self) -> &[Neighbour] {
        &self.destinations
    }

    /// The neighbours of any rank, in their order: of a graph that all know; `None` of one of which each knows its own edges.
    ///
    /// # Errors
    /// A rank that there isn't.
    pub fn neighbours_of(&self, rank: usize) -> Result<Option<Vec<usize>>> {
        if rank >= self.size() {
            let error = Cause::NoSuchRank { rank, size: self.size() };
            return Err(spot("neighbours_of").explain::<()>(&self.comm.untyped, error));
        }
        Ok(match &self.topology.shape {
            Shape::Graph(graph) => Some(graph.neighbours(rank).iter().map(|rank| *rank as usize).collect()),
            _ => None,
        })
    }

    /// [`Comm::duplicate`], which keeps the graph.
    ///
    /// # Errors
    /// A rank that is gone.
    #[track_caller]
    pub fn duplicate(&self) -> Result<Graph> {
        self.comm.duplicate().map(|comm| Graph { comm, ..self.clone() })
    }

    pub(crate) fn topology(&self) -> &Topology {
        &self.topology
    }
}

impl Deref for Graph {
    type Target = Comm;

    fn deref(&self) -> &Comm {
        &self.comm
    }
}
