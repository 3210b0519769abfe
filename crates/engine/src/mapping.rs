//! Which rank is to be which vertex of a topology, so that few edges leave a host, few of the others a NUMA node, and few of
//! these a cache. Pure: all members compute the same from the same facts.
//!
//! Vertices are divided among the hosts, those of a host among its nodes, those of a node among its caches. Each division is the
//! one of least weight cut among: the order as it is, regions grown from their first vertex along the heaviest edges, and
//! for grids all tilings by equal boxes. What comes out is taken only if neither more weight crosses hosts nor more
//! crosses nodes than in the order as it is: so [`arrange`] never makes a mapping worse. Graph partitioning is NP-hard; this
//! takes time E·log E for E edges, and for grids E for each shape of box.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::cartesian::Grid;

/// Where a rank is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seat {
    /// Its host.
    pub host: [u64; 2],
    /// Its NUMA node on that host, if it is bound to one.
    pub node: Option<u32>,
    /// Its cache on that host, if it is bound to one.
    pub cache: Option<u32>,
}

/// An edge of a topology.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// A vertex.
    pub from: u32,
    /// Another one.
    pub to: u32,
    /// How much it is used.
    pub weight: u64,
}

/// The weight of the edges that cross something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cut {
    /// From host to host.
    pub hosts: u64,
    /// From NUMA node to NUMA node, those from host to host included.
    pub nodes: u64,
    /// From cache to cache, all of these included.
    pub caches: u64,
}

/// What divides ranks, from the widest.
const LEVELS: usize = 3;

impl Seat {
    /// The part of the machine that it belongs to, of hosts (0), nodes (1) or caches (2).
    fn part(&self, level: usize) -> Seat {
        match level {
            0 => Seat { host: self.host, ..Seat::default() },
            1 => Seat { cache: None, ..*self },
            _ => *self,
        }
    }
}

/// What crosses what when vertex v is rank `ranks[v]`.
pub fn cut(edges: &[Edge], seats: &[Seat], ranks: &[u32]) -> Cut {
    let crossing = |level: usize| {
        let part = |vertex: u32| seats[ranks[vertex as usize] as usize].part(level);
        let crosses = |edge: &&Edge| part(edge.from) != part(edge.to);
        edges.iter().filter(crosses).fold(0u64, |sum, edge| sum.saturating_add(edge.weight))
    };
    Cut { hosts: crossing(0), nodes: crossing(1), caches: crossing(2) }
}

/// The edges of a grid, each once.
pub fn edges_of(grid: &Grid) -> Vec<Edge> {
    let mut edges = Vec::new();
    for rank in 0..grid.size() {
        for dimension in 0..grid.dimensions().len() {
            if let Ok((_, Some(next))) = grid.shift(rank, dimension, 1)
                && next != rank
            {
                edges.push(Edge { from: rank as u32, to: next as u32, weight: 1 });
            }
        }
    }
    edges
}

/// The rank of each vertex, of as many vertices as there are seats. `grid` if the vertices are its points.
///
/// Neither hosts nor nodes of the [`Cut`] are larger than in the order as it is.
pub fn arrange(edges: &[Edge], seats: &[Seat], grid: Option<&Grid>) -> Vec<u32> {
    let identity: Vec<u32> = (0..seats.len() as u32).collect();
    if seats.windows(2).all(|pair| pair[0] == pair[1]) {
        return identity;
    }
    let mut arrangement = Arrangement {
        graph: Adjacency::new(seats.len(), edges),
        seats,
        ranks: identity.clone(),
        region: vec![OUTSIDE; seats.len()],
    };
    let dimensions = grid.map(|grid| grid.dimensions().iter().map(|d| d.points).collect::<Vec<_>>());
    let all = Area { vertices: identity.clone(), dimensions };
    arrangement.divide(all, identity.clone(), 0);
    let found = arrangement.ranks;
    let (before, after) = (cut(edges, seats, &identity), cut(edges, seats, &found));
    match after < before && after.hosts <= before.hosts && after.nodes <= before.nodes {
        true => found,
        false => identity,
    }
}

