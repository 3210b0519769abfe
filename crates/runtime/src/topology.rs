//! Communicators with a topology: grids, graphs and distributed graphs (MPI 5.0 §8.5).
//!
//! Each costs the all-gather of every new communicator. Reordering adds one of 24 bytes each (where everybody runs) and, for
//! distributed graphs, one of all edges.

use std::sync::Arc;

use engine::Error;
use engine::cartesian::{Grid, GridError};
use engine::collective::{Neighbourhood, Source};
use engine::graph::Graph;
use engine::mapping::{self, Edge, Seat};
use engine::topology::{Neighbour, Shape, Topology};
use wire::ContextId;

use crate::Comm;
use crate::create::Wanted;

/// An edge that somebody states for whom it may concern.
pub type StatedEdge = Edge;

/// Bytes of an edge that travels: its ends and its weight.
const EDGE_BYTES: usize = 16;

impl Comm {
    /// The communicator of a grid's points, which are the first ranks here; `None` at the others. With `reorder` these are
    /// mapped to points as [`mapping::arrange`] finds best.
    ///
    /// # Errors
    /// More points than ranks, before anything is done; as [`collective`](Comm::collective).
    pub fn cartesian(&self, grid: &Grid, reorder: bool) -> Result<Option<Comm>, Error> {
        let vertex = self.point(grid, reorder)?;
        let topology = vertex.map(|vertex| Arc::new(Topology::of_grid(grid.clone(), vertex)));
        self.connected(vertex, topology, "grid")
    }

    /// Which point of a grid this member is, if one: with `reorder` that to which [`cartesian`](Comm::cartesian) would map it
    /// (MPI 5.0 §8.5.8). Costs an all-gather of 24 bytes each if so.
    ///
    /// # Errors
    /// As [`cartesian`](Comm::cartesian).
    pub fn point(&self, grid: &Grid, reorder: bool) -> Result<Option<usize>, Error> {
        if grid.size() > self.size() {
            let why = GridError::Points { points: grid.size(), ranks: self.size() }.to_string();
            return Err(Error::Argument { name: "dimensions", why });
        }
        self.seated(grid.size(), reorder, || (mapping::edges_of(grid), Some(grid)))
    }

    /// The communicator of those points of this grid that differ from this one in the kept dimensions alone
    /// (MPI 5.0 §8.5.7).
    ///
    /// # Errors
    /// A communicator that is no grid, or not one entry for each dimension: before anything is done. As
    /// [`collective`](Comm::collective).
    pub fn grid_part(&self, kept: &[bool]) -> Result<Comm, Error> {
        let Some(grid) = self.inner().topology().and_then(|topology| topology.grid()) else {
            return Err(Error::Argument { name: "self", why: "the communicator is no grid".into() });
        };
        let slice = grid.slice(self.rank(), kept).map_err(|_| {
            let (given, there_are) = (kept.len(), grid.dimensions().len());
            let why = format!("it has {given} entries and the grid {there_are} dimensions");
            Error::Argument { name: "kept", why }
        })?;
        let topology = Some(Arc::new(Topology::of_grid(slice.grid, slice.rank)));
        let name = format!("part {} of {}", slice.number, self.name());
        let wanted =
            Wanted { colour: Some(slice.number as u32), key: slice.rank as i64, ..Wanted::one(name) };
        let part = self.part(Wanted { topology, ..wanted }, |_| true)?;
        // Every point is in a part.
        part.ok_or(Error::StaleRequest)
    }

    /// The communicator of a graph's vertices, which are the first ranks here; `None` at the others. `reorder` as for a grid.
    ///
    /// # Errors
    /// More vertices than ranks, before anything is done; as [`collective`](Comm::collective).
    pub fn graph(&self, graph: &Graph, reorder: bool) -> Result<Option<Comm>, Error> {
        let vertex = self.vertex(graph, reorder)?;
        let topology = vertex.map(|vertex| Arc::new(Topology::of_graph(graph.clone(), vertex)));
        self.connected(vertex, topology, "graph")
    }

    /// Which vertex of a graph this member is, if one: as [`point`](Comm::point).
    ///
    /// # Errors
    /// As [`graph`](Comm::graph).
    pub fn vertex(&self, graph: &Graph, reorder: bool) -> Result<Option<usize>, Error> {
        if graph.size() > self.size() {
            let why = format!("it has {} vertices and there are {} ranks", graph.size(), self.size());
            return Err(Error::Argument { name: "neighbours", why });
        }
        self.seated(graph.size(), reorder, || (graph.edges(), None))
    }

