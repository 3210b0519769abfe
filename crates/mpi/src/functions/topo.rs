//! Topologies (MPI 5.0 §8.5): grids, graphs, and graphs of which each rank knows its own edges.

use std::ffi::c_int;

use engine::cartesian::{self, Dimension, Grid, GridError};
use engine::graph::{Graph, GraphError};
use engine::mapping::Edge;
use engine::topology::{Neighbour, Shape};

use super::comm::name;
use crate::comm::{CommRef, Communicator};
use crate::number::{
    CART, DIST_GRAPH, ERR_ARG, ERR_DIMS, ERR_RANK, ERR_TOPOLOGY, GRAPH, PROC_NULL, UNDEFINED, UNWEIGHTED,
    WEIGHTS_EMPTY,
};
use crate::pointer::{self, List, ListMut, Out};
use crate::{Comm, Error, Info, Result};

pub fn topo_test(comm: Comm, status: Out<c_int>) -> Result {
    let comm = comm.get()?;
    status.set(match shape(&comm) {
        None => UNDEFINED,
        Some(Shape::Grid(_)) => CART,
        Some(Shape::Graph(_)) => GRAPH,
        Some(Shape::Distributed { .. }) => DIST_GRAPH,
    })
}

pub fn dims_create(nnodes: c_int, ndims: c_int, dims: ListMut<c_int>) -> Result {
    let ranks = usize::try_from(nnodes).ok().filter(|ranks| *ranks > 0);
    let ranks = ranks.ok_or_else(|| Error::new(ERR_ARG, format!("{nnodes} nodes can't be divided")))?;
    let given = dims.values(length(ndims)?)?;
    if given.is_empty() {
        return Ok(());
    }
    let mut found = given.iter().copied().map(points).collect::<Result<Vec<usize>>>()?;
    let whole = |product: usize, points: &usize| product.checked_mul((*points).max(1));
    if found.iter().try_fold(1, whole).is_none_or(|product| product > ranks) {
        return Err(Error::new(ERR_DIMS, format!("the given dimensions have more points than {nnodes}")));
    }
    cartesian::balance(ranks, &mut found)?;
    for (at, points) in found.iter().enumerate() {
        dims.set(at, *points as c_int)?;
    }
    Ok(())
}

pub fn cart_create(
    comm_old: Comm,
    ndims: c_int,
    dims: List<c_int>,
    periods: List<c_int>,
    reorder: c_int,
    comm_cart: Out<Comm>,
) -> Result {
    comm_cart.check()?;
    let comm = comm_old.get()?;
    let grid = grid_of(&comm, ndims, dims, periods)?;
    let made = comm.comm.cartesian(&grid, reorder != 0)?;
    comm_cart.set(name(made.map(Communicator::new), &comm)?)
}

/// As `MPI_Cart_create` that may reorder would map ranks to points: so it is collective.
pub fn cart_map(
    comm: Comm,
    ndims: c_int,
    dims: List<c_int>,
    periods: List<c_int>,
    newrank: Out<c_int>,
) -> Result {
    newrank.check()?;
    let comm = comm.get()?;
    let point = comm.comm.point(&grid_of(&comm, ndims, dims, periods)?, true)?;
    newrank.set(point.map_or(UNDEFINED, |point| point as c_int))
}

pub fn cart_sub(comm: Comm, remain_dims: List<c_int>, newcomm: Out<Comm>) -> Result {
    newcomm.check()?;
    let comm = comm.get()?;
    let kept = remain_dims.values(grid(&comm)?.dimensions().len())?;
    let kept: Vec<bool> = kept.into_iter().map(|kept| kept != 0).collect();
    let made = comm.comm.grid_part(&kept)?;
    newcomm.set(name(Some(Communicator::new(made)), &comm)?)
}

pub fn cartdim_get(comm: Comm, ndims: Out<c_int>) -> Result {
    ndims.set(grid(&comm.get()?)?.dimensions().len() as c_int)
}

pub fn cart_get(
    comm: Comm,
    maxdims: c_int,
    dims: ListMut<c_int>,
    periods: ListMut<c_int>,
    coords: ListMut<c_int>,
) -> Result {
    let comm = comm.get()?;
    let grid = grid(&comm)?;
    room(maxdims, grid.dimensions().len())?;
    for (at, dimension) in grid.dimensions().iter().enumerate() {
        dims.set(at, dimension.points as c_int)?;
        periods.set(at, c_int::from(dimension.periodic))?;
    }
    write(coords, grid.coordinates(comm.comm.rank())?)
}