/// In no region.
const OUTSIDE: u32 = u32::MAX;

/// The edges at each vertex.
struct Adjacency {
    first: Vec<usize>,
    edges: Vec<(u32, u64)>,
}

impl Adjacency {
    fn new(vertices: usize, edges: &[Edge]) -> Adjacency {
        let mut first = vec![0; vertices + 1];
        let ends = || edges.iter().flat_map(|e| [(e.from, e.to, e.weight), (e.to, e.from, e.weight)]);
        ends().for_each(|(at, ..)| first[at as usize + 1] += 1);
        (0..vertices).for_each(|vertex| first[vertex + 1] += first[vertex]);
        let mut next = first.clone();
        let mut sorted = vec![(0, 0); edges.len() * 2];
        for (at, to, weight) in ends() {
            sorted[next[at as usize]] = (to, weight);
            next[at as usize] += 1;
        }
        Adjacency { first, edges: sorted }
    }

    fn at(&self, vertex: u32) -> &[(u32, u64)] {
        &self.edges[self.first[vertex as usize]..self.first[vertex as usize + 1]]
    }
}

/// Some vertices; of a grid perhaps those of a box, in row-major order.
#[derive(Clone)]
struct Area {
    vertices: Vec<u32>,
    dimensions: Option<Vec<usize>>,
}

impl Area {
    fn plain(vertices: Vec<u32>) -> Area {
        Area { vertices, dimensions: None }
    }
}

struct Arrangement<'a> {
    graph: Adjacency,
    seats: &'a [Seat],
    ranks: Vec<u32>,
    /// Which of the regions that are being made each vertex is in.
    region: Vec<u32>,
}

