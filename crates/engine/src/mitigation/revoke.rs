//! Revocation: one member ends a communicator for all.
//!
//! Every member that learns of it, from whomever, first tells everybody else and then ends its own operations (eager reliable
//! broadcast; Cachin, Guerraoui and Rodrigues, "Introduction to reliable and secure distributed programming", algorithm 3.3):
//! if one member that lives knows, all do, also when the revoker has died after it told one. Costs n - 1 frames at each member.
//!
//! What has been matched is brought to its end: the two ends of a transfer must agree that nobody reads a buffer any more. All
//! else ends with [`Error::CommunicatorRevoked`]; a large message that was only announced is taken back from its receiver first.

use std::sync::Arc;

use fabric::Peer;
use wire::{JobId, ProcessId};

use crate::active::frames::Kind;
use crate::envelope::REVOKE;
use crate::receive::{Body, ReceivePhase, ReceiveState, Unexpected};
use crate::request::{Owner, State};
use crate::{Communicator, Error, Lane, RequestId};

/// Stored messages below which nobody looks for those of communicators that are gone.
const UNWANTED_MIN: usize = 32;

impl Lane {
    /// Lets the lane know a communicator that uses it, so that frames which name its context find it.
    pub fn register(&mut self, communicator: &Arc<Communicator>) {
        if self.registry.insert(communicator) {
            self.forget_gone();
        }
        if let Some(told) = self.registry.take_told(communicator) {
            return self.end_revoked(communicator, told.by, told.teller);
        }
        let of_parent = || communicator.parent().and_then(|parent| parent.revoked_by());
        if let Some(by) = self.registry.revoked(communicator.context.0).or_else(of_parent) {
            self.end_here(communicator, by);
        }
    }

    /// Ends every operation of a communicator at every member, now and later, but for agreements. Returns at once.
    pub fn revoke(&mut self, communicator: &Communicator) {
        let me = self.port.me();
        self.end_revoked(communicator, me, me);
    }

    /// A member tells that a communicator was revoked. Returns false when the teller has nothing to do with it.
    pub(crate) fn revoke_arrived(&mut self, peer: Peer, header: [u64; 3]) -> bool {
        let [context, job, who] = header;
        let by = ProcessId { job: JobId(job), number: (who >> 32) as u32, incarnation: who as u32 };
        let teller = self.port.process(peer);
        match self.registry.find(context) {
            Some(communicator) if !communicator.concerns(teller) => return false,
            Some(communicator) => self.end_revoked(&communicator, by, teller),
            // It isn't made here so far, or not there any more.
            None => self.registry.note_told(context, by, teller),
        }
        true
    }

    /// Refuses operations on a communicator that takes none.
    ///
    /// # Errors
    /// As [`check_open`](Lane::check_open); [`Error::CommunicatorRevoked`].
    #[inline]
    pub fn check_serves(&self, communicator: &Communicator) -> Result<(), Error> {
        self.check_open()?;
        match communicator.revoked_by() {
            Some(by) => Err(Error::CommunicatorRevoked { by }),
            None => Ok(()),
        }
    }

    /// What an operation in a context has ended with that was taken back: everything, or the communicator, has ended.
    pub(crate) fn end_of(&self, context: u64) -> Option<Error> {
        let revoked = || self.registry.revoked(context).map(|by| Error::CommunicatorRevoked { by });
        self.end_of_all().or_else(revoked)
    }

    fn end_revoked(&mut self, communicator: &Communicator, by: ProcessId, teller: ProcessId) {
        if communicator.revoked_by().is_some() {
            return;
        }
        let context = communicator.context.0;
        let header = [context, by.job.0, (by.number as u64) << 32 | by.incarnation as u64];
        let known = [self.port.me(), by, teller];
        for process in communicator.everybody().filter(|process| !known.contains(process)) {
            let peer = self.contact(process);
            if self.peers[peer.0 as usize].failed.is_none() {
                self.control(peer, REVOKE, header, &[]);
            }
        }
        self.end_here(communicator, by);
    }

    /// Ends the operations of a communicator in this process, and of those that are revoked with it: all their members are among
    /// those who are told of this one.
    fn end_here(&mut self, communicator: &Communicator, by: ProcessId) {
        if !communicator.mark_revoked(by) {
            return;
        }
        let context = communicator.context.0;
        self.registry.note_revoked(context, by);
        let error = Error::CommunicatorRevoked { by };
        for (request, is_collective) in self.operations_of(context) {
            if is_collective {
                self.end_collective(request, error.clone());
            } else if self.end_call(request, &error) {
                // Its answer is dropped, if it comes.
            } else if self.withdraw_posted(request) {
                self.complete(request, Err(error.clone()));
            } else {
                self.cancel_send(request);
            }
        }
        self.drop_stored(|key, _| key.context == context);
        for derived in
            communicator.companion().cloned().into_iter().chain(self.registry.derived_from(context))
        {
            self.end_here(&derived, by);
        }
    }

    /// The operations of a context that have not ended, and which of them are collectives. Steps belong to those.
    fn operations_of(&self, context: u64) -> Vec<(RequestId, bool)> {
        let of_context = |(id, request): (RequestId, &crate::request::Request)| match &request.state {
            State::Collective(execution) => (execution.name().0 == context).then_some((id, true)),
            _ if matches!(request.owner, Owner::Step { .. }) => None,
            State::Receive(ReceiveState { pattern, phase: ReceivePhase::Posted, .. }) => {
                (pattern.context == context).then_some((id, false))
            }
            State::Send(send) => (send.envelope.is_of(context)).then_some((id, false)),
            State::Call(call) => (call.context == context).then_some((id, false)),
            _ => None,
        };
        self.requests.iter().filter_map(of_context).collect()
    }

    /// Looks for communicators that are gone, once what is stored has grown to twice of what was left the last time: a message costs
    /// a constant on average. So nobody's credit stays with a communicator that was dropped.
    pub(crate) fn forget_unwanted(&mut self) {
        if self.unexpected.len() >= self.unwanted_at.max(UNWANTED_MIN) {
            self.registry.sweep();
            self.forget_gone();
            self.unwanted_at = 2 * self.unexpected.len();
        }
    }

    /// Forgets failures of communicators that were found to be gone, and what is stored for them; with checks on that is kept, to be
    /// told at the end.
    fn forget_gone(&mut self) {
        let gone = self.registry.take_found();
        self.forget_doomed(&gone);
        if self.check.is_none() && !gone.is_empty() && !self.unexpected.is_empty() {
            self.drop_stored(|key, message| message.claim.kind == Kind::No && gone.contains(&key.context));
        }
    }

    /// Forgets stored messages that no receive will ask for, which gives their senders their credit back. What is only
    /// announced stays until its sender retracts it.
    pub(crate) fn drop_stored(&mut self, is_over: impl Fn(&crate::matching::Key, &Unexpected) -> bool) {
        let over = self.unexpected.iter().filter_map(|(place, key, message)| {
            let is_here = !matches!(message.body, Body::Remote { .. });
            (is_here && is_over(key, message)).then_some(place)
        });
        for place in over.collect::<Vec<_>>() {
            if let Some((_, message)) = self.unexpected.remove(place) {
                self.count_unstored(&message);
                if !matches!(message.body, Body::Lost) {
                    self.give_back_credit(message.peer, message.wire_bytes());
                }
            }
        }
    }
}