    /// The communicator of the same members, of whose edges each states those that come to it and those that leave it
    /// (MPI 5.0 §8.5.4). Costs, besides, an all-gather of 32 bytes each and an all-to-all of 4 bytes for each edge.
    ///
    /// With `reorder` a member may get another rank, and the edges that were stated by the old holder of that rank. An edge that
    /// one end alone states has its place among that one's neighbours, and carries nothing; to find these out costs one more
    /// all-to-all of 8 bytes.
    ///
    /// # Errors
    /// A rank that there isn't, before anything is done; as [`collective`](Comm::collective).
    pub fn graph_adjacent(
        &self,
        sources: &[Neighbour],
        destinations: &[Neighbour],
        reorder: bool,
    ) -> Result<Comm, Error> {
        for (name, list) in [("sources", sources), ("destinations", destinations)] {
            if let Some(Neighbour { rank, .. }) = list.iter().find(|neighbour| neighbour.rank >= self.size())
            {
                let why = format!("there is no rank {rank}; the ranks are 0 to {}", self.size() - 1);
                return Err(Error::Argument { name, why });
            }
        }
        let (degree, agreed) = self.compare_edges(sources, destinations)?;
        if !reorder {
            let key = self.rank();
            return self.distributed(key, sources.to_vec(), destinations.to_vec(), degree, agreed);
        }
        let head = (sources.len() as u32).to_le_bytes().to_vec();
        let encode = |n: &Neighbour| Edge { from: n.rank as u32, to: 0, weight: n.weight };
        let lists = [encoded(sources.iter().map(encode)), encoded(destinations.iter().map(encode))].concat();
        let all = self.all_gather_v_bytes(&[head, lists].concat())?;
        let stated = |vertex: usize| -> Option<(Vec<Neighbour>, Vec<Neighbour>)> {
            let (head, lists) = all.get(vertex)?.split_first_chunk::<4>()?;
            let neighbour = |e: Edge| Neighbour { rank: e.from as usize, weight: e.weight };
            let is_here = |neighbour: &Neighbour| neighbour.rank < self.size();
            let mut sources: Vec<Neighbour> =
                decoded(lists).into_iter().map(neighbour).filter(is_here).collect();
            let destinations = sources.split_off((u32::from_le_bytes(*head) as usize).min(sources.len()));
            Some((sources, destinations))
        };
        let edges = || {
            let of = |from: usize| {
                let destinations = stated(from).unwrap_or_default().1.into_iter();
                destinations.map(move |to| Edge { from: from as u32, to: to.rank as u32, weight: to.weight })
            };
            ((0..all.len()).flat_map(of).collect(), None)
        };
        // Everybody is a vertex.
        let vertex = self.seated(self.size(), true, edges)?.unwrap_or_else(|| self.rank());
        let (sources, destinations) = stated(vertex).unwrap_or_default();
        self.distributed(vertex, sources, destinations, degree, agreed)
    }

    /// The same of edges each of which any member may state, for whichever ranks (MPI 5.0 §8.5.4). Costs one more all-to-all of 8
    /// bytes for each member and one of 16 bytes for each end of an edge.
    ///
    /// # Errors
    /// As [`graph_adjacent`](Comm::graph_adjacent).
    pub fn graph_of_edges(&self, edges: &[StatedEdge], reorder: bool) -> Result<Comm, Error> {
        let size = self.size();
        if let Some(rank) = edges.iter().flat_map(|e| [e.from, e.to]).find(|rank| *rank as usize >= size) {
            let why = format!("there is no rank {rank}; the ranks are 0 to {}", size - 1);
            return Err(Error::Argument { name: "edges", why });
        }
        let mut parts: Vec<Vec<u8>> = vec![Vec::new(); size];
        for edge in edges {
            parts[edge.from as usize].extend(encoded([*edge]));
            if edge.to != edge.from {
                parts[edge.to as usize].extend(encoded([*edge]));
            }
        }
        let lengths = parts.iter().map(|part| (part.len() as u64).to_le_bytes().to_vec()).collect::<Vec<_>>();
        let lengths = self.all_to_all_v_bytes(&lengths, &vec![8; size])?;
        let length = |bytes: &Vec<u8>| bytes.as_slice().try_into().map_or(0, u64::from_le_bytes) as usize;
        let lengths: Vec<usize> = lengths.iter().map(length).collect();
        let mine: Vec<Edge> =
            self.all_to_all_v_bytes(&parts, &lengths)?.iter().flat_map(|part| decoded(part)).collect();
        // Others have said them.
        let is_here = |edge: &&Edge| (edge.from as usize) < size && (edge.to as usize) < size;
        let me = self.rank() as u32;
        let neighbour = |rank: u32, weight| Neighbour { rank: rank as usize, weight };
        let sources: Vec<_> =
            mine.iter().filter(is_here).filter(|e| e.to == me).map(|e| neighbour(e.from, e.weight)).collect();
        let destinations: Vec<_> =
            mine.iter().filter(is_here).filter(|e| e.from == me).map(|e| neighbour(e.to, e.weight)).collect();
        self.graph_adjacent(&sources, &destinations, reorder)
    }

