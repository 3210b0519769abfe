//! What somebody asked for on the command line.

use crate::error::Error;
use crate::matrix::{ELEMENTS_MAX, Matrix, checked_size};
use crate::{file, generate};
use archipelago::Wire;
use clap::{Parser, ValueEnum};
use std::path::PathBuf;

/// Multiplies two matrices on several processes: `archi run -n 4 matmul --a A.mtx --b B.npy --out C.npy`
#[derive(Debug, Parser)]
#[command(name = "matmul", version)]
pub struct Options {
    /// The left matrix: Matrix Market or .npy
    #[arg(long, value_name = "FILE", requires = "b", conflicts_with = "n")]
    pub a: Option<PathBuf>,
    /// The right matrix: Matrix Market or .npy
    #[arg(long, value_name = "FILE", requires = "a")]
    pub b: Option<PathBuf>,
    /// Exchange rows and columns of the left matrix first
    #[arg(long)]
    pub transpose_a: bool,
    /// Exchange rows and columns of the right matrix first
    #[arg(long)]
    pub transpose_b: bool,
    /// Multiply two random N by N matrices instead
    #[arg(long, value_name = "N", value_parser = parse_size, allow_negative_numbers = true)]
    pub n: Option<u64>,
    /// The seed of the random matrices and of Freivalds' check
    #[arg(long, value_name = "SEED", default_value_t = 1, value_parser = parse_seed, allow_negative_numbers = true)]
    pub seed: u64,
    /// How the processes share the work
    #[arg(long, value_enum, default_value_t = Algorithm::Rows)]
    pub algorithm: Algorithm,
    /// Write the product: as .npy if the name ends so, else as Matrix Market
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Check the product: every element in integers if that is exact, else by Freivalds' check
    #[arg(long)]
    pub verify: bool,
    /// Report as one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// How the processes share the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Wire)]
#[repr(u8)]
pub enum Algorithm {
    /// Rows of A are scattered, B is broadcast, rows of C are gathered
    Rows,
    /// Tiles on a grid of processes; panels travel along its rows and columns (SUMMA)
    Summa,
}

impl Algorithm {
    /// As it is asked for.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Rows => "rows",
            Algorithm::Summa => "summa",
        }
    }
}

impl Options {
    /// The two factors, transposed if asked for, and sure to fit.
    ///
    /// # Errors
    /// Everything that is wrong with the files and their sizes, and with the place of the output, before any work.
    pub fn factors(&self) -> Result<(Matrix, Matrix), Error> {
        if let Some(path) = &self.out {
            file::check_writable(path)?;
        }
        let (mut a, mut b) = match (&self.a, &self.b, self.n) {
            (Some(a), Some(b), None) => (file::read(a)?, file::read(b)?),
            (None, None, Some(n)) => {
                let (n, _) = checked_size(n, n, ELEMENTS_MAX)?;
                (generate::matrix(self.seed, 0, n, n), generate::matrix(self.seed, 1, n, n))
            }
            _ => {
                return Err(Error::Input(
                    "what shall be multiplied? Give --a FILE --b FILE, or --n N".into(),
                ));
            }
        };
        if self.transpose_a {
            a = a.transposed();
        }
        if self.transpose_b {
            b = b.transposed();
        }
        let sizes = format!("{}x{} times {}x{}", a.rows(), a.columns(), b.rows(), b.columns());
        if a.columns() != b.rows() {
            let hint = "the left one needs as many columns as the right one has rows; --transpose-a and --transpose-b help";
            return Err(Error::Input(format!("{sizes} is no product: {hint}")));
        }
        checked_size(a.rows() as u64, b.columns() as u64, ELEMENTS_MAX)?;
        if self.verify {
            check_verifiable("left", &a)?;
            check_verifiable("right", &b)?;
        }
        Ok((a, b))
    }
}

/// A product with something that is no number can't be right or wrong.
fn check_verifiable(side: &str, matrix: &Matrix) -> Result<(), Error> {
    let Some(at) = matrix.values().iter().position(|value| !value.is_finite()) else { return Ok(()) };
    let (row, column) = (at / matrix.columns() + 1, at % matrix.columns() + 1);
    let value = matrix.values()[at];
    Err(Error::Input(format!(
        "the product cannot be verified: row {row}, column {column} of the {side} matrix is {value}; leave out --verify to \
         multiply all the same"
    )))
}

fn parse_size(text: &str) -> Result<u64, String> {
    let most = ELEMENTS_MAX.isqrt() as u64;
    let size = text.parse().ok().filter(|size| (1..=most).contains(size));
    size.ok_or_else(|| format!("a matrix has 1 to {most} rows"))
}

fn parse_seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}
