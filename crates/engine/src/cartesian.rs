//! Cartesian topologies: ranks as points of a grid, in row-major order, some of whose dimensions close to a ring.
//!
//! Pure arithmetic: no message.

/// A grid of ranks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    dimensions: Box<[Dimension]>,
}

/// One dimension of a grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dimension {
    /// How many points.
    pub points: usize,
    /// Whether the last point's neighbour is the first.
    pub periodic: bool,
}

/// What is wrong with a grid.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GridError {
    /// The grid has more points than there are ranks, or none.
    Points {
        /// Points of the grid.
        points: usize,
        /// Ranks that there are.
        ranks: usize,
    },
    /// The given dimensions don't divide the number of ranks.
    Indivisible {
        /// The product of the given dimensions.
        given: usize,
        /// Ranks to be divided.
        ranks: usize,
    },
    /// A rank or dimension that the grid doesn't have.
    Outside {
        /// What was asked for.
        asked: usize,
        /// How many there are.
        there_are: usize,
    },
}

impl std::fmt::Display for GridError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            GridError::Points { points: 0, .. } => write!(f, "a dimension of the grid has no points"),
            GridError::Points { points, ranks } => {
                write!(f, "the grid has {points} points and there are {ranks} ranks")
            }
            GridError::Indivisible { given, ranks } => {
                write!(f, "{ranks} ranks can't be divided by the given dimensions, whose product is {given}")
            }
            GridError::Outside { asked, there_are } => {
                write!(f, "{asked} is outside of the grid: it goes from 0 to {}", there_are.saturating_sub(1))
            }
        }
    }
}

impl std::error::Error for GridError {}

/// Fills the dimensions that are 0 so that all together have `ranks` points: as near to one another as possible, the
/// larger ones first (MPI 5.0 §8.5.2).
///
/// # Errors
/// When the dimensions that are given don't divide `ranks`.
///
/// ```
/// # use archipelago_engine::cartesian::balance;
/// let mut dimensions = [0, 0];
/// balance(12, &mut dimensions).unwrap();
/// assert_eq!(dimensions, [4, 3]);
/// ```
pub fn balance(ranks: usize, dimensions: &mut [usize]) -> Result<(), GridError> {
    let mut given = dimensions.iter().filter(|points| **points > 0);
    // A product beyond what can be counted divides nothing.
    let given = given.try_fold(1usize, |product, points| product.checked_mul(*points)).unwrap_or(usize::MAX);
    let free = dimensions.iter().filter(|points| **points == 0).count();
    if !ranks.is_multiple_of(given) || (free == 0 && given != ranks) {
        return Err(GridError::Indivisible { given, ranks });
    }
    let mut factors = Vec::with_capacity(free);
    // Without a bound there is always a way: all in one dimension.
    let spread_over = ranks / given;
    spread(spread_over, free, usize::MAX, &divisors(spread_over), &mut factors);
    let mut factors = factors.into_iter();
    for points in dimensions.iter_mut().filter(|points| **points == 0) {
        *points = factors.next().unwrap_or(1);
    }
    Ok(())
}

/// What divides `n`, ascending; of 0 nothing.
fn divisors(n: usize) -> Vec<usize> {
    let low: Vec<usize> = (1..=n.isqrt()).filter(|low| n.is_multiple_of(*low)).collect();
    let high = low.iter().rev().map(|low| n / low).filter(|high| *high > n.isqrt());
    low.iter().copied().chain(high).collect()
}

/// Appends `parts` factors of `n`, falling and none above `most`, the first as small as possible; false if there are
/// none. `divisors` has those of `n`, and may have others.
fn spread(n: usize, parts: usize, most: usize, divisors: &[usize], factors: &mut Vec<usize>) -> bool {
    if parts <= 1 {
        factors.extend((parts == 1).then_some(n));
        return n <= most;
    }
    let before = factors.len();
    for factor in divisors.iter().copied().filter(|factor| *factor <= most && n.is_multiple_of(*factor)) {
        // The others are no larger: together they must come to n.
        if factor.checked_pow(parts as u32).is_some_and(|largest| largest < n) {
            continue;
        }
        factors.push(factor);
        if spread(n / factor, parts - 1, factor, divisors, factors) {
            return true;
        }
        factors.truncate(before);
    }
    false
}

impl Grid {
    /// A grid for the first of `ranks` ranks.
    ///
    /// # Errors
    /// When it has more points than there are ranks, or a dimension without points.
    pub fn new(ranks: usize, dimensions: &[Dimension]) -> Result<Grid, GridError> {
        let points = dimensions.iter().try_fold(1usize, |points, d| points.checked_mul(d.points));
        match points {
            Some(points @ 1..) if points <= ranks => Ok(Grid { dimensions: dimensions.into() }),
            points => Err(GridError::Points { points: points.unwrap_or(usize::MAX), ranks }),
        }
    }

    /// Its dimensions.
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// How many points it has; ranks from there on are no part of it.
    pub fn size(&self) -> usize {
        self.dimensions.iter().map(|d| d.points).product()
    }

