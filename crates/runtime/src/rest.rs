//! Between the end of what a process has to do in its job and its own end.

use std::sync::Arc;

use control::ToKeeper;

use crate::Process;

impl Process {
    /// Completes what was sent, so that nobody reads this process's memory afterwards; `together` waits until the others have come here
    /// as well, but those who never will.
    pub fn settle(self: &Arc<Self>, together: bool) {
        let sent = || {
            for cell in self.cells() {
                cell.wait_until(cell.lock(), None, None, &self.house, |lane| {
                    lane.is_poisoned() || lane.all_sent()
                });
            }
        };
        sent();
        if together {
            // What others have sent here needs this process until it is complete; and so does the barrier itself.
            let _ = self.world().barrier();
            sent();
        }
    }

    /// The process, which has [settled](Process::settle), has nothing to do in its job for now: it may end at any time without harm and
    /// without a word, and may go on ([`resume`](Process::resume)).
    pub fn rest(&self) {
        self.house.tell(&ToKeeper::Resting(true));
        self.house.say_goodbye();
    }

    /// Goes on after [`rest`](Process::rest).
    pub fn resume(&self) {
        self.house.tell(&ToKeeper::Resting(false));
    }
}
