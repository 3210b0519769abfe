//! Collectives that own their buffers.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::buffers::Buffers;
use super::job::Described;
use crate::kept::Kept;
use crate::owned::Watched;
use crate::set::Request;
use crate::{Comm, Error, Failed, Result};

/// A collective that owns its buffers. Dropped before it is complete it runs on, as the other ranks expect it to. As a
/// future it gives what [`wait`](CollectiveOwned::wait) gives, on any executor.
///
/// ```
/// use archipelago::prelude::*;
/// # archipelago::testing::run(2, |world| {
/// let blocks = world.prepare().all_to_all(vec![world.rank(); 2], vec![9; 2]).owned();
/// let (given, received) = blocks.wait()?;
/// assert_eq!((given, received), (vec![world.rank(); 2], vec![0, 1]));
/// # Ok::<(), archipelago::Error>(())
/// # });
/// ```
#[must_use = "wait for it to get the buffers back, or drop it to let it run on"]
pub struct CollectiveOwned<B: Buffers + Send + 'static> {
    running: Option<(Comm, Kept<B>)>,
    /// Why it could not start.
    refused: Option<Error>,
}

impl<B: Buffers + Send + 'static> CollectiveOwned<B> {
    pub(super) fn start(comm: &Comm, described: Result<Described>, buffers: B) -> Self {
        let mut kept = Kept::new(buffers);
        let refused = match described {
            Ok(described) => kept.collect(comm, &described).err(),
            Err(error) => Some(error),
        };
        CollectiveOwned { running: Some((comm.clone(), kept)), refused }
    }

    /// Waits until this rank's part is done and gives the buffers back: one where it is in place, else what was contributed
    /// and what came.
    ///
    /// # Errors
    /// Arguments that can't be, a rank that is gone, ranks that call another operation; with the buffers.
    pub fn wait(mut self) -> Result<B::Back, Failed<B::Back>> {
        let Some((comm, mut kept)) = self.running.take() else { panic!("{POLLED}") };
        let outcome = kept.wait(&comm).map(drop);
        end(kept, self.refused.take(), outcome)
    }

    /// Whether it is complete, so that [`wait`](CollectiveOwned::wait) returns at once.
    pub fn test(&mut self) -> bool {
        self.running.as_mut().is_none_or(|(comm, kept)| kept.test(comm))
    }
}

impl<B: Buffers + Send + 'static> Future for CollectiveOwned<B> {
    type Output = Result<B::Back, Failed<B::Back>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some((comm, kept)) = &mut self.running else { panic!("{POLLED}") };
        match kept.poll(comm, context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(outcome) => {
                let refused = self.refused.take();
                let Some((_, kept)) = self.running.take() else { panic!("{POLLED}") };
                Poll::Ready(end(kept, refused, outcome.map(drop)))
            }
        }
    }
}

impl<B: Buffers + Send + 'static> Watched for CollectiveOwned<B> {
    fn watch(&self, waker: Waker) -> Option<Comm> {
        let (comm, kept) = self.running.as_ref()?;
        kept.watch(comm, waker).then(|| comm.clone())
    }
}

impl<B: Buffers + Send + 'static> Request for CollectiveOwned<B> {
    type Outcome = Result<B::Back, Failed<B::Back>>;

    fn outcome(self) -> Self::Outcome {
        self.wait()
    }

    fn test(&mut self) -> bool {
        CollectiveOwned::test(self)
    }
}

impl<B: Buffers + Send + 'static> Drop for CollectiveOwned<B> {
    fn drop(&mut self) {
        if let Some((comm, kept)) = self.running.take() {
            kept.let_go(&comm);
        }
    }
}

const POLLED: &str = "an operation was polled after it had given its result";

fn end<B: Buffers + Send + 'static>(
    kept: Kept<B>,
    refused: Option<Error>,
    outcome: Result<()>,
) -> Result<B::Back, Failed<B::Back>> {
    let buffer = kept.into_buffer().back();
    match refused.map_or(outcome, Err) {
        Ok(()) => Ok(buffer),
        Err(error) => Err(Failed { error, buffer }),
    }
}
