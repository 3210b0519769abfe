//! What a program does about failures: the untyped verbs. Together with [`Comm::agree`] they are what the extensions `MPIX_Comm_*`
//! of user-level failure mitigation need: an [`Error::PeerFailed`] is their class PROC_FAILED, an [`Error::FailurePending`]
//! PROC_FAILED_PENDING, an [`Error::CommunicatorRevoked`] REVOKED.

use engine::{Error, RequestId, Status};
use fabric::Cause;
use wire::ProcessId;

use crate::Comm;

impl Comm {
    /// Ends every operation on this communicator at every member, now and later, but for agreements and what is made of them.
    /// Returns at once; costs each member a frame to each other. Of an inter-communicator both sides are concerned.
    pub fn revoke(&self) {
        let cell = self.cell();
        let mut inside = cell.lock();
        inside.lane.revoke(self.inner());
        drop(inside);
        // Who waits on another thread is told by whoever moves the lane on.
        cell.wake();
        self.progress();
    }

    /// Whether a member has revoked it, as far as is known here. Moves things on first.
    pub fn is_revoked(&self) -> bool {
        if self.inner().revoked_by().is_none() {
            self.progress();
        }
        self.inner().revoked_by().is_some()
    }

    /// The members that are gone as far as is known here, with how each went, in the order in which that was learnt; of an
    /// inter-communicator those of both sides. Local: others may know of more or fewer.
    pub fn failures(&self) -> Vec<(ProcessId, Cause)> {
        let cell = self.cell();
        let mut inside = cell.lock();
        // From now on the ends of those are heard of that were never met, too.
        inside.lane.failed(self.inner());
        self.process().house.look_around(&mut inside.lane);
        let mut inside = cell.progress(inside, &self.process().house);
        inside.lane.failed(self.inner())
    }

    /// Acknowledges the first `count` of [`failures`](Comm::failures): from now on a receive from any rank goes on in spite of
    /// them. Returns how many are acknowledged.
    pub fn acknowledge_failures(&self, count: usize) -> usize {
        self.cell().lock().lane.acknowledge(self.inner(), count)
    }

    /// [`wait`](Comm::wait), but a receive from any rank that a failure interrupts stays posted: wait for it again.
    ///
    /// # Errors
    /// The operation's. [`Error::FailurePending`]: a member is gone that is not acknowledged; the request is as before.
    pub fn wait_unless_interrupted(&self, request: RequestId) -> Result<Status, Error> {
        let cell = self.cell();
        let mut outcome = None;
        cell.wait_until(cell.lock(), Some(request), None, &self.process().house, |lane| {
            outcome = lane.take_unless_interrupted(request);
            outcome.is_some()
        });
        self.told(request, outcome).unwrap_or(Err(Error::StaleRequest))
    }

    /// [`test`](Comm::test), but a receive from any rank that a failure interrupts stays posted.
    pub fn test_unless_interrupted(&self, request: RequestId) -> Option<Result<Status, Error>> {
        let cell = self.cell();
        let mut inside = cell.progress(cell.lock(), &self.process().house);
        let outcome = inside.lane.take_unless_interrupted(request);
        drop(inside);
        self.told(request, outcome)
    }
}