    /// The most destinations that any member states, and whether both ends state the same edges (found out by their sums of 64
    /// bits).
    fn compare_edges(&self, sources: &[Neighbour], destinations: &[Neighbour]) -> Result<(u32, bool), Error> {
        let me = self.rank() as u64;
        let mark = |from: u64, to: u64| ContextId::derived([from, to]).0;
        let sum = |marks: &mut dyn Iterator<Item = u64>| marks.fold(0u64, |sum, mark| sum.wrapping_add(mark));
        let came = sum(&mut sources.iter().map(|n| mark(n.rank as u64, me)));
        let left = sum(&mut destinations.iter().map(|n| mark(me, n.rank as u64)));
        let mine = [came, left, sources.len() as u64, destinations.len() as u64];
        let all = self.all_gather_bytes(&mine.map(u64::to_le_bytes).concat())?;
        let words: Vec<u64> = all.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word)).collect();
        let total =
            |at: usize| words.iter().skip(at).step_by(4).fold(0u64, |sum, word| sum.wrapping_add(*word));
        let degree = words.iter().skip(3).step_by(4).max().map_or(0, |most| *most as u32);
        Ok((degree, (total(0), total(2)) == (total(1), total(3))))
    }

    /// Which of these edges the other end states as well: of several between the same two the first ones.
    fn stated_by_both(
        &self,
        sources: &[Neighbour],
        destinations: &[Neighbour],
    ) -> Result<[Vec<bool>; 2], Error> {
        let mut counts = vec![[0u32; 2]; self.size()];
        sources.iter().for_each(|n| counts[n.rank][0] += 1);
        destinations.iter().for_each(|n| counts[n.rank][1] += 1);
        let mine: Vec<Vec<u8>> = counts.iter().map(|both| both.map(u32::to_le_bytes).concat()).collect();
        let theirs = self.all_to_all_v_bytes(&mine, &vec![8; self.size()])?;
        let number = |bytes: &[u8]| bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        // What comes to them from here leaves here.
        let mut open: Vec<[u32; 2]> = theirs.iter().map(|both| [number(&both[4..]), number(both)]).collect();
        let mut take = |at: usize, list: &[Neighbour]| -> Vec<bool> {
            let is_stated = |n: &Neighbour| {
                let left = &mut open[n.rank][at];
                let is_stated = *left > 0;
                *left -= is_stated as u32;
                is_stated
            };
            list.iter().map(is_stated).collect()
        };
        Ok([take(0, sources), take(1, destinations)])
    }

    /// The communicator in which this member has rank `rank` and these edges.
    fn distributed(
        &self,
        rank: usize,
        sources: Vec<Neighbour>,
        destinations: Vec<Neighbour>,
        degree: u32,
        agreed: bool,
    ) -> Result<Comm, Error> {
        let name = format!("graph of {}", self.name());
        let wanted = Wanted { key: rank as i64, ..Wanted::one(name) };
        // Every member has a colour.
        let comm = self.part(wanted, |_| true)?.ok_or(Error::StaleRequest)?;
        let [comes, leaves] = match agreed {
            true => [vec![true; sources.len()], vec![true; destinations.len()]],
            false => comm.stated_by_both(&sources, &destinations)?,
        };
        let mut places: Vec<Vec<u8>> = vec![Vec::new(); comm.size()];
        for (place, (destination, _)) in destinations.iter().zip(&leaves).enumerate().filter(|(_, e)| *e.1) {
            places[destination.rank].extend((place as u32).to_le_bytes());
        }
        let mut lengths = vec![0; comm.size()];
        sources.iter().zip(&comes).filter(|e| *e.1).for_each(|(source, _)| lengths[source.rank] += 4);
        let places = comm.all_to_all_v_bytes(&places, &lengths)?;
        let mut places: Vec<_> = places.iter().map(|places| places.as_chunks::<4>().0.iter()).collect();
        let source = |(source, comes): (&Neighbour, &bool)| {
            let place = if *comes { u32::from_le_bytes(*places[source.rank].next()?) } else { return None };
            Some(Source { rank: source.rank as u32, place })
        };
        let coming: Vec<Option<Source>> = sources.iter().zip(&comes).map(source).collect();
        let leaving = destinations.iter().zip(&leaves).map(|(to, leaves)| leaves.then_some(to.rank as u32));
        let neighbourhood = Arc::new(Neighbourhood::new(coming, leaving));
        let shape = Shape::Distributed { sources: sources.into(), destinations: destinations.into() };
        comm.inner().set_topology(Arc::new(Topology { shape, neighbourhood, degree }));
        Ok(comm)
    }

    /// Which of so many vertices this member becomes, if one.
    fn seated<'g>(
        &self,
        vertices: usize,
        reorder: bool,
        edges: impl FnOnce() -> (Vec<Edge>, Option<&'g Grid>),
    ) -> Result<Option<usize>, Error> {
        if !reorder {
            return Ok((self.rank() < vertices).then_some(self.rank()));
        }
        let seats = self.seats()?;
        let (edges, grid) = edges();
        let ranks = mapping::arrange(&edges, &seats[..vertices], grid);
        Ok(ranks.iter().position(|rank| *rank as usize == self.rank()))
    }

    /// Where all members are.
    fn seats(&self) -> Result<Vec<Seat>, Error> {
        let here = os::topology::Locality::of_this_thread();
        let word = |number: Option<u32>| number.unwrap_or(u32::MAX);
        let [boot, first] = self.process().host_words();
        let mine = [boot, first, (word(here.node) as u64) << 32 | word(here.cache) as u64];
        let all = self.all_gather_bytes(&mine.map(u64::to_le_bytes).concat())?;
        let seat = |bytes: &[u8; 24]| {
            let word = |at: usize| {
                let mut word = [0; 8];
                word.copy_from_slice(&bytes[at..at + 8]);
                u64::from_le_bytes(word)
            };
            let number = |number: u32| (number != u32::MAX).then_some(number);
            let (node, cache) = (number((word(16) >> 32) as u32), number(word(16) as u32));
            Seat { host: [word(0), word(8)], node, cache }
        };
        Ok(all.as_chunks::<24>().0.iter().map(seat).collect())
    }

    fn connected(
        &self,
        vertex: Option<usize>,
        topology: Option<Arc<Topology>>,
        what: &str,
    ) -> Result<Option<Comm>, Error> {
        let (colour, key) = (vertex.map(|_| 0), vertex.unwrap_or_default() as i64);
        let name = format!("{what} of {}", self.name());
        self.part(Wanted { colour, key, topology, ..Wanted::one(name) }, |_| true)
    }
}

fn encoded(edges: impl IntoIterator<Item = Edge>) -> Vec<u8> {
    let one = |e: Edge| {
        let mut bytes = [0; EDGE_BYTES];
        bytes[..4].copy_from_slice(&e.from.to_le_bytes());
        bytes[4..8].copy_from_slice(&e.to.to_le_bytes());
        bytes[8..].copy_from_slice(&e.weight.to_le_bytes());
        bytes
    };
    edges.into_iter().flat_map(one).collect()
}

fn decoded(bytes: &[u8]) -> Vec<Edge> {
    let one = |[a, b, c, d, e, f, g, h, weight @ ..]: &[u8; EDGE_BYTES]| Edge {
        from: u32::from_le_bytes([*a, *b, *c, *d]),
        to: u32::from_le_bytes([*e, *f, *g, *h]),
        weight: u64::from_le_bytes(*weight),
    };
    bytes.as_chunks::<EDGE_BYTES>().0.iter().map(one).collect()
}
