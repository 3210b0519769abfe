//! The host's shared memory, as far as the keeper has to do with it: it makes the segment, hands it to every
//! claimant, writes into its control page who runs and who ended, and wakes everybody to look.

use control::Ending;
use control::agent::Part;
use mapped::{ProcessState, Segment, Shape};
use std::os::fd::BorrowedFd;
use std::sync::Arc;

/// The host's segment, or none where the kernel denies it: processes then use TCP and learn of deaths by their
/// sockets.
pub struct HostMemory(Option<Arc<Segment>>);

impl HostMemory {
    /// Room for so many processes. Memory is used only where it is touched, and all of it ends with the last
    /// process that maps it.
    pub fn new(slots: u16) -> HostMemory {
        HostMemory(Segment::create(Shape::for_slots(slots)).ok())
    }

    /// None yet.
    pub fn none() -> HostMemory {
        HostMemory(None)
    }

    /// What a claimant gets.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.0.as_ref().map(|segment| segment.fd())
    }

    /// The cores that were counted when the segment was made, so that nobody counts again.
    pub fn cores(&self) -> u32 {
        match &self.0 {
            Some(segment) => segment.shape().cores,
            None => os::cores::Cores::of_this_process().usable() as u32,
        }
    }

    /// The process in this slot runs.
    pub fn started(&self, slot: usize) {
        self.set(slot, ProcessState::Running);
    }

    /// The process in this slot ended.
    pub fn ended(&self, slot: usize, ending: Ending, part: Part) {
        let state = match (ending, part) {
            (_, Part::Finalised) | (Ending::Exited(0), Part::None) => ProcessState::Left,
            (Ending::Exited(status), _) => ProcessState::Exited(status),
            (Ending::Unseen, _) => ProcessState::Exited(i32::from(ending.status())),
            (Ending::Signalled { signal, .. }, _) => ProcessState::Killed(signal),
        };
        self.set(slot, state);
    }

    /// A process aborts the job.
    pub fn abort(&self, code: i32) {
        if let Some(segment) = &self.0 {
            segment.abort(code);
        }
    }

    /// Everybody looks around: something was written to their sockets.
    pub fn wake_all(&self) {
        if let Some(segment) = &self.0 {
            segment.nudge_all();
        }
    }

    /// The process in this slot looks around.
    pub fn wake(&self, slot: usize) {
        if let Some(segment) = &self.0 {
            segment.nudge(slot as u16, 0);
        }
    }

    fn set(&self, slot: usize, state: ProcessState) {
        if let Some(segment) = &self.0 {
            segment.set_state(slot as u16, state);
        }
    }
}
