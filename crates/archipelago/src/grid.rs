//! Grids: communicators whose ranks are points of a Cartesian topology.

use std::ops::Deref;
use std::sync::Arc;

use engine::cartesian::{self, Dimension, GridError};
use engine::topology::Topology;

use crate::called::called_to_make;
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
    #[track_caller]
    pub fn cartesian(&self, dimensions: &[(usize, bool)]) -> Result<Option<Grid>> {
        called_to_make(self);
        self.make_grid(dimensions, false)
    }

    /// [`cartesian`](Comm::cartesian), in which ranks become the points that suit them: those of one host, NUMA node and cache
    /// next to one another, as far as the machine was found to have these. Never do more neighbours lie on different hosts, or
    /// on different nodes, than in the order of ranks. Costs one more all-gather.
    ///
    /// # Errors
    /// As [`cartesian`](Comm::cartesian).
    ///
    /// ```
    /// # archipelago::testing::run(6, |world| {
    /// let grid = world.cartesian_reordered(&[(0, true), (0, false)])?.expect("every rank is in the grid");
    /// assert_eq!(grid.rank_at(&[1, 1]), Some(3));
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn cartesian_reordered(&self, dimensions: &[(usize, bool)]) -> Result<Option<Grid>> {
        called_to_make(self);
        self.make_grid(dimensions, true)
    }

    fn make_grid(&self, dimensions: &[(usize, bool)], reorder: bool) -> Result<Option<Grid>> {
        let refuse = |error: GridError| spot("cartesian").refuse::<()>(&self.untyped, error.to_string());
        let mut points: Vec<usize> = dimensions.iter().map(|(points, _)| *points).collect();
        if points.contains(&0) {
            cartesian::balance(self.size(), &mut points).map_err(refuse)?;
        }
        let periodic = dimensions.iter().map(|(_, periodic)| *periodic);
        let dimensions: Vec<Dimension> =
            points.iter().zip(periodic).map(|(&points, periodic)| Dimension { points, periodic }).collect();
        let grid = cartesian::Grid::new(self.size(), &dimensions).map_err(refuse)?;
        let made = self.untyped.cartesian(&grid, reorder);
        let made = made.map_err(|error| spot("cartesian").explain::<()>(&self.untyped, error))?;
        Ok(made.map(|comm| Grid::of(Comm::of(comm), &grid)))
    }
}

/// Ranks as points of a grid, in row-major order: the last coordinate changes from one rank to the next. It is a communicator.
#[derive(Clone, Debug)]
pub struct Grid {
    comm: Comm,
    points: Vec<usize>,
    topology: Arc<Topology>,
}

impl Grid {
    /// A communicator that was made as this grid.
    fn of(comm: Comm, grid: &cartesian::Grid) -> Grid {
        let points = grid.dimensions().iter().map(|dimension| dimension.points).collect();
        let whole = || Arc::new(Topology::of_grid(grid.clone(), comm.rank()));
        let topology = comm.untyped.inner().topology().cloned().unwrap_or_else(whole);
        Grid { comm, points, topology }
    }

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
        self.grid().coordinates(rank).map_err(|error| self.refuse("coordinates_of", error))
    }

    /// The rank at some coordinates, which wrap around in dimensions that are rings; `None` outside.
    pub fn rank_at(&self, coordinates: &[isize]) -> Option<usize> {
        self.grid().rank(coordinates)
    }

    /// For moving data along a dimension by some points: from whom this rank gets and to whom it gives; `None` past an open
    /// end.
    ///
    /// # Errors
    /// A dimension that the grid doesn't have.
    pub fn shift(&self, dimension: usize, points: isize) -> Result<(Option<usize>, Option<usize>)> {
        self.grid().shift(self.rank(), dimension, points).map_err(|error| self.refuse("shift", error))
    }

    /// The communicator of the ranks that differ from this one in the coordinate of `dimension` alone, in the order of that
    /// coordinate: of a matrix, 1 gives rows and 0 gives columns. Collective; costs one all-gather.
    ///
    /// # Errors
    /// A dimension that the grid doesn't have; a rank that is gone.
    #[track_caller]
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

    /// The grid of the points that differ from this rank's in the kept dimensions alone (MPI 5.0 §8.5.7): one entry for each
    /// dimension, whether it is kept. Collective; costs one all-gather.
    ///
    /// # Errors
    /// More or fewer entries than dimensions; a rank that is gone.
    ///
    /// ```
    /// # archipelago::testing::run(8, |world| {
    /// let cube = world.cartesian(&[(2, false), (2, true), (2, false)])?.expect("every rank is in the grid");
    /// let plane = cube.part(&[true, false, true])?;
    /// assert_eq!(plane.dimensions(), [2, 2]);
    /// let here = cube.coordinates();
    /// assert_eq!(plane.coordinates(), [here[0], here[2]]);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn part(&self, kept: &[bool]) -> Result<Grid> {
        called_to_make(&self.comm);
        let slice = self.grid().slice(self.rank(), kept).map_err(|error| self.refuse("part", error))?;
        let part = self.comm.untyped.grid_part(kept);
        let part = part.map_err(|error| spot("part").explain::<()>(&self.comm.untyped, error))?;
        Ok(Grid::of(Comm::of(part), &slice.grid))
    }

    /// [`Comm::duplicate`], which keeps the grid.
    ///
    /// # Errors
    /// A rank that is gone.
    #[track_caller]
    pub fn duplicate(&self) -> Result<Grid> {
        self.comm.duplicate().map(|comm| Grid::of(comm, self.grid()))
    }

    pub(crate) fn topology(&self) -> &Topology {
        &self.topology
    }

    fn grid(&self) -> &cartesian::Grid {
        // Proof: `of` gives it that of a grid.
        self.topology.grid().expect("a grid has the topology of a grid")
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
