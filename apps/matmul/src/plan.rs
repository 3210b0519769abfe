//! What the root tells all others before the work starts.

use crate::error::Error;
use crate::matrix::Matrix;
use crate::options::{Algorithm, Options};
use archipelago::{Comm, Wire};

/// The two matrices, where they are: at rank 0.
pub type Factors = Option<(Matrix, Matrix)>;

/// What is to be done, if anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Wire)]
pub struct Plan {
    /// False: something is wrong at the root, which says so; the others leave.
    pub go: bool,
    /// How the work is shared.
    pub algorithm: Algorithm,
    /// Rows of A and of C.
    pub rows: usize,
    /// Columns of A, which are the rows of B.
    pub inner: usize,
    /// Columns of B and of C.
    pub columns: usize,
}

impl Plan {
    /// Nothing is to be done.
    pub const STOP: Plan = Plan { go: false, algorithm: Algorithm::Rows, rows: 0, inner: 0, columns: 0 };

    /// The plan for two matrices that fit.
    pub fn new(options: &Options, a: &Matrix, b: &Matrix) -> Plan {
        let (rows, inner, columns) = (a.rows(), a.columns(), b.columns());
        Plan { go: true, algorithm: options.algorithm, rows, inner, columns }
    }

    /// Rank 0's plan, on all ranks.
    pub fn agree(self, world: &Comm) -> Result<Plan, Error> {
        let mut plan = self;
        world.root(0).broadcast(&mut plan)?;
        Ok(plan)
    }

    /// Floating-point operations of the product.
    pub fn operations(&self) -> f64 {
        2.0 * self.rows as f64 * self.inner as f64 * self.columns as f64
    }
}
