//! Is the product right? Two checks that share no code with the multiplication.

use crate::error::Error;
use crate::generate;
use crate::matrix::{EXACT_MAX, Matrix};
use std::fmt;

/// Multiplications that the exact check may cost; past that Freivalds' check is made.
const EXACT_WORK_MAX: f64 = 4e9;

/// Random vectors of Freivalds' check: a wrong product passes with a probability of at most 2^-ROUNDS.
const ROUNDS: u64 = 20;

/// Which check a product passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Every element equals one computed in integers.
    Exact {
        /// How many.
        elements: usize,
    },
    /// Freivalds' check with this many random vectors.
    Freivalds {
        /// How many.
        rounds: u64,
    },
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Check::Exact { elements } => {
                write!(f, "all {elements} elements equal those computed in integers")
            }
            Check::Freivalds { rounds } => write!(f, "Freivalds' check passed for {rounds} random vectors"),
        }
    }
}

/// Checks C = A·B: exactly if the values allow it and the work is bearable, else with Freivalds' check.
///
/// # Errors
/// [`Error::Wrong`] with the first element or row that is not right.
pub fn verify(a: &Matrix, b: &Matrix, c: &Matrix, seed: u64) -> Result<Check, Error> {
    let work = a.rows() as f64 * a.columns() as f64 * b.columns() as f64;
    if work <= EXACT_WORK_MAX && sums_are_exact(a, b) {
        exact(a, b, c)?;
        return Ok(Check::Exact { elements: c.values().len() });
    }
    freivalds(a, b, c, seed)?;
    Ok(Check::Freivalds { rounds: ROUNDS })
}

/// True if all values are whole and no sum of products can pass 2^53: then doubles and integers agree bit for bit,
/// in whatever order the sums are taken.
fn sums_are_exact(a: &Matrix, b: &Matrix) -> bool {
    let largest =
        |matrix: &Matrix| matrix.values().iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    a.is_integer() && b.is_integer() && largest(a) * largest(b) * a.columns() as f64 <= EXACT_MAX
}

/// Compares every element with a scalar product of integers.
fn exact(a: &Matrix, b: &Matrix, c: &Matrix) -> Result<(), Error> {
    let integers = |matrix: &Matrix| matrix.values().iter().map(|value| *value as i64).collect::<Vec<i64>>();
    let (left, right) = (integers(a), integers(&b.transposed()));
    let inner = a.columns();
    for (row, left) in left.chunks_exact(inner).enumerate() {
        for (column, right) in right.chunks_exact(inner).enumerate() {
            let expected: i64 = left.iter().zip(right).map(|(a, b)| a * b).sum();
            let found = c.at(row, column);
            if found != expected as f64 {
                let place = format!("row {}, column {}", row + 1, column + 1);
                return Err(Error::Wrong(format!(
                    "the product is wrong: {found} at {place}, which should be {expected}"
                )));
            }
        }
    }
    Ok(())
}

/// Freivalds (*Probabilistic machines can use less running time*, 1977): C·x = A·(B·x) for random x of 1 and -1.
///
/// The tolerance is the bound of rounding errors of three products and a sum, taken with |A|·(|B|·1): no right
/// product fails, and a wrong element fails as soon as its error rises above what rounding could have done.
fn freivalds(a: &Matrix, b: &Matrix, c: &Matrix, seed: u64) -> Result<(), Error> {
    let ones = vec![1.0; b.columns()];
    let bound = times(a, &times(b, &ones, f64::abs), f64::abs);
    let operations = (a.columns() + 2 * b.columns() + 4) as f64;
    for round in 0..ROUNDS {
        let x = generate::signs(seed, 0x0f2e_17a1_d500 + round, b.columns());
        let expected = times(a, &times(b, &x, |value| value), |value| value);
        let found = times(c, &x, |value| value);
        for (row, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let tolerance = 2.0 * operations * f64::EPSILON * bound[row];
            if !tolerance.is_finite() {
                return Err(Error::Wrong(format!(
                    "the product cannot be verified: sums of row {} pass the range of doubles",
                    row + 1
                )));
            }
            let off = (found - expected).abs();
            // Written so that NaN is wrong too.
            if !matches!(
                off.partial_cmp(&tolerance),
                Some(std::cmp::Ordering::Less | std::cmp::Ordering::Equal)
            ) {
                let row = row + 1;
                return Err(Error::Wrong(format!(
                    "the product is wrong in row {row}: Freivalds' check is off by {off:e}"
                )));
            }
        }
    }
    Ok(())
}

/// f(M)·x, where f is applied to each element.
fn times(matrix: &Matrix, x: &[f64], f: fn(f64) -> f64) -> Vec<f64> {
    (0..matrix.rows())
        .map(|row| matrix.row(row).iter().zip(x).map(|(value, x)| f(*value) * x).sum())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::product;

    fn integers(seed: u64, rows: usize, columns: usize) -> Matrix {
        let mut matrix = generate::matrix(seed, 0, rows, columns);
        matrix.values_mut().iter_mut().for_each(|value| *value = (*value * 100.0).round());
        matrix
    }

    #[test]
    fn right_products_pass() {
        for (m, k, n) in [(1, 1, 1), (3, 7, 2), (40, 64, 33)] {
            let (a, b) = (generate::matrix(1, 0, m, k), generate::matrix(1, 1, k, n));
            assert_eq!(verify(&a, &b, &product(&a, &b), 5).unwrap(), Check::Freivalds { rounds: ROUNDS });
            let (a, b) = (integers(2, m, k), integers(3, k, n));
            assert_eq!(verify(&a, &b, &product(&a, &b), 5).unwrap(), Check::Exact { elements: m * n });
        }
    }

    #[test]
    fn one_planted_wrong_element_is_found() {
        let (a, b) = (generate::matrix(1, 0, 50, 60), generate::matrix(1, 1, 60, 70));
        let mut c = product(&a, &b);
        c.values_mut()[1234] += 1e-9;
        assert!(verify(&a, &b, &c, 5).unwrap_err().to_string().contains("row 18"));
        let (a, b) = (integers(2, 50, 60), integers(3, 60, 70));
        let mut c = product(&a, &b);
        c.values_mut()[1234] += 1.0;
        assert!(verify(&a, &b, &c, 5).unwrap_err().to_string().contains("row 18, column 45"));
    }

    #[test]
    fn sums_past_the_range_of_doubles_are_told_apart_from_wrong_ones() {
        let huge = Matrix::from_values(2, 2, vec![1.5, 2.5, 1e200, 1e200]);
        let text = verify(&huge, &huge, &product(&huge, &huge), 5).unwrap_err().to_string();
        assert_eq!(text, "the product cannot be verified: sums of row 2 pass the range of doubles");
    }

    #[test]
    fn a_product_that_is_not_a_number_is_wrong() {
        let (a, b) = (generate::matrix(1, 0, 3, 4), generate::matrix(1, 1, 4, 5));
        let mut c = product(&a, &b);
        c.values_mut()[7] = f64::NAN;
        assert!(verify(&a, &b, &c, 5).is_err());
    }
}
