//! With whom a member exchanges in a neighbourhood collective: the edges of a graph at one member.
//!
//! Whatever gives ranks neighbours (a grid, a graph) states them like this, and needs nothing else of the collectives.

use crate::cartesian::Grid;

/// The neighbour that a block comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// Its rank.
    pub rank: u32,
    /// The edge's place among that neighbour's destinations.
    pub place: u32,
}

/// The edges of a graph at one member, which may be several from or to the same neighbour, or to itself. An absent
/// neighbour (past the open end of a grid) has a block in the buffers that nobody touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbourhood {
    sources: Box<[Option<Source>]>,
    destinations: Box<[Option<u32>]>,
    /// Which of the edges between the same two members each is.
    source_turns: Box<[u32]>,
    destination_turns: Box<[u32]>,
    turns: u32,
}

impl Neighbourhood {
    /// The edges to `destinations` and from `sources`, in the order of the blocks.
    pub fn new(
        sources: impl IntoIterator<Item = Option<Source>>,
        destinations: impl IntoIterator<Item = Option<u32>>,
    ) -> Neighbourhood {
        let sources: Box<[_]> = sources.into_iter().collect();
        let destinations: Box<[_]> = destinations.into_iter().collect();
        // Both ends count the edges between them in the order of the sender's destinations.
        let before = |mine: &Source| {
            let earlier = |other: &&Source| other.rank == mine.rank && other.place < mine.place;
            sources.iter().flatten().filter(earlier).count() as u32
        };
        let source_turns: Box<[u32]> =
            sources.iter().map(|source| source.as_ref().map_or(0, before)).collect();
        let destination_turns: Box<[u32]> = (0..destinations.len())
            .map(|i| {
                destinations[..i].iter().filter(|d| d.is_some() && **d == destinations[i]).count() as u32
            })
            .collect();
        let last = source_turns.iter().chain(&destination_turns).max();
        let turns = last.map_or(1, |last| last + 1);
        Neighbourhood { sources, destinations, source_turns, destination_turns, turns }
    }

    /// The neighbours of `rank` in a grid: for each dimension first the one before it and then the one behind
    /// (MPI 5.0 §8.6). What is sent to the one before is received from the one behind.
    pub fn of_grid(grid: &Grid, rank: usize) -> Neighbourhood {
        let dimensions = 0..grid.dimensions().len();
        let (mut sources, mut destinations) = (Vec::new(), Vec::new());
        for dimension in dimensions {
            let (before, behind) = grid.shift(rank, dimension, 1).unwrap_or_default();
            let place = 2 * dimension as u32;
            for (rank, place) in [(before, place + 1), (behind, place)] {
                destinations.push(rank.map(|rank| rank as u32));
                sources.push(rank.map(|rank| Source { rank: rank as u32, place }));
            }
        }
        Neighbourhood::new(sources, destinations)
    }

    /// From whom blocks come.
    pub fn sources(&self) -> &[Option<Source>] {
        &self.sources
    }

    /// To whom blocks go.
    pub fn destinations(&self) -> &[Option<u32>] {
        &self.destinations
    }

    /// Rounds beyond the first in which something is exchanged: one for each further edge between the same two
    /// members.
    pub fn more_rounds(&self) -> u32 {
        self.turns - 1
    }

    /// The blocks (block, neighbour) that come in one of these rounds.
    pub fn coming(&self, turn: u32) -> impl Iterator<Item = (u32, Source)> {
        let all = self.sources.iter().zip(&self.source_turns).enumerate();
        all.filter_map(move |(block, (source, at))| Some((block as u32, (*source)?)).filter(|_| *at == turn))
    }

    /// The blocks (block, neighbour) that leave in one of these rounds.
    pub fn leaving(&self, turn: u32) -> impl Iterator<Item = (u32, u32)> {
        let all = self.destinations.iter().zip(&self.destination_turns).enumerate();
        all.filter_map(move |(block, (to, at))| Some((block as u32, (*to)?)).filter(|_| *at == turn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cartesian::Dimension;

    fn grid(dimensions: &[(usize, bool)]) -> Grid {
        let dimension = |&(points, periodic): &(usize, bool)| Dimension { points, periodic };
        Grid::new(64, &dimensions.iter().map(dimension).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn what_leaves_in_a_turn_comes_in_that_turn() {
        for dimensions in
            [&[(3, false), (4, true)][..], &[(2, true), (2, true)], &[(1, true), (5, false)], &[(2, false)]]
        {
            let grid = grid(dimensions);
            let all: Vec<_> = (0..grid.size()).map(|rank| Neighbourhood::of_grid(&grid, rank)).collect();
            for (rank, neighbours) in all.iter().enumerate() {
                for turn in 0..=neighbours.more_rounds() {
                    for (block, to) in neighbours.leaving(turn) {
                        let arrives = |(_, source): &(u32, Source)| {
                            (source.rank as usize, source.place) == (rank, block)
                        };
                        let found: Vec<_> = all[to as usize].coming(turn).filter(arrives).collect();
                        assert_eq!(found.len(), 1, "{dimensions:?} {rank}");
                        // The opposite direction of the same dimension.
                        assert_eq!(found[0].0, block ^ 1);
                    }
                }
            }
        }
    }

    #[test]
    fn two_edges_between_two_members_take_two_turns() {
        let ring = grid(&[(2, true)]);
        assert_eq!(Neighbourhood::of_grid(&ring, 0).more_rounds(), 1);
        assert_eq!(Neighbourhood::of_grid(&grid(&[(3, true)]), 0).more_rounds(), 0);
        let open = Neighbourhood::of_grid(&grid(&[(2, false)]), 0);
        assert_eq!((open.sources()[0], open.destinations()), (None, &[None, Some(1)][..]));
    }
}
