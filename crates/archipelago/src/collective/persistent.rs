//! Collectives that are described once and started as often as one likes.

use super::buffers::Buffers;
use super::job::Described;
use crate::called::called;
use crate::kept::Kept;
use crate::{Comm, Result};

/// A collective that can be started again and again; all ranks start theirs equally often and in the same order. It is
/// described locally: making it costs no message. Dropped while it is under way it runs on.
///
/// ```
/// use archipelago::prelude::*;
/// # archipelago::testing::run(2, |world| {
/// let mut exchange = world.prepare().all_gather(vec![0u32], vec![0u32; 2]).persistent()?;
/// for round in 0..3 {
///     let (mine, _) = exchange.wait()?;
///     mine[0] = round * 10 + world.rank() as u32;
///     exchange.start()?;
/// }
/// let (_, all) = exchange.into_buffers()?;
/// assert_eq!(all, [20, 21]);
/// # Ok::<(), archipelago::Error>(())
/// # });
/// ```
pub struct PersistentCollective<B: Buffers + Send + 'static> {
    comm: Comm,
    described: Described,
    /// There until the end: `into_buffers` or the drop.
    kept: Option<Kept<B>>,
}

impl<B: Buffers + Send + 'static> PersistentCollective<B> {
    pub(super) fn new(comm: Comm, described: Described, buffers: B) -> Self {
        PersistentCollective { comm, described, kept: Some(Kept::new(buffers)) }
    }

    /// Starts it. If it is still under way, waits for that first.
    ///
    /// # Errors
    /// As [`wait`](PersistentCollective::wait).
    #[track_caller]
    pub fn start(&mut self) -> Result<()> {
        called(&self.comm);
        let Some(kept) = &mut self.kept else { unreachable!("{ENDED}") };
        kept.wait(&self.comm)?;
        kept.collect(&self.comm, &self.described)
    }

    /// Waits until the last start is complete (at once, without one) and gives access to the buffers: to the one, where it
    /// is in place, or to what is contributed and what came.
    ///
    /// # Errors
    /// A rank that is gone; ranks that call another operation.
    pub fn wait(&mut self) -> Result<B::Access<'_>> {
        let Some(kept) = &mut self.kept else { unreachable!("{ENDED}") };
        kept.wait(&self.comm)?;
        Ok(kept.buffer().access())
    }

    /// Whether [`wait`](PersistentCollective::wait) would return at once.
    pub fn test(&mut self) -> bool {
        self.kept.as_mut().is_none_or(|kept| kept.test(&self.comm))
    }

    /// Waits and gives the buffers back.
    ///
    /// # Errors
    /// As [`wait`](PersistentCollective::wait).
    pub fn into_buffers(mut self) -> Result<B::Back> {
        let Some(mut kept) = self.kept.take() else { unreachable!("{ENDED}") };
        let outcome = kept.wait(&self.comm);
        outcome.map(|_| kept.into_buffer().back())
    }
}

impl<B: Buffers + Send + 'static> Drop for PersistentCollective<B> {
    fn drop(&mut self) {
        if let Some(kept) = self.kept.take() {
            kept.let_go(&self.comm);
        }
    }
}

const ENDED: &str = "only what ends the operation takes its buffers";