pub fn cart_rank(comm: Comm, coords: List<c_int>, rank: Out<c_int>) -> Result {
    let comm = comm.get()?;
    let grid = grid(&comm)?;
    let coords = coords.values(grid.dimensions().len())?;
    let place: Vec<isize> = coords.iter().map(|coordinate| *coordinate as isize).collect();
    let found = grid.rank(&place).ok_or_else(|| {
        Error::new(ERR_RANK, format!("{coords:?} is no point of the grid, which is no ring there"))
    })?;
    rank.set(found as c_int)
}

pub fn cart_coords(comm: Comm, rank: c_int, maxdims: c_int, coords: ListMut<c_int>) -> Result {
    let comm = comm.get()?;
    let grid = grid(&comm)?;
    let rank = vertex(&comm, rank)?;
    room(maxdims, grid.dimensions().len())?;
    write(coords, grid.coordinates(rank)?)
}

pub fn cart_shift(
    comm: Comm,
    direction: c_int,
    disp: c_int,
    rank_source: Out<c_int>,
    rank_dest: Out<c_int>,
) -> Result {
    rank_dest.check()?;
    let comm = comm.get()?;
    let grid = grid(&comm)?;
    let (from, to) = grid.shift(comm.comm.rank(), points(direction)?, disp as isize)?;
    let rank = |rank: Option<usize>| rank.map_or(PROC_NULL, |rank| rank as c_int);
    rank_source.set(rank(from))?;
    rank_dest.set(rank(to))
}

pub fn graph_create(
    comm_old: Comm,
    nnodes: c_int,
    index: List<c_int>,
    edges: List<c_int>,
    reorder: c_int,
    comm_graph: Out<Comm>,
) -> Result {
    comm_graph.check()?;
    let comm = comm_old.get()?;
    let graph = graph_of(&comm, nnodes, index, edges)?;
    let made = comm.comm.graph(&graph, reorder != 0)?;
    comm_graph.set(name(made.map(Communicator::new), &comm)?)
}

/// As `MPI_Graph_create` that may reorder would map ranks to vertices: so it is collective.
pub fn graph_map(
    comm: Comm,
    nnodes: c_int,
    index: List<c_int>,
    edges: List<c_int>,
    newrank: Out<c_int>,
) -> Result {
    newrank.check()?;
    let comm = comm.get()?;
    let vertex = comm.comm.vertex(&graph_of(&comm, nnodes, index, edges)?, true)?;
    newrank.set(vertex.map_or(UNDEFINED, |vertex| vertex as c_int))
}

pub fn graphdims_get(comm: Comm, nnodes: Out<c_int>, nedges: Out<c_int>) -> Result {
    nedges.check()?;
    let comm = comm.get()?;
    let graph = graph(&comm)?;
    nnodes.set(graph.size() as c_int)?;
    nedges.set(graph.edges().len() as c_int)
}

pub fn graph_get(
    comm: Comm,
    maxindex: c_int,
    maxedges: c_int,
    index: ListMut<c_int>,
    edges: ListMut<c_int>,
) -> Result {
    let comm = comm.get()?;
    let graph = graph(&comm)?;
    let all = graph.edges();
    room(maxindex, graph.size())?;
    room(maxedges, all.len())?;
    let ends = (0..graph.size()).scan(0, |end, rank| {
        *end += graph.neighbours(rank).len();
        Some(*end)
    });
    write(index, ends)?;
    write(edges, all.iter().map(|edge| edge.to as usize))
}

pub fn graph_neighbors_count(comm: Comm, rank: c_int, nneighbors: Out<c_int>) -> Result {
    let comm = comm.get()?;
    let graph = graph(&comm)?;
    nneighbors.set(graph.neighbours(vertex(&comm, rank)?).len() as c_int)
}

pub fn graph_neighbors(comm: Comm, rank: c_int, maxneighbors: c_int, neighbors: ListMut<c_int>) -> Result {
    let comm = comm.get()?;
    let found = graph(&comm)?.neighbours(vertex(&comm, rank)?);
    room(maxneighbors, found.len())?;
    write(neighbors, found.iter().map(|rank| *rank as usize))
}

