//! Agreements among the members of a communicator, and the communicator of those who live: the untyped verbs.

use std::sync::Arc;

use engine::{Agreed, Communicator, Error, RequestId};

use crate::Comm;
use crate::create::Wanted;

impl Comm {
    /// Agrees with all members on the bitwise and of what they give and on who is gone: whoever gets an answer gets the same, also
    /// those who die after it. Collective; serves on a revoked communicator as well, and on an inter-communicator for both
    /// sides. Costs four frames for each member but one, in four steps; more when members die meanwhile.
    ///
    /// # Errors
    /// [`Error::Revoked`] when the job has ended.
    pub fn agree(&self, flags: u64) -> Result<Agreed, Error> {
        self.agree_with(flags, false)
    }

    /// Starts [`agree`](Comm::agree). When the request is complete, [`agreed`](Comm::agreed) tells what was agreed on.
    ///
    /// # Errors
    /// As [`agree`](Comm::agree).
    pub fn start_agree(&self, flags: u64) -> Result<RequestId, Error> {
        self.start_agree_with(flags, false)
    }

    /// What was agreed on, of a request that is complete and was waited for; once.
    pub fn agreed(&self, request: RequestId) -> Option<Agreed> {
        self.cell().lock().lane.agreed(request)
    }

    /// The communicator of those members that live, in the same order: all that were known to be gone when they agreed on that
    /// are left out. Collective for those who live; serves on a revoked communicator as well. Costs two agreements and an
    /// all-gather of 32 bytes, and as much again whenever another member dies meanwhile.
    ///
    /// # Errors
    /// [`Error::Revoked`] when the job has ended; [`Error::PeerFailed`] with this process in it when the others have given it up,
    /// since they could not reach it; when a member could not make it twice, though nobody has died between, that one's error
    /// there and [`Error::Elsewhere`] at the others.
    pub fn shrink(&self) -> Result<Comm, Error> {
        let mut known = None;
        loop {
            let agreed = self.agree_with(!0, true)?;
            let plain = self.plain_of(&agreed)?;
            let name = format!("shrunk {}", self.name());
            // It has no board: what is made of it has one, where that is possible.
            let made = plain.part_or_place(Wanted::one(name), |_| true);
            let all = self.agree_with(u64::from(made.is_ok()), false)?;
            // By what all know alone: nobody begins another attempt to which one does not come.
            if all.flags & 1 == 1 {
                return made.map_err(|unmade| unmade.error)?.ok_or(Error::StaleRequest);
            }
            let made = made.map_err(|unmade| self.process().take_back(unmade));
            if known.as_ref() == Some(&all.failed) {
                return Err(made.err().unwrap_or_else(|| self.not_made()));
            }
            // Somebody has died meanwhile, at least for those who could not make it.
            known = Some(all.failed);
        }
    }

    /// What a member is told that has made a communicator which another could not make.
    pub(crate) fn not_made(&self) -> Error {
        let why =
            "a member could not make the communicator, twice, though nobody has died between".to_owned();
        Error::Elsewhere { process: self.process().me(), why }
    }

    /// The communicator of those who live, by messages alone; all who have agreed come to the same.
    pub fn plain_of(&self, agreed: &Agreed) -> Result<Comm, Error> {
        let process = self.process();
        let group = self.inner().group.difference(&agreed.failed);
        let Some(rank) = group.rank(process.me()) else {
            let cause =
                fabric::Cause::Unreachable("the others could not reach it and have given it up".into());
            return Err(Error::PeerFailed { rank: Some(self.rank()), process: process.me(), cause });
        };
        let context = agreed.context.ok_or(Error::ContextsUsedUp)?;
        let name = format!("shrunk {}", self.name());
        let communicator = Communicator::new(context, group, rank, name).with_lane(self.inner().lane());
        Ok(Comm::new(process.clone(), Arc::new(communicator)))
    }

    /// Starts an agreement that brings forth a context as well, for [`plain_of`](Comm::plain_of).
    ///
    /// # Errors
    /// As [`agree`](Comm::agree).
    pub fn start_shrink(&self) -> Result<RequestId, Error> {
        self.start_agree_with(!0, true)
    }

    fn start_agree_with(&self, flags: u64, with_context: bool) -> Result<RequestId, Error> {
        let context = if with_context { self.process().new_context() } else { None };
        let cell = self.cell();
        let mut inside = cell.lock();
        let request = inside.lane.agree(self.inner(), flags, context)?;
        cell.nudge(&inside);
        Ok(request)
    }

    pub(crate) fn agree_with(&self, flags: u64, with_context: bool) -> Result<Agreed, Error> {
        let request = self.start_agree_with(flags, with_context)?;
        self.wait(request)?;
        // It is complete, and was asked for once.
        self.agreed(request).ok_or(Error::StaleRequest)
    }
}
