//! How a collective that is prepared begins.

use super::executor::Execution;
use crate::request::{Owner, State};
use crate::{Lane, RequestId};

impl Lane {
    /// Makes a request of a collective, and starts its first round; but first, where that is checked, the members compare calls.
    pub(super) fn start(&mut self, execution: Box<Execution>) -> RequestId {
        let (context, label) = execution.name();
        let request = self.insert_collective(execution);
        self.told_somebody();
        if !self.state_call(request) {
            self.begin(request);
        } else if !self.doomed.is_empty() {
            self.meet_doom(request, context, label);
        }
        request
    }

    /// Starts the first round of a collective.
    pub(crate) fn begin(&mut self, request: RequestId) {
        let Some(execution) = self.execution(request) else { return };
        let waits = execution.usage.as_mut().and_then(|usage| usage.wait.take());
        let (context, label) = execution.name();
        // Asked once: what fails in the first round is put there too, and must not start a round again.
        let may_be_doomed = !self.doomed.is_empty();
        if let Some(wait) = waits {
            self.wait_on_board(request, wait);
        }
        if may_be_doomed {
            self.meet_doom(request, context, label);
        }
        if waits.is_none() && self.execution(request).is_some() {
            self.next_round(request);
        }
        self.compare_early_steps(request, context, label);
    }

    pub(super) fn insert_collective(&mut self, execution: Box<Execution>) -> RequestId {
        let request = self.requests.insert(Owner::User, State::Collective(execution));
        self.latest_collective = Some(request);
        request
    }
}
