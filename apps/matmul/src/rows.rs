//! The row-block algorithm: every process computes some rows of C.
//!
//! Rank r gets the rows [`share`]`(m, p, r)` of A (scatter) and all of B (broadcast), and its rows of C go back to the root
//! (gather). With p processes the root sends (1 − 1/p)·m·k elements of A and each process receives k·n of B: the simplest way,
//! and the best when B is small.

use crate::error::Error;
use crate::matrix::Matrix;
use crate::meter::Meter;
use crate::plan::{Factors, Plan};
use crate::product::accumulate_rows;
use crate::progress::Progress;
use crate::share::share;

/// Multiplies `factors`, which rank 0 has; the product is rank 0's.
///
/// # Errors
/// When communication fails.
pub fn multiply(plan: &Plan, factors: Factors, meter: &mut Meter<'_>) -> Result<Option<Matrix>, Error> {
    let world = meter.world();
    let Plan { rows, inner, columns, .. } = *plan;
    let (processes, me) = (world.size(), world.rank());
    let mine = share(rows, processes, me);
    let (a, mut b) = match factors {
        Some((a, b)) => (Some(a), b),
        None => (None, Matrix::zeros(inner, columns)),
    };
    let own_a = meter.communicate(|| -> Result<Vec<f64>, Error> {
        let counts: Vec<usize> =
            (0..processes).map(|rank| share(rows, processes, rank).len() * inner).collect();
        let own = world.root(0).scatter_v(a.as_ref().map(|a| (a.values(), &counts[..])))?;
        world.root(0).broadcast(b.values_mut())?;
        Ok(own)
    })?;
    drop(a);

    let mut own_c = vec![0.0; mine.len() * columns];
    let progress = Progress::start(me, plan.operations() / processes as f64);
    // In one piece unless somebody watches: the library packs B anew for every piece.
    let rows_at_once = progress.piece(mine.len());
    for (a, c) in own_a.chunks(rows_at_once * inner).zip(own_c.chunks_mut(rows_at_once * columns)) {
        meter.compute(|| accumulate_rows(c, a, &b));
        progress.advance(2.0 * a.len() as f64 * columns as f64);
    }
    progress.finish();

    let gathered = meter.communicate(|| world.root(0).gather_v(&own_c))?;
    Ok(gathered.map(|parts| Matrix::from_values(rows, columns, parts.into_values())))
}
