//! The product of two matrices that lie in this process.

use crate::matrix::Matrix;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

/// A·B on this thread.
///
/// # Panics
/// If A has not as many columns as B has rows.
pub fn product(a: &Matrix, b: &Matrix) -> Matrix {
    let mut c = Matrix::zeros(a.rows(), b.columns());
    accumulate(&mut c, a, b);
    c
}

/// C += A·B on this thread: 2·m·k·n floating-point operations.
///
/// # Panics
/// If the sizes don't fit.
pub fn accumulate(c: &mut Matrix, a: &Matrix, b: &Matrix) {
    accumulate_rows(c.values_mut(), a.values(), b);
}

/// The same for some rows of A and C, given row by row.
pub fn accumulate_rows(c: &mut [f64], a: &[f64], b: &Matrix) {
    let (inner, columns) = (b.rows(), b.columns());
    let rows = a.len() / inner;
    let a = MatRef::from_row_major_slice(a, rows, inner);
    let b = MatRef::from_row_major_slice(b.values(), inner, columns);
    let c = MatMut::from_row_major_slice_mut(c, rows, columns);
    // One thread: the processes are the parallelism.
    matmul(c, Accum::Add, a, b, 1.0, Par::Seq);
}
