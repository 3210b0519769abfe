//! Reduce-scatter by recursive halving, neighbours first, so that the order of operands is kept; a last round brings the
//! blocks, which are then in the order of reversed bits, to their owners.
//!
//! (log2 p + 1)·L + n·m·β + (n - 1)·m·γ with p = 2^⌊log2 n⌋ and blocks of m bytes, and L + n·m·(β + γ) if n isn't a power
//! of two; p·log2 p + n - p + n - 2^⌈log2 p / 2⌉ messages. J. L. Träff: An improved algorithm for (non-commutative)
//! reduce-scatter with an application, 2005.

use super::halving::Halving;
use super::reduce_scatter_halving::{self, halve};
use super::tree::floor_log2;
use crate::collective::{Case, Cost, Role, Step, Traffic};

pub use super::reduce_scatter_halving::plan;

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    halve(role, k, false, out);
}

/// How many participants hold their own blocks after all: those whose numbers read the same backwards.
fn at_home(case: &Case) -> u64 {
    1 << floor_log2(case.size).div_ceil(2)
}

pub fn cost(case: &Case) -> Cost {
    let folded = Halving::folded(case.size).min(1) as u64;
    let halving = reduce_scatter_halving::cost(case);
    // Without a fold only the last hop comes to that; with one it may be two blocks.
    let last = (case.size as u64 > at_home(case)) as u64 * (1 + folded);
    Cost {
        latencies: halving.latencies - folded + last.min(1),
        messages: halving.messages - folded + last,
        bytes: halving.bytes + (last - folded.min(last)) * case.bytes(),
        ..halving
    }
}

pub fn traffic(case: &Case) -> Traffic {
    let (n, p) = (case.size as u64, Halving::participants(case.size) as u64);
    let folded = Halving::folded(case.size) as u64;
    let (m, last) = (case.bytes(), n - at_home(case));
    Traffic::new(
        p * floor_log2(case.size) as u64 + folded + last,
        (p - 1) * n * m + folded * n * m + last * m,
    )
}
