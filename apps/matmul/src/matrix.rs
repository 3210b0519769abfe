//! A dense matrix of doubles in row-major order.

use crate::error::Error;
use std::ops::Range;

/// Elements of one matrix at most, unless a caller says otherwise: 2 GiB of doubles.
pub const ELEMENTS_MAX: usize = 1 << 28;

/// A dense matrix, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    rows: usize,
    columns: usize,
    values: Vec<f64>,
}

impl Matrix {
    /// A matrix of zeros.
    pub fn zeros(rows: usize, columns: usize) -> Matrix {
        Matrix { rows, columns, values: vec![0.0; rows * columns] }
    }

    /// A matrix of the given values, row by row.
    ///
    /// # Panics
    /// If there are not `rows * columns` values.
    pub fn from_values(rows: usize, columns: usize, values: Vec<f64>) -> Matrix {
        assert_eq!(values.len(), rows * columns, "a {rows}x{columns} matrix");
        Matrix { rows, columns, values }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// All values, row by row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// All values, row by row, to be written.
    pub fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values
    }

    /// The value at a row and a column.
    pub fn at(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.columns + column]
    }

    /// The values of one row.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.columns..][..self.columns]
    }

    /// Rows and columns exchanged. Blocks of 32 by 32 keep both sides in the cache.
    pub fn transposed(&self) -> Matrix {
        const BLOCK: usize = 32;
        let mut out = Matrix::zeros(self.columns, self.rows);
        for top in (0..self.rows).step_by(BLOCK) {
            for left in (0..self.columns).step_by(BLOCK) {
                for row in top..(top + BLOCK).min(self.rows) {
                    for column in left..(left + BLOCK).min(self.columns) {
                        out.values[column * self.rows + row] = self.values[row * self.columns + column];
                    }
                }
            }
        }
        out
    }

    /// A copy of the tile where the given rows and columns cross.
    pub fn tile(&self, rows: Range<usize>, columns: Range<usize>) -> Matrix {
        let values = rows.clone().flat_map(|row| &self.row(row)[columns.clone()]).copied().collect();
        Matrix { rows: rows.len(), columns: columns.len(), values }
    }

    /// Overwrites the tile whose upper left corner is at `row`, `column`.
    pub fn set_tile(&mut self, row: usize, column: usize, tile: &Matrix) {
        for (index, source) in tile.values.chunks_exact(tile.columns.max(1)).enumerate() {
            let start = (row + index) * self.columns + column;
            self.values[start..start + tile.columns].copy_from_slice(source);
        }
    }

    /// True if every value is a whole number that a double holds exactly (up to 2^53 in magnitude).
    pub fn is_integer(&self) -> bool {
        self.values.iter().all(|value| value.fract() == 0.0 && value.abs() <= EXACT_MAX)
    }
}

/// The stated size of a matrix as something that can be allocated.
///
/// # Errors
/// [`Error::TooLarge`] past `elements_max` elements, [`Error::Unsupported`] for none at all.
pub fn checked_size(rows: u64, columns: u64, elements_max: usize) -> Result<(usize, usize), Error> {
    if rows == 0 || columns == 0 {
        return Err(Error::Unsupported(format!("a {rows}x{columns} matrix has no elements")));
    }
    let fits = rows.checked_mul(columns).is_some_and(|count| count <= elements_max as u64);
    match (usize::try_from(rows), usize::try_from(columns)) {
        (Ok(rows), Ok(columns)) if fits => Ok((rows, columns)),
        _ => Err(Error::TooLarge { rows, columns, elements_max }),
    }
}

/// 2^53: every whole number up to here is a double.
pub const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(rows: usize, columns: usize) -> Matrix {
        Matrix::from_values(rows, columns, (0..rows * columns).map(|value| value as f64).collect())
    }

    #[test]
    fn transposing_exchanges_rows_and_columns() {
        for (rows, columns) in [(1, 1), (3, 5), (33, 64), (70, 31)] {
            let (matrix, transposed) = (numbered(rows, columns), numbered(rows, columns).transposed());
            assert_eq!((transposed.rows(), transposed.columns()), (columns, rows));
            for row in 0..rows {
                for column in 0..columns {
                    assert_eq!(matrix.at(row, column), transposed.at(column, row));
                }
            }
        }
    }

    #[test]
    fn tiles_put_back_make_the_matrix_again() {
        let matrix = numbered(7, 5);
        let mut copy = Matrix::zeros(7, 5);
        for rows in [0..3, 3..7] {
            for columns in [0..1, 1..5] {
                copy.set_tile(rows.start, columns.start, &matrix.tile(rows.clone(), columns));
            }
        }
        assert_eq!(copy, matrix);
    }
}
