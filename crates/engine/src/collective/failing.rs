//! A collective that fails at one member fails at all that are in it, or come to it later: those who wait for a member
//! that has given up would otherwise wait for ever.
//!
//! Whoever finds out by itself tells everybody, n - 1 frames of control; whoever is told tells nobody. That a member is gone is
//! told once for each communicator: all its later collectives end at once, at the teller as well. (Otherwise some would end and
//! others wait for those.) Any other error concerns one collective.

use std::collections::HashSet;

use fabric::{Cause, Payload, Peer};
use wire::{ContextId, ProcessId};

use super::executor::ROUND_BITS;
use crate::envelope::{STEP_FAILED, STEP_LABEL};
use crate::request::State;
use crate::{Communicator, Error, Lane, RequestId};

/// Failures that are remembered of each peer for collectives not started here yet. More would mean as many communicators with
/// a failed collective each; those forgotten are found out when the dead is spoken to.
const DOOMED_MAX: usize = 64;

/// Bytes of text in the frame.
const TEXT_MAX: usize = 512;

/// Stands for an error that isn't a process's end.
const OTHER: u64 = 255;

/// Stands for members that called different things, or with different lengths.
const OUT_OF_STEP: u64 = 254;

/// What the others are told of a collective that its caller gives up.
const GIVEN_UP: &str = "its caller gave it up";

/// A collective that has failed elsewhere and was not started here yet.
pub(crate) struct Doomed {
    teller: ProcessId,
    context: u64,
    label: u64,
    error: Error,
}

impl Lane {
    /// Tells all other members that this one ends a collective with an error.
    pub(super) fn tell_members(&mut self, communicator: &Communicator, label: u64, error: &Error) {
        let context = communicator.context.0;
        let (word, text) = match error {
            // Whoever ends a process or a communicator tells by its own ways.
            Error::Revoked(_)
            | Error::CommunicatorRevoked { .. }
            | Error::Cancelled
            | Error::Elsewhere { .. } => return,
            Error::PeerFailed { process, cause, .. } => {
                // Told once, it holds for all that follows.
                let me = self.port.me();
                if self.doomed.iter().any(|doomed| doomed.teller == me && doomed.concerns(context, label)) {
                    return;
                }
                self.doom(Doomed { teller: me, context, label, error: error.clone() });
                let (kind, text) = encode_cause(cause);
                (kind << 56 | (process.incarnation as u64 & 0xff_ffff) << 32 | process.number as u64, text)
            }
            other => match disagreement(communicator.rank, other) {
                None => (OTHER << 56, other.to_string()),
                Some(why) => {
                    // Who has taken part in what can't be known: what follows would meet its left-overs.
                    let (teller, error) = (self.port.me(), Error::OutOfStep { why: why.clone() });
                    self.doom(Doomed { teller, context, label, error });
                    (OUT_OF_STEP << 56, why)
                }
            },
        };
        self.tell(communicator, label, word, &text);
    }

    fn tell(&mut self, communicator: &Communicator, label: u64, word: u64, text: &str) {
        let text = &text.as_bytes()[..text.floor_char_boundary(text.len().min(TEXT_MAX))];
        for rank in (0..communicator.size()).filter(|rank| *rank != communicator.rank) {
            if let Ok(peer) = self.peer(communicator, rank)
                && self.peers[peer.0 as usize].failed.is_none()
            {
                self.control(peer, STEP_FAILED, [communicator.context.0, label, word], text);
            }
        }
    }

    /// Ends a collective that its caller gives up, and tells all other members, who would wait for this one for ever. False
    /// if the request is none.
    pub(crate) fn give_up_collective(&mut self, request: RequestId) -> bool {
        let Some(execution) = self.execution(request) else { return false };
        let (communicator, label) = (execution.communicator().clone(), execution.name().1);
        if !execution.has_failed() {
            self.end_collective(request, Error::Cancelled);
            self.tell(&communicator, label, OTHER << 56, GIVEN_UP);
        }
        true
    }

    /// A member tells that it ended a collective with an error. Returns false when the teller is no member.
    pub(crate) fn failed_elsewhere(&mut self, peer: Peer, header: [u64; 3], payload: &Payload) -> bool {
        let [context, label, word] = header;
        let teller = self.port.process(peer);
        let text = crate::work::hold(payload);
        let text = String::from_utf8_lossy(&text[..text.len().min(TEXT_MAX)]).into_owned();
        let error = match word >> 56 {
            OTHER => Error::Elsewhere { process: teller, why: text },
            OUT_OF_STEP => Error::OutOfStep { why: text },
            kind => {
                let incarnation = (word >> 32) as u32 & 0xff_ffff;
                let process = ProcessId { job: teller.job, number: word as u32, incarnation };
                Error::PeerFailed { rank: None, process, cause: decode_cause(kind, text) }
            }
        };
        self.doom(Doomed { teller, context, label, error })
    }

