//! Grids: communicators whose ranks are points of a Cartesian topology.

use std::ops::Deref;
use std::sync::Arc;

use engine::cartesian::{self, Dimension, GridError};
use engine::collective::Neighbourhood;

use crate::create::spot;
use crate::{Comm, Result};

impl Comm {
    /// Arranges the ranks as a grid. Each dimension is its number of points and whether it closes to a ring; 0 points means:
    /// as many as divide the ranks best. Ranks that are left over get none. Collective; costs one all-gather.
    ///
    /// # Errors
    /// A grid that can't be: more points than ranks, or dimensions that don't divide them. A rank that is gone.
    ///
    /// ```
    /// # archipelago::testing::run(6, |world| {
    /// let grid = world.cartesian(&[(0, true), (0, false)])?.expect("every rank is in the grid");
    /// assert_eq!(grid.dimensions(), [3, 2]);
    /// assert_eq!(grid.coordinates(), [grid.rank() / 2, grid.rank() % 2]);
    /// // Along the ring every rank has two neighbours.
    /// let (from, to) = grid.shift(0, 1)?;
    /// grid.to(to.unwrap()).send(&grid.rank())?;
    /// assert_eq!(grid.from(from.unwrap()).receive::<usize>()?, from.unwrap());
    /// // A communicator of each row.
    /// assert_eq!(grid.line(1)?.size(), 2);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn cartesian(&self, dimensions: &[(usize, bool)]) -> Result<Option<Grid>> {
        let refuse = |error: GridError| spot("cartesian").refuse::<()>(&self.untyped, error.to_string());
        let mut points: Vec<usize> = dimensions.iter().map(|(points, _)| *points).collect();
        if points.contains(&0) {
            cartesian::balance(self.size(), &mut points).map_err(refuse)?;
        }
        let periodic = dimensions.iter().map(|(_, periodic)| *periodic);
        let dimensions: Vec<Dimension> =
            points.iter().zip(periodic).map(|(&points, periodic)| Dimension { points, periodic }).collect();
        let grid = cartesian::Grid::new(self.size(), &dimensions).map_err(refuse)?;
        let inside = self.rank() < grid.size();
        let part = self.split(inside.then_some(0), 0)?;
        Ok(part.map(|comm| {
            let edges = Arc::new(Neighbourhood::of_grid(&grid, comm.rank()));
            Grid { comm, points, grid, edges }
        }))
    }
}

/// Ranks as points of a grid, in row-major order: the last coordinate changes from one rank to the next. It is a communicator.
#[derive(Clone, Debug)]
pub struct Grid {
    comm: Comm,
    points: Vec<usize>,
    grid: cartesian::Grid,
    edges: Arc<Neighbourhood>,
}

impl Grid {
    /// How many points each dimension has.
    pub fn dimensions(&self) -> &[usize] {
        &self.points
    }

    /// The coordinates of this rank.
    pub fn coordinates(&self) -> Vec<usize> {
        self.coordinates_of(self.rank()).unwrap_or_default()
    }

    /// The coordinates of a rank.
    ///
    /// # Errors
    /// A rank that is not in the grid.
    pub fn coordinates_of(&self, rank: usize) -> Result<Vec<usize>> {
        self.grid.coordinates(rank).map_err(|error| self.refuse("coordinates_of", error))
    }

    /// The rank at some coordinates, which wrap around in dimensions that are rings; `None` outside.
    pub fn rank_at(&self, coordinates: &[isize]) -> Option<usize> {
        self.grid.rank(coordinates)
    }

    /// For moving data along a dimension by some points: from whom this rank gets and to whom it gives; `None` past an open
    /// end.
    ///
    /// # Errors
    /// A dimension that the grid doesn't have.
    pub fn shift(&self, dimension: usize, points: isize) -> Result<(Option<usize>, Option<usize>)> {
        self.grid.shift(self.rank(), dimension, points).map_err(|error| self.refuse("shift", error))
    }

    /// The communicator of the ranks that differ from this one in the coordinate of `dimension` alone, in the order of that
    /// coordinate: of a matrix, 1 gives rows and 0 gives columns. Collective; costs one all-gather.
    ///
    /// # Errors
    /// A dimension that the grid doesn't have; a rank that is gone.
    pub fn line(&self, dimension: usize) -> Result<Comm> {
        let mut start = self.coordinates();
        let Some(along) = start.get_mut(dimension) else {
            let there_are = self.points.len();
            return Err(self.refuse("line", GridError::Outside { asked: dimension, there_are }));
        };
        let key = std::mem::take(along) as i64;
        let start: Vec<isize> = start.into_iter().map(|coordinate| coordinate as isize).collect();
        let colour = self.rank_at(&start).map(|rank| rank as u32);
        match self.comm.split(colour, key)? {
            Some(line) => Ok(line),
            None => unreachable!("every rank of a grid lies on a line, so it gave a colour"),
        }
    }

    /// With whom it exchanges in collectives of neighbours.
    pub(crate) fn edges(&self) -> &Arc<Neighbourhood> {
        &self.edges
    }

    fn refuse(&self, operation: &'static str, error: GridError) -> crate::Error {
        spot(operation).refuse::<()>(&self.comm.untyped, error.to_string())
    }
}

impl Deref for Grid {
    type Target = Comm;

    fn deref(&self) -> &Comm {
        &self.comm
    }
}
