//! Claimants behind other programs: a shell or an interpreter started the process that claimed the rank, and runs on
//! when that process dies. The rank is dead all the same.

use super::keep::Keeper;
use super::member::ending_from;
use control::Ending;
use os::Time;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// After such a claimant's end, the program around it has this long to end as well, with the status that it gives.
const OUTLIVES_NS: u64 = 100_000_000;

/// A claimant that the keeper did not start itself.
pub struct Behind {
    pidfd: OwnedFd,
    /// Once it has ended: until when the program around it may end.
    until: Option<Time>,
}

impl Behind {
    /// Follows a process. `None` where the kernel does not let us: its end is then seen with that of the program around
    /// it.
    pub fn follow(pid: u32) -> Option<Behind> {
        Some(Behind { pidfd: os::spawn::pidfd(pid).ok()?, until: None })
    }

    /// Whether it is not yet known to have ended.
    pub fn lives(&self) -> bool {
        self.until.is_none()
    }

    /// When its end is to be looked at again.
    pub fn deadline(&self) -> Option<Time> {
        self.until
    }
}

impl AsFd for Behind {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

impl Keeper {
    /// The claimant has ended.
    pub(super) fn lost_claimant(&mut self, at: usize) {
        // It may have said goodbye.
        self.hear_member(at);
        let member = &mut self.members[at];
        if self.hosted.is_some() {
            self.lost_guest(at);
        } else if member.finalised {
            member.behind = None;
        } else if let Some(behind) = &mut member.behind {
            behind.until = Some(Time::now() + OUTLIVES_NS);
        }
    }

    /// Reports the ranks whose claimant is gone while the program around it runs on.
    pub(super) fn look_behind(&mut self, now: Time) {
        for at in 0..self.members.len() {
            let is_due = |behind: &mut Behind| behind.until.is_some_and(|until| now >= until);
            let Some(behind) = self.members[at].behind.take_if(is_due) else { continue };
            let member = &mut self.members[at];
            if member.ending.is_none() && !member.finalised {
                member.is_reported = true;
                let how = os::spawn::ending_of(behind.as_fd());
                self.tell_end(at, how.map_or(Ending::Unseen, ending_from));
            }
        }
    }
}
