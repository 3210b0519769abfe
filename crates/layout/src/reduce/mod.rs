//! Reductions: operators as values, and the loops of the predefined ones.

mod complex;
mod exact;
#[cfg(target_arch = "x86_64")]
mod extended;
mod half;
mod kernel;
mod operation;
mod operator;
mod pair;

pub use exact::ReproducibleSum;
pub use kernel::reduce;
pub use operation::Operation;
pub use operator::{Failure, Operator};
pub use pair::Pair;
