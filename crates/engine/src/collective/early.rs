//! Messages of collectives that nobody waits for: of one that starts here later, as a rule; or of another than the one that
//! this member is in, which would wait for ever.
//!
//! Compared are the collective that became a request last with what arrives, and every one that becomes a request with what
//! arrived before.

use fabric::Peer;

use super::executor::ROUND_BITS;
use crate::envelope::Envelope;
use crate::receive::status_of;
use crate::{Lane, RequestId};

/// Messages whose marks are remembered; of those beyond, a disagreement may not be seen.
const EARLY_MAX: usize = 64;

/// A message that came before its collective.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Early {
    peer: Peer,
    envelope: Envelope,
}

/// By what name members call the collective of a step.
fn name(envelope: &Envelope) -> (u64, u64) {
    (envelope.context, envelope.label >> ROUND_BITS << ROUND_BITS)
}

impl Lane {
    /// A step's message that nobody waits for.
    pub(crate) fn compare_step(&mut self, peer: Peer, envelope: &Envelope) {
        let latest = self.latest_collective.and_then(|latest| Some((latest, self.execution(latest)?.name())));
        if let Some((latest, latest_name)) = latest
            && latest_name == name(envelope)
        {
            return self.compare(latest, peer, envelope);
        }
        let known = |early: &Early| early.peer == peer && name(&early.envelope) == name(envelope);
        if !self.early_steps.iter().any(known) {
            if self.early_steps.len() == EARLY_MAX {
                self.early_steps.remove(0);
            }
            self.early_steps.push(Early { peer, envelope: *envelope });
        }
    }

    /// A collective has become a request: compares it with the messages that came before, and forgets those of the past.
    pub(super) fn compare_early_steps(&mut self, collective: RequestId, context: u64, label: u64) {
        if self.early_steps.is_empty() {
            return;
        }
        let is_past = |early: &mut Early| {
            let (of, at) = name(&early.envelope);
            of == context && at <= label
        };
        let past: Vec<Early> = self.early_steps.extract_if(.., is_past).collect();
        for Early { peer, envelope } in past {
            if name(&envelope) == (context, label) {
                self.compare(collective, peer, &envelope);
            }
        }
    }

    fn compare(&mut self, collective: RequestId, peer: Peer, envelope: &Envelope) {
        let Some(execution) = self.execution(collective) else { return };
        let mine = execution.mark();
        if envelope.signature == 0 || mine.signature() == envelope.signature {
            return;
        }
        // Only a member can be out of step, and only in its own name.
        let sender = execution.communicator().group.process(envelope.source as usize);
        if sender != Some(self.port.process(peer)) {
            return;
        }
        let status = status_of(&envelope.key(), envelope.signature, 0);
        let error = self.call_mismatch(peer, &status, mine);
        self.fail_collective(collective, error);
    }
}