pub fn dist_graph_create_adjacent(
    comm_old: Comm,
    indegree: c_int,
    sources: List<c_int>,
    sourceweights: List<c_int>,
    outdegree: c_int,
    destinations: List<c_int>,
    destweights: List<c_int>,
    info: Info,
    reorder: c_int,
    comm_dist_graph: Out<Comm>,
) -> Result {
    comm_dist_graph.check()?;
    info.hints()?;
    let comm = comm_old.get()?;
    comm.check_intra()?;
    let sources = neighbours(&comm, indegree, sources, sourceweights)?;
    let destinations = neighbours(&comm, outdegree, destinations, destweights)?;
    let made = comm.comm.graph_adjacent(&sources, &destinations, reorder != 0)?;
    let is_weighted = is_weighted(sourceweights) && is_weighted(destweights);
    comm_dist_graph.set(Communicator::new(made).like(&comm).weighted(is_weighted).register()?)
}

pub fn dist_graph_create(
    comm_old: Comm,
    n: c_int,
    sources: List<c_int>,
    degrees: List<c_int>,
    destinations: List<c_int>,
    weights: List<c_int>,
    info: Info,
    reorder: c_int,
    comm_dist_graph: Out<Comm>,
) -> Result {
    comm_dist_graph.check()?;
    info.hints()?;
    let comm = comm_old.get()?;
    comm.check_intra()?;
    let mut edges = Vec::new();
    for at in 0..length(n)? {
        let from = vertex(&comm, sources.get(at)?)? as u32;
        for _ in 0..length(degrees.get(at)?)? {
            let to = vertex(&comm, destinations.get(edges.len())?)? as u32;
            edges.push(Edge { from, to, weight: weight(weights, edges.len())? });
        }
    }
    let made = comm.comm.graph_of_edges(&edges, reorder != 0)?;
    comm_dist_graph.set(Communicator::new(made).like(&comm).weighted(is_weighted(weights)).register()?)
}

pub fn dist_graph_neighbors_count(
    comm: Comm,
    indegree: Out<c_int>,
    outdegree: Out<c_int>,
    weighted: Out<c_int>,
) -> Result {
    outdegree.check()?;
    weighted.check()?;
    let comm = comm.get()?;
    let (sources, destinations) = distributed(&comm)?;
    indegree.set(sources.len() as c_int)?;
    outdegree.set(destinations.len() as c_int)?;
    weighted.set(c_int::from(comm.is_weighted))
}

pub fn dist_graph_neighbors(
    comm: Comm,
    maxindegree: c_int,
    sources: ListMut<c_int>,
    sourceweights: ListMut<c_int>,
    maxoutdegree: c_int,
    destinations: ListMut<c_int>,
    destweights: ListMut<c_int>,
) -> Result {
    let (most_in, most_out) = (length(maxindegree)?, length(maxoutdegree)?);
    let comm = comm.get()?;
    let (coming, leaving) = distributed(&comm)?;
    // MPI 5.0 §8.5.5: of lists that are longer the first part.
    for (found, most, ranks, weights) in
        [(coming, most_in, sources, sourceweights), (leaving, most_out, destinations, destweights)]
    {
        let wants_weights = comm.is_weighted && ![UNWEIGHTED, WEIGHTS_EMPTY].contains(&weights.number());
        for (at, neighbour) in found.iter().take(most).enumerate() {
            ranks.set(at, neighbour.rank as c_int)?;
            if wants_weights {
                weights.set(at, neighbour.weight as c_int)?;
            }
        }
    }
    Ok(())
}

fn shape(comm: &CommRef) -> Option<&Shape> {
    comm.comm.inner().topology().map(|topology| &topology.shape)
}

fn no(what: &str) -> Box<Error> {
    Error::new(ERR_TOPOLOGY, format!("the communicator has no {what}"))
}

fn grid(comm: &CommRef) -> Result<&Grid> {
    match shape(comm) {
        Some(Shape::Grid(grid)) => Ok(grid),
        _ => Err(no("grid")),
    }
}