    /// The coordinates of a rank.
    ///
    /// # Errors
    /// When the rank is outside.
    pub fn coordinates(&self, rank: usize) -> Result<Vec<usize>, GridError> {
        if rank >= self.size() {
            return Err(GridError::Outside { asked: rank, there_are: self.size() });
        }
        let mut rest = rank;
        let mut coordinates = vec![0; self.dimensions.len()];
        for (coordinate, dimension) in coordinates.iter_mut().zip(&self.dimensions).rev() {
            *coordinate = rest % dimension.points;
            rest /= dimension.points;
        }
        Ok(coordinates)
    }

    /// The rank at some coordinates, which are taken modulo the length of a periodic dimension; `None` where no
    /// point is, or when there are more or fewer coordinates than dimensions.
    pub fn rank(&self, coordinates: &[isize]) -> Option<usize> {
        if coordinates.len() != self.dimensions.len() {
            return None;
        }
        let mut rank = 0;
        for (&coordinate, dimension) in coordinates.iter().zip(&self.dimensions) {
            let points = dimension.points as isize;
            let inside = if dimension.periodic { coordinate.rem_euclid(points) } else { coordinate };
            if !(0..points).contains(&inside) {
                return None;
            }
            rank = rank * dimension.points + inside as usize;
        }
        Some(rank)
    }

    /// For moving data along a dimension by `displacement` points: from whom `rank` gets and to whom it gives; `None`
    /// past an open end.
    ///
    /// # Errors
    /// When the rank or the dimension is outside.
    pub fn shift(
        &self,
        rank: usize,
        dimension: usize,
        displacement: isize,
    ) -> Result<(Option<usize>, Option<usize>), GridError> {
        let there_are = self.dimensions.len();
        if dimension >= there_are {
            return Err(GridError::Outside { asked: dimension, there_are });
        }
        let here: Vec<isize> = self.coordinates(rank)?.into_iter().map(|c| c as isize).collect();
        let at = |by: isize| {
            let mut there = here.clone();
            there[dimension] = there[dimension].saturating_add(by);
            self.rank(&there)
        };
        Ok((at(displacement.saturating_neg()), at(displacement)))
    }
}

/// A part of a grid: a grid of the kept dimensions through one point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Which of the parallel parts, in row-major order of the other dimensions.
    pub number: usize,
    /// The rank of the point in it.
    pub rank: usize,
    /// The grid.
    pub grid: Grid,
}