    /// Ends the collectives under way that have failed, and remembers it for those to come. Returns false when the teller is
    /// no member of one that it names.
    fn doom(&mut self, doomed: Doomed) -> bool {
        let hit = self.requests.iter().filter_map(|(id, request)| match &request.state {
            State::Collective(execution) => {
                let (context, label) = execution.name();
                let is_member = execution.communicator().group.rank(doomed.teller).is_some();
                doomed.concerns(context, label).then_some((id, is_member))
            }
            _ => None,
        });
        let hit: Vec<(RequestId, bool)> = hit.collect();
        if hit.iter().any(|(_, is_member)| !is_member) {
            return false;
        }
        for (collective, _) in &hit {
            self.end_collective(*collective, doomed.error.clone());
        }
        if hit.is_empty() || doomed.lasts() {
            // Each teller may fill its own places only.
            let is_his = |other: &Doomed| other.teller == doomed.teller;
            if self.doomed.iter().filter(|other| is_his(other)).count() == DOOMED_MAX {
                self.doomed.iter().position(is_his).map(|oldest| self.doomed.remove(oldest));
            }
            self.doomed.push_back(doomed);
        }
        true
    }

    /// Forgets failures of communicators that are gone for good: of these, and of those known to be. One in a context that was not
    /// seen here so far is still to be met.
    pub(crate) fn forget_doomed(&mut self, gone: &HashSet<u64>) {
        let registry = &self.registry;
        self.doomed.retain(|doomed| !gone.contains(&doomed.context) && !registry.is_gone(doomed.context));
    }

    /// Ends a collective that has just been started if a member has told that it failed elsewhere.
    pub(super) fn meet_doom(&mut self, collective: RequestId, context: u64, label: u64) {
        let Some(execution) = self.execution(collective) else { return };
        let group = execution.communicator().group.clone();
        let is_it = |doomed: &Doomed| doomed.concerns(context, label) && group.rank(doomed.teller).is_some();
        let Some(place) = self.doomed.iter().position(is_it) else { return };
        let error = self.doomed[place].error.clone();
        if !self.doomed[place].lasts() {
            self.doomed.remove(place);
        }
        self.end_collective(collective, error);
    }

    /// A collective has failed here, and if that lasts all later ones do: nobody asks for their messages any more. Those that
    /// have come are forgotten, and those to come are not stored, so that their senders have their credit back.
    pub(super) fn steps_are_over(&mut self, name: (u64, u64), lasts: bool) {
        let over = Over { context: name.0, label: name.1, lasts };
        // A passing communicator's next attempt has the same name.
        let is_passing = !lasts && ContextId(over.context).is_derived();
        if is_passing || self.over.iter().any(|known| known.concerns(over.context, over.label)) {
            return;
        }
        if lasts {
            self.over.retain(|known| known.context != over.context || !known.lasts);
        }
        if self.over.len() == OVER_MAX {
            self.over.pop_front();
        }
        self.over.push_back(over);
        self.drop_stored(|key, _| key.label & STEP_LABEL != 0 && over.concerns(key.context, key.label));
    }

    /// Whether a step's collective has failed here.
    pub(crate) fn is_step_over(&self, context: u64, label: u64) -> bool {
        self.over.iter().any(|over| over.concerns(context, label))
    }
}

/// Failed collectives whose messages are known to be wanted by nobody. Of those forgotten a few messages stay stored.
const OVER_MAX: usize = 64;

/// A collective that has failed here, or with all later ones of its communicator.
#[derive(Clone, Copy)]
pub(crate) struct Over {
    context: u64,
    label: u64,
    lasts: bool,
}

impl Over {
    /// Whether it is the collective of a step, or one of the later ones that fail as well.
    fn concerns(&self, context: u64, label: u64) -> bool {
        let label = label >> ROUND_BITS << ROUND_BITS;
        self.context == context && (self.label == label || self.lasts && self.label < label)
    }
}

/// Whether an error holds for all later collectives of the communicator as well: a member that is gone does not come back, and
/// members that are out of step stay so.
pub(super) fn lasts(error: &Error) -> bool {
    matches!(error, Error::PeerFailed { .. } | Error::OutOfStep { .. })
}

impl Doomed {
    fn lasts(&self) -> bool {
        lasts(&self.error)
    }

    pub(super) fn concerns(&self, context: u64, label: u64) -> bool {
        self.context == context && (self.label == label || (self.lasts() && self.label < label))
    }
}

/// What rank `me` has found out of a disagreement, in words for everybody.
fn disagreement(me: usize, error: &Error) -> Option<String> {
    Some(match error {
        Error::OtherCall { rank, mine, theirs } => {
            format!("rank {rank} called {theirs} where rank {me} called {mine}")
        }
        Error::Disagreement { rank, expected, found }
        | Error::Truncated { source: rank, have: expected, need: found, .. } => {
            format!("rank {rank} sent {found} bytes where rank {me} expected {expected}")
        }
        _ => return None,
    })
}

fn encode_cause(cause: &Cause) -> (u64, String) {
    match cause {
        Cause::Died(how) => (0, how.clone()),
        Cause::Unreachable(why) => (1, why.clone()),
        Cause::Protocol(what) => (2, what.clone()),
        Cause::Left => (3, String::new()),
        Cause::Dropped => (4, String::new()),
    }
}

fn decode_cause(kind: u64, text: String) -> Cause {
    match kind {
        1 => Cause::Unreachable(text),
        2 => Cause::Protocol(text),
        3 => Cause::Left,
        4 => Cause::Dropped,
        _ => Cause::Died(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_survive() {
        let causes = [
            Cause::Died("killed".to_owned()),
            Cause::Unreachable("silence".to_owned()),
            Cause::Protocol("noise".to_owned()),
            Cause::Left,
            Cause::Dropped,
        ];
        for cause in causes {
            let (kind, text) = encode_cause(&cause);
            assert_eq!(decode_cause(kind, text), cause);
        }
    }
}