impl Arrangement<'_> {
    /// Gives the vertices of an area to these ranks, as many.
    fn divide(&mut self, area: Area, ranks: Vec<u32>, level: usize) {
        if level == LEVELS {
            area.vertices
                .into_iter()
                .zip(ranks)
                .for_each(|(vertex, rank)| self.ranks[vertex as usize] = rank);
            return;
        }
        let mut parts: BTreeMap<Seat, Vec<u32>> = BTreeMap::new();
        for rank in ranks {
            parts.entry(self.seats[rank as usize].part(level)).or_default().push(rank);
        }
        let mut parts: Vec<Vec<u32>> = parts.into_values().collect();
        parts.sort_by_key(|ranks| ranks[0]);
        if parts.len() == 1 {
            return self.divide(area, parts.remove(0), level + 1);
        }
        let sizes: Vec<usize> = parts.iter().map(Vec::len).collect();
        let areas = self.least_cut(&area, &sizes);
        for (area, ranks) in areas.into_iter().zip(parts) {
            self.divide(area, ranks, level + 1);
        }
    }

    /// The best division that is found into areas of these sizes.
    fn least_cut(&mut self, area: &Area, sizes: &[usize]) -> Vec<Area> {
        let mut candidates = vec![in_order(area, sizes), self.grown(area, sizes)];
        if let Some(dimensions) = &area.dimensions
            && sizes.iter().all(|size| *size == sizes[0])
        {
            candidates
                .extend(boxes(dimensions, sizes[0]).into_iter().map(|tile| tiled(area, dimensions, &tile)));
        }
        let mut least = None;
        for candidate in candidates {
            let weight = self.weight_between(&candidate);
            if least.as_ref().is_none_or(|(least, _)| weight < *least) {
                least = Some((weight, candidate));
            }
        }
        least.map(|(_, areas)| areas).unwrap_or_default()
    }

    /// The weight of the edges between areas.
    fn weight_between(&mut self, areas: &[Area]) -> u64 {
        for (number, area) in areas.iter().enumerate() {
            area.vertices.iter().for_each(|vertex| self.region[*vertex as usize] = number as u32);
        }
        let mut weight = 0u64;
        for vertex in areas.iter().flat_map(|area| &area.vertices) {
            let here = self.region[*vertex as usize];
            for (to, cost) in self.graph.at(*vertex) {
                let there = self.region[*to as usize];
                if there != OUTSIDE && there != here {
                    weight = weight.saturating_add(*cost);
                }
            }
        }
        self.forget(areas);
        weight
    }

    fn forget(&mut self, areas: &[Area]) {
        for vertex in areas.iter().flat_map(|area| &area.vertices) {
            self.region[*vertex as usize] = OUTSIDE;
        }
    }

    /// Regions that each grow from the first vertex that is left: the next one is that with most weight into the region, of
    /// those the nearest to the start.
    fn grown(&mut self, area: &Area, sizes: &[usize]) -> Vec<Area> {
        const LEFT: u32 = u32::MAX - 1;
        area.vertices.iter().for_each(|vertex| self.region[*vertex as usize] = LEFT);
        let mut starts = area.vertices.iter().copied();
        let mut regions = Vec::with_capacity(sizes.len());
        for (number, size) in sizes.iter().enumerate() {
            let mut vertices = Vec::with_capacity(*size);
            // (weight into the region, nearness, lowest number), and what is known of each vertex at the border.
            let mut border: BinaryHeap<(u64, Reverse<u32>, Reverse<u32>)> = BinaryHeap::new();
            let mut known: BTreeMap<u32, (u64, u32)> = BTreeMap::new();
            while vertices.len() < *size {
                let next = std::iter::from_fn(|| border.pop()).find(
                    |(weight, Reverse(distance), Reverse(vertex))| {
                        self.region[*vertex as usize] == LEFT
                            && known.get(vertex) == Some(&(*weight, *distance))
                    },
                );
                let (distance, vertex) = match next {
                    Some((_, Reverse(distance), Reverse(vertex))) => (distance, vertex),
                    None => match starts.find(|vertex| self.region[*vertex as usize] == LEFT) {
                        Some(vertex) => (0, vertex),
                        None => break,
                    },
                };
                self.region[vertex as usize] = number as u32;
                vertices.push(vertex);
                for (to, weight) in self.graph.at(vertex) {
                    if self.region[*to as usize] != LEFT {
                        continue;
                    }
                    let (into, near) = known.get(to).copied().unwrap_or((0, u32::MAX));
                    let now = (into.saturating_add(*weight), near.min(distance + 1));
                    known.insert(*to, now);
                    border.push((now.0, Reverse(now.1), Reverse(*to)));
                }
            }
            vertices.sort_unstable();
            regions.push(Area::plain(vertices));
        }
        self.forget(&regions);
        regions
    }
}

/// One after the other, as they are.
fn in_order(area: &Area, sizes: &[usize]) -> Vec<Area> {
    let mut rest = &area.vertices[..];
    let mut take = |size: &usize| {
        let (taken, left) = rest.split_at(*size);
        rest = left;
        Area::plain(taken.to_vec())
    };
    sizes.iter().map(&mut take).collect()
}

/// The boxes of so many points with which a box can be tiled.
fn boxes(dimensions: &[usize], points: usize) -> Vec<Vec<usize>> {
    let Some((first, others)) = dimensions.split_first() else {
        return if points == 1 { vec![Vec::new()] } else { Vec::new() };
    };
    let lengths = (1..=points.min(*first)).filter(|l| first.is_multiple_of(*l) && points.is_multiple_of(*l));
    lengths
        .flat_map(|length| {
            boxes(others, points / length).into_iter().map(move |mut tile| {
                tile.insert(0, length);
                tile
            })
        })
        .collect()
}