impl Grid {
    /// The part through `rank` of the dimensions for which `kept` holds (MPI 5.0 §8.5.7). Without any it is the point.
    ///
    /// # Errors
    /// A rank outside; more or fewer entries than dimensions.
    pub fn slice(&self, rank: usize, kept: &[bool]) -> Result<Slice, GridError> {
        if kept.len() != self.dimensions.len() {
            return Err(GridError::Outside { asked: kept.len(), there_are: self.dimensions.len() });
        }
        let coordinates = self.coordinates(rank)?;
        let (mut number, mut inner) = (0, 0);
        for ((coordinate, dimension), kept) in coordinates.iter().zip(&self.dimensions).zip(kept) {
            let place = if *kept { &mut inner } else { &mut number };
            *place = *place * dimension.points + coordinate;
        }
        let dimensions = self.dimensions.iter().zip(kept).filter(|(_, kept)| **kept).map(|(d, _)| *d);
        Ok(Slice { number, rank: inner, grid: Grid { dimensions: dimensions.collect() } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All falling sequences of `parts` factors of `n`, none above `most`.
    fn falling(n: usize, parts: usize, most: usize) -> Vec<Vec<usize>> {
        if parts == 0 {
            return if n == 1 { vec![vec![]] } else { vec![] };
        }
        let factors = (1..=n.min(most)).filter(|factor| n.is_multiple_of(*factor));
        let with = |factor: usize| {
            let rest = falling(n / factor, parts - 1, factor);
            rest.into_iter().map(move |mut rest| {
                rest.insert(0, factor);
                rest
            })
        };
        factors.flat_map(with).collect()
    }

    #[test]
    fn balanced_dimensions_are_those_of_the_definition() {
        // MPI 5.0 §8.5.2: as close to each other as possible, in falling order. Close: the largest is as small as it can be,
        // then the second, and so on.
        for ranks in 1..=4096 {
            for parts in 1..=4 {
                let mut found = vec![0; parts];
                balance(ranks, &mut found).unwrap();
                let all = falling(ranks, parts, usize::MAX);
                assert_eq!(Some(&found), all.iter().min(), "{ranks} in {parts}");
            }
        }
    }

    #[test]
    fn slices_are_grids_through_their_point() {
        let whole = grid(&[(3, false), (4, true), (2, false)]);
        for kept in (0..8).map(|bits| [bits & 1 > 0, bits & 2 > 0, bits & 4 > 0]) {
            let mut seen = std::collections::BTreeMap::new();
            for rank in 0..24 {
                let slice = whole.slice(rank, &kept).unwrap();
                let whole_coordinates = whole.coordinates(rank).unwrap();
                let inner: Vec<usize> =
                    whole_coordinates.iter().zip(kept).filter(|(_, kept)| *kept).map(|(c, _)| *c).collect();
                assert_eq!(slice.grid.coordinates(slice.rank), Ok(inner));
                assert_eq!(seen.insert((slice.number, slice.rank), rank), None);
                // Ranks rise with those of the whole.
                assert!((0..slice.rank).all(|before| seen.contains_key(&(slice.number, before))));
            }
        }
        assert!(whole.slice(24, &[true; 3]).is_err() && whole.slice(0, &[true; 2]).is_err());
    }

    #[test]
    fn balanced_dimensions() {
        let check = |ranks, given: &[usize], expected: &[usize]| {
            let mut dimensions = given.to_vec();
            balance(ranks, &mut dimensions).unwrap();
            assert_eq!(dimensions, expected, "{ranks} {given:?}");
        };
        check(1, &[0, 0], &[1, 1]);
        check(6, &[0, 0], &[3, 2]);
        check(7, &[0, 0], &[7, 1]);
        check(16, &[0, 0], &[4, 4]);
        check(24, &[0, 0, 0], &[4, 3, 2]);
        check(6, &[0, 3, 0], &[2, 3, 1]);
        check(12, &[0], &[12]);
        check(12, &[4, 3], &[4, 3]);
        check(1024, &[0, 0, 0], &[16, 8, 8]);
        let refused = balance(7, &mut [0, 3, 0]);
        assert_eq!(refused, Err(GridError::Indivisible { given: 3, ranks: 7 }));
        assert!(balance(12, &mut [4, 4]).is_err());
        // A product that wraps around to 1 divides nothing.
        assert!(balance(6, &mut [3, 0xaaaa_aaaa_aaaa_aaab, 0]).is_err());
        // A large prime, and many ways: what counts is divided, not what lies between.
        check((1 << 31) - 1, &[0, 0, 0], &[(1 << 31) - 1, 1, 1]);
        check(1 << 30, &[0; 7], &[32, 32, 16, 16, 16, 16, 16]);
        check(2 * 3 * 5 * 7 * 11 * 13 * 17 * 19 * 23, &[0; 3], &[627, 598, 595]);
    }

    #[test]
    fn the_largest_dimension_is_as_small_as_it_can_be() {
        for ranks in 1..200usize {
            let mut found = [0, 0];
            balance(ranks, &mut found).unwrap();
            let best = (1..=ranks).filter(|a| ranks.is_multiple_of(*a) && *a >= ranks / a).min().unwrap();
            assert_eq!(found, [best, ranks / best]);
        }
    }

    fn grid(dimensions: &[(usize, bool)]) -> Grid {
        let dimensions: Vec<Dimension> =
            dimensions.iter().map(|&(points, periodic)| Dimension { points, periodic }).collect();
        Grid::new(100, &dimensions).unwrap()
    }

    #[test]
    fn coordinates_and_ranks_are_inverse() {
        let grid = grid(&[(3, false), (4, true), (2, false)]);
        for rank in 0..24 {
            let coordinates: Vec<isize> =
                grid.coordinates(rank).unwrap().into_iter().map(|c| c as isize).collect();
            assert_eq!(grid.rank(&coordinates), Some(rank));
        }
        assert_eq!(grid.coordinates(7), Ok(vec![0, 3, 1]));
        assert_eq!(grid.coordinates(24), Err(GridError::Outside { asked: 24, there_are: 24 }));
        assert_eq!(grid.rank(&[0, -1, 0]), grid.rank(&[0, 3, 0]));
        assert_eq!(grid.rank(&[3, 0, 0]), None);
        assert_eq!(grid.rank(&[0, 0]), None);
    }

    #[test]
    fn shifts_end_at_open_ends_and_go_round_rings() {
        let grid = grid(&[(3, false), (4, true)]);
        assert_eq!(grid.shift(0, 0, 1), Ok((None, Some(4))));
        assert_eq!(grid.shift(8, 0, 1), Ok((Some(4), None)));
        assert_eq!(grid.shift(0, 1, 1), Ok((Some(3), Some(1))));
        assert_eq!(grid.shift(0, 1, -6), Ok((Some(2), Some(2))));
        assert_eq!(grid.shift(0, 0, isize::MIN), Ok((None, None)));
        assert!(grid.shift(0, 2, 1).is_err() && grid.shift(12, 0, 1).is_err());
    }

    #[test]
    fn a_grid_fits_its_ranks() {
        let dimension = |points| Dimension { points, periodic: false };
        assert!(Grid::new(5, &[dimension(2), dimension(3)]).is_err());
        assert!(Grid::new(5, &[dimension(0)]).is_err());
        assert!(Grid::new(usize::MAX, &[dimension(usize::MAX), dimension(2)]).is_err());
        assert_eq!(Grid::new(5, &[dimension(2), dimension(2)]).unwrap().size(), 4);
        assert_eq!(Grid::new(1, &[]).unwrap().coordinates(0), Ok(vec![]));
    }
}
