//! SUMMA: every process holds one tile of A, of B and of C, on a grid as square as can be.
//!
//! Van de Geijn and Watts, *SUMMA: scalable universal matrix multiplication algorithm*, 1997. The inner dimension is cut into
//! panels that lie within one column of A's tiles and one row of B's. For each panel its owners broadcast it along the rows and
//! the columns of the grid, and everybody adds the product of the two panels to its tile of C. On a grid of r×c a process receives
//! m·k/r + k·n/c elements, instead of all of B.

use crate::error::Error;
use crate::matrix::Matrix;
use crate::meter::Meter;
use crate::plan::{Factors, Plan};
use crate::product::accumulate;
use crate::progress::Progress;
use crate::share::share;
use archipelago::Comm;
use std::ops::Range;

/// The most columns of A in a panel: large enough for the local product, small enough that a panel is little memory.
const PANEL_MAX: usize = 512;

/// Multiplies `factors`, which rank 0 has; the product is rank 0's.
///
/// # Errors
/// When communication fails.
pub fn multiply(plan: &Plan, factors: Factors, meter: &mut Meter<'_>) -> Result<Option<Matrix>, Error> {
    let world = meter.world();
    let Plan { rows, inner, columns, .. } = *plan;
    let lines = meter.communicate(|| Lines::of(world))?;
    let Lines { grid_rows, grid_columns, own_row, own_column, along_row, along_column } = lines;
    let tiles = |height: usize, width: usize| Tiles { height, width, grid_rows, grid_columns };
    let (tiles_a, tiles_b, tiles_c) = (tiles(rows, inner), tiles(inner, columns), tiles(rows, columns));
    let (a, b) = meter.communicate(|| -> Result<_, Error> {
        let (a, b) = factors.unzip();
        Ok((tiles_a.scatter(world, a)?, tiles_b.scatter(world, b)?))
    })?;

    let mut c = tiles_c.empty(world.rank());
    let progress = Progress::start(world.rank(), plan.operations() / world.size() as f64);
    for panel in panels(inner, grid_rows, grid_columns) {
        let (owner_column, owner_row) = (owner(inner, grid_columns, &panel), owner(inner, grid_rows, &panel));
        let (left, right) = meter.communicate(|| -> Result<_, Error> {
            let from = share(inner, grid_columns, owner_column).start;
            let within = panel.start - from..panel.end - from;
            let mut left = if own_column == owner_column {
                a.tile(0..a.rows(), within)
            } else {
                Matrix::zeros(a.rows(), panel.len())
            };
            along_row.root(owner_column).broadcast(left.values_mut())?;
            let from = share(inner, grid_rows, owner_row).start;
            let within = panel.start - from..panel.end - from;
            let mut right = if own_row == owner_row {
                b.tile(within, 0..b.columns())
            } else {
                Matrix::zeros(panel.len(), b.columns())
            };
            along_column.root(owner_row).broadcast(right.values_mut())?;
            Ok((left, right))
        })?;
        meter.compute(|| accumulate(&mut c, &left, &right));
        progress.advance(2.0 * left.values().len() as f64 * right.columns() as f64);
    }
    progress.finish();
    meter.communicate(|| tiles_c.gather(world, &c))
}

/// A process's place on the grid, and those that it shares a row and a column with.
struct Lines {
    grid_rows: usize,
    grid_columns: usize,
    own_row: usize,
    own_column: usize,
    along_row: Comm,
    along_column: Comm,
}

impl Lines {
    fn of(world: &Comm) -> Result<Lines, Error> {
        let Some(grid) = world.cartesian(&[(0, false), (0, false)])? else {
            return Err(Error::Input("a balanced grid left a process over".into()));
        };
        let (points, own) = (grid.dimensions(), grid.coordinates());
        Ok(Lines {
            grid_rows: points[0],
            grid_columns: points[1],
            own_row: own[0],
            own_column: own[1],
            along_row: grid.line(1)?,
            along_column: grid.line(0)?,
        })
    }
}