/// The tiles of a box, in row-major order.
fn tiled(area: &Area, dimensions: &[usize], tile: &[usize]) -> Vec<Area> {
    let mut tiles: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    for (place, vertex) in area.vertices.iter().enumerate() {
        let (mut rest, mut number, mut stride) = (place, 0, 1);
        for (length, tile) in dimensions.iter().zip(tile).rev() {
            number += rest % length / tile * stride;
            stride *= length / tile;
            rest /= length;
        }
        tiles.entry(number).or_default().push(*vertex);
    }
    tiles.into_values().map(|vertices| Area { vertices, dimensions: Some(tile.to_vec()) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cartesian::Dimension;

    fn grid(points: &[usize], periodic: bool) -> Grid {
        let dimensions: Vec<Dimension> =
            points.iter().map(|&points| Dimension { points, periodic }).collect();
        Grid::new(1 << 20, &dimensions).unwrap()
    }

    /// Ranks seated in turn: `hosts` hosts of `nodes` nodes of `cores` ranks.
    fn seats(hosts: u64, nodes: u32, cores: u32) -> Vec<Seat> {
        let seat = move |host, node| Seat { host: [host, 0], node: Some(node), cache: Some(node) };
        let on_host = move |host| (0..nodes).flat_map(move |node| (0..cores).map(move |_| seat(host, node)));
        (0..hosts).flat_map(on_host).collect()
    }

    fn check(grid: &Grid, seats: &[Seat], expected: Cut) {
        let edges = edges_of(grid);
        let ranks = arrange(&edges, seats, Some(grid));
        assert_eq!(cut(&edges, seats, &ranks), expected, "{grid:?}");
        let mut sorted = ranks;
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..seats.len() as u32));
    }

    #[test]
    fn grids_are_tiled() {
        let all = |hosts, nodes| Cut { hosts, nodes, caches: nodes };
        // In order each host has two rows: 24 edges cross.
        check(&grid(&[8, 8], false), &seats(4, 1, 16), all(16, 16));
        // Each host's 4 × 4 points in two halves: 4 edges each.
        check(&grid(&[8, 8], false), &seats(4, 2, 8), all(16, 32));
        // Two rows of a torus: as good as it gets with 8 points in 2 × 4.
        check(&grid(&[4, 4, 4], false), &seats(8, 1, 8), all(48, 48));
        // One host: nothing to be gained between hosts.
        check(&grid(&[4, 4], true), &seats(1, 4, 4), all(0, 16));
        check(&grid(&[5, 3], true), &seats(1, 1, 15), all(0, 0));
    }

    #[test]
    fn round_robin_seats_are_undone() {
        // Neighbours in rank are never on one host; a ring of 12 on 3 hosts needs 3 crossings.
        let seats: Vec<Seat> = (0..12).map(|rank| Seat { host: [rank % 3, 0], ..Seat::default() }).collect();
        check(&grid(&[12], true), &seats, Cut { hosts: 3, nodes: 3, caches: 3 });
    }

    #[test]
    fn nothing_is_made_worse() {
        let mut state = 0x1234_5678_9abc_def1u64;
        let mut below = |n: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) % n
        };
        let mut better = 0;
        for case in 0..400 {
            let n = 1 + below(40);
            let seat = |below: &mut dyn FnMut(u64) -> u64| Seat {
                host: [below(4), 0],
                node: [None, Some(0), Some(1)][below(3) as usize],
                cache: [None, Some(0)][below(2) as usize],
            };
            let seats: Vec<Seat> = (0..n).map(|_| seat(&mut below)).collect();
            let edges: Vec<Edge> = (0..below(4 * n))
                .map(|_| Edge { from: below(n) as u32, to: below(n) as u32, weight: below(9) })
                .collect();
            let identity: Vec<u32> = (0..n as u32).collect();
            let ranks = arrange(&edges, &seats, None);
            let (before, after) = (cut(&edges, &seats, &identity), cut(&edges, &seats, &ranks));
            assert!(after.hosts <= before.hosts && after.nodes <= before.nodes, "case {case}");
            better += (after < before) as u32;
            let mut sorted = ranks;
            sorted.sort_unstable();
            assert_eq!(sorted, identity, "case {case}");
        }
        assert!(better > 200, "{better} of 400 were improved");
    }
}
