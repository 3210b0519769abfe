//! The host's shared memory, as far as the keeper has to do with it: it makes the segment, hands it to every
//! claimant, writes into its control page who runs and who ended, and wakes everybody to look.

use control::Ending;
use control::agent::Part;
use mapped::{ProcessState, Segment, Shape};
use std::os::fd::BorrowedFd;
use std::sync::Arc;

/// The host's segment, or none where the kernel denies it: processes then use TCP and learn of deaths by their
/// sockets.
pub struct HostMemory {
    segment: Option<Arc<Segment>>,
    /// Something was written that everybody should see. Many that end at once are one reason to look.
    news: bool,
}

impl HostMemory {
    /// Room for so many processes. Memory is used only where it is touched, and all of it ends with the last
    /// process that maps it.
    pub fn new(slots: u16) -> HostMemory {
        HostMemory { segment: Segment::create(Shape::for_slots(slots)).ok(), news: false }
    }

    /// None yet.
    pub fn none() -> HostMemory {
        HostMemory { segment: None, news: false }
    }

    /// What a claimant gets.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.segment.as_ref().map(|segment| segment.fd())
    }

    /// The cores that were counted when the segment was made, so that nobody counts again.
    pub fn cores(&self) -> u32 {
        match &self.segment {
            Some(segment) => segment.shape().cores,
            None => os::cores::Cores::of_this_process().usable() as u32,
        }
    }

    /// The process in this slot runs. Nobody waits for that.
    pub fn started(&self, slot: usize) {
        if let Some(segment) = &self.segment {
            segment.note_state(slot as u16, ProcessState::Running);
        }
    }

    /// The process in this slot ended. Everybody hears of it at the next [`spread`](HostMemory::spread).
    pub fn ended(&mut self, slot: usize, ending: Ending, part: Part) {
        let state = match (ending, part) {
            (_, Part::Finalised) | (Ending::Exited(0), Part::None) => ProcessState::Left,
            (Ending::Exited(status), _) => ProcessState::Exited(status),
            (Ending::Unseen, _) => ProcessState::Ended,
            (Ending::Signalled { signal, .. }, _) => ProcessState::Killed(signal),
        };
        if let Some(segment) = &self.segment {
            segment.note_state(slot as u16, state);
        }
        self.news = true;
    }

    /// Everybody is to look around soon.
    pub fn announce(&mut self) {
        self.news = true;
    }

    /// Wakes everybody if there is news.
    pub fn spread(&mut self) {
        if std::mem::take(&mut self.news)
            && let Some(segment) = &self.segment
        {
            segment.nudge_all();
        }
    }

    /// A process aborts the job.
    pub fn abort(&self, code: i32) {
        if let Some(segment) = &self.segment {
            segment.abort(code);
        }
    }

    /// The process in this slot looks around.
    pub fn wake(&self, slot: usize) {
        if let Some(segment) = &self.segment {
            segment.nudge(slot as u16, 0);
        }
    }
}