/// Pieces of the inner dimension, none across the border of a tile of A or of B, none wider than [`PANEL_MAX`].
fn panels(inner: usize, grid_rows: usize, grid_columns: usize) -> Vec<Range<usize>> {
    let borders = |parts: usize| (0..parts).map(move |part| share(inner, parts, part).end);
    let mut ends: Vec<usize> = borders(grid_rows).chain(borders(grid_columns)).collect();
    ends.sort_unstable();
    let mut panels = Vec::new();
    let mut start = 0;
    for end in ends {
        while start < end {
            let next = end.min(start + PANEL_MAX);
            panels.push(start..next);
            start = next;
        }
    }
    panels
}

/// Which of `parts` shares of `total` holds the panel.
fn owner(total: usize, parts: usize, panel: &Range<usize>) -> usize {
    (0..parts).find(|part| share(total, parts, *part).contains(&panel.start)).unwrap_or(0)
}

/// A matrix cut into tiles, one for each process of the grid, by rows.
#[derive(Clone, Copy)]
struct Tiles {
    height: usize,
    width: usize,
    grid_rows: usize,
    grid_columns: usize,
}

impl Tiles {
    fn ranges(&self, rank: usize) -> (Range<usize>, Range<usize>) {
        let (row, column) = (rank / self.grid_columns, rank % self.grid_columns);
        (share(self.height, self.grid_rows, row), share(self.width, self.grid_columns, column))
    }

    fn empty(&self, rank: usize) -> Matrix {
        let (rows, columns) = self.ranges(rank);
        Matrix::zeros(rows.len(), columns.len())
    }

    fn counts(&self) -> Vec<usize> {
        let count = |rank| {
            let (rows, columns) = self.ranges(rank);
            rows.len() * columns.len()
        };
        (0..self.grid_rows * self.grid_columns).map(count).collect()
    }

    /// Every process's tile of the root's matrix.
    fn scatter(&self, world: &Comm, matrix: Option<Matrix>) -> Result<Matrix, Error> {
        let packed: Option<Vec<f64>> = matrix.map(|matrix| {
            let tile = |rank| {
                let (rows, columns) = self.ranges(rank);
                matrix.tile(rows, columns)
            };
            (0..world.size()).flat_map(|rank| tile(rank).values().to_vec()).collect()
        });
        let counts = self.counts();
        let values = world.root(0).scatter_v(packed.as_deref().map(|packed| (packed, &counts[..])))?;
        let (rows, columns) = self.ranges(world.rank());
        Ok(Matrix::from_values(rows.len(), columns.len(), values))
    }

    /// The matrix of all tiles, at the root.
    fn gather(&self, world: &Comm, own: &Matrix) -> Result<Option<Matrix>, Error> {
        let packed = world.root(0).gather_v(own.values())?;
        Ok(packed.map(|packed| {
            let mut matrix = Matrix::zeros(self.height, self.width);
            for (rank, values) in packed.iter().enumerate() {
                let (rows, columns) = self.ranges(rank);
                let tile = Matrix::from_values(rows.len(), columns.len(), values.to_vec());
                matrix.set_tile(rows.start, columns.start, &tile);
            }
            matrix
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_cover_the_inner_dimension_within_one_owner_each() {
        for inner in [1, 2, 5, 64, 1797, 3000] {
            for (rows, columns) in [(1, 1), (2, 2), (2, 3), (1, 7), (5, 7)] {
                let panels = panels(inner, rows, columns);
                assert_eq!(panels.iter().map(Range::len).sum::<usize>(), inner);
                assert!(panels.windows(2).all(|pair| pair[0].end == pair[1].start));
                for panel in &panels {
                    assert!(!panel.is_empty() && panel.len() <= PANEL_MAX);
                    for parts in [rows, columns] {
                        let whole = share(inner, parts, owner(inner, parts, panel));
                        assert!(whole.start <= panel.start && panel.end <= whole.end);
                    }
                }
            }
        }
    }
}