fn graph(comm: &CommRef) -> Result<&Graph> {
    match shape(comm) {
        Some(Shape::Graph(graph)) => Ok(graph),
        _ => Err(no("graph")),
    }
}

/// The edges that come to this rank and those that leave it.
fn distributed(comm: &CommRef) -> Result<(&[Neighbour], &[Neighbour])> {
    match shape(comm) {
        Some(Shape::Distributed { sources, destinations }) => Ok((sources, destinations)),
        _ => Err(no("distributed graph")),
    }
}

fn grid_of(comm: &CommRef, ndims: c_int, dims: List<c_int>, periods: List<c_int>) -> Result<Grid> {
    comm.check_intra()?;
    let dimension = |at| Ok(Dimension { points: points(dims.get(at)?)?, periodic: periods.get(at)? != 0 });
    let dimensions = (0..length(ndims)?).map(dimension).collect::<Result<Vec<Dimension>>>()?;
    Ok(Grid::new(comm.comm.size(), &dimensions)?)
}

/// The graph whose vertex `i` has the edges up to `index[i]` (MPI 5.0 §8.5.3).
fn graph_of(comm: &CommRef, nnodes: c_int, index: List<c_int>, edges: List<c_int>) -> Result<Graph> {
    comm.check_intra()?;
    let mut start = 0;
    let mut lists = Vec::new();
    for vertex in 0..length(nnodes)? {
        let end = length(index.get(vertex)?)?;
        if end < start {
            return Err(Error::new(ERR_ARG, format!("the index falls at vertex {vertex}: {start}, {end}")));
        }
        let list = (start..end).map(|at| {
            let rank = edges.get(at)?;
            usize::try_from(rank).map_err(|_| Error::new(ERR_RANK, format!("there is no vertex {rank}")))
        });
        lists.push(list.collect::<Result<Vec<usize>>>()?);
        start = end;
    }
    Ok(Graph::new(comm.comm.size(), &lists)?)
}

fn neighbours(
    comm: &CommRef,
    count: c_int,
    ranks: List<c_int>,
    weights: List<c_int>,
) -> Result<Vec<Neighbour>> {
    let neighbour = |at| Ok(Neighbour { rank: vertex(comm, ranks.get(at)?)?, weight: weight(weights, at)? });
    (0..length(count)?).map(neighbour).collect()
}

/// Every rank that says so says it everywhere (MPI 5.0 §8.5.4).
fn is_weighted(weights: List<c_int>) -> bool {
    weights.number() != UNWEIGHTED
}

fn weight(weights: List<c_int>, at: usize) -> Result<u64> {
    match weights.number() {
        UNWEIGHTED => Ok(1),
        WEIGHTS_EMPTY => Err(Error::new(ERR_ARG, "there are edges, and their weights are MPI_WEIGHTS_EMPTY")),
        _ => {
            let weight = weights.get(at)?;
            u64::try_from(weight).map_err(|_| Error::new(ERR_ARG, format!("a weight is negative: {weight}")))
        }
    }
}

fn vertex(comm: &CommRef, rank: c_int) -> Result<usize> {
    comm.peer(rank)?.ok_or_else(|| Error::new(ERR_RANK, "MPI_PROC_NULL is no vertex"))
}

fn length(count: c_int) -> Result<usize> {
    pointer::length("a number of entries", count, ERR_ARG)
}

fn points(number: c_int) -> Result<usize> {
    pointer::length("a dimension", number, ERR_DIMS)
}

fn room(given: c_int, needed: usize) -> Result {
    if length(given)? < needed {
        return Err(Error::new(
            ERR_ARG,
            format!("there is room for {given} entries, and there are {needed}"),
        ));
    }
    Ok(())
}

fn write(list: ListMut<c_int>, values: impl IntoIterator<Item = usize>) -> Result {
    values.into_iter().enumerate().try_for_each(|(at, value)| list.set(at, value as c_int))
}

impl From<GridError> for Box<Error> {
    fn from(error: GridError) -> Box<Error> {
        Error::new(ERR_DIMS, error.to_string())
    }
}

impl From<GraphError> for Box<Error> {
    fn from(error: GraphError) -> Box<Error> {
        let class = match error {
            GraphError::NoSuchRank { .. } => ERR_RANK,
            _ => ERR_ARG,
        };
        Error::new(class, error.to_string())
    }
}
