//! What is left when the process leaves: messages that nobody has received, receives that never completed.

use super::{Check, Finding, Site};
use crate::envelope::STEP_LABEL;
use crate::matching::Key;
use crate::receive::{ReceivePhase, ReceiveState, Target, Unexpected};
use crate::request::{Owner, State};
use crate::{Communicator, Lane, RequestId};

impl Lane {
    /// A message that nobody has received is given up.
    pub(crate) fn leaks(&mut self, key: &Key, message: &Unexpected) {
        if self.check.is_none() || key.label & STEP_LABEL != 0 {
            return;
        }
        let of = self.type_name(message.signature);
        let what = format!(
            "a message was never received: from rank {} with tag {}, {} bytes of {of}",
            key.source, key.label, message.bytes
        );
        let context = key.context;
        self.check.iter_mut().for_each(|check| check.find(Finding { what: what.clone(), context }));
    }

    /// Makes contact with all members, so that each is told that this process leaves, and says the same: then what they have sent
    /// is here.
    pub fn meet_all(&mut self, communicator: &Communicator) {
        if self.check.is_some() {
            (0..communicator.size()).for_each(|rank| drop(self.peer(communicator, rank)));
        }
    }

    /// Finds the messages that are here and that nobody has received.
    pub fn find_unreceived(&mut self) {
        if self.check.is_none() {
            return;
        }
        let waiting = self.unexpected.iter().map(|(place, ..)| place).collect::<Vec<_>>();
        for place in waiting {
            if let Some((key, message)) = self.unexpected.remove(place) {
                self.leaks(&key, &message);
                self.unexpected.push(key, message);
            }
        }
    }

    /// Finds the receives that have got no message.
    pub fn find_incomplete(&mut self) {
        let Some(check) = &self.check else { return };
        let is_receive = |(id, request): (RequestId, &crate::request::Request)| match &request.state {
            State::Receive(ReceiveState {
                phase: ReceivePhase::Posted,
                target: Target::Buffer { .. },
                pattern,
                ..
            }) if request.owner == Owner::User => Some((id, pattern.context)),
            _ => None,
        };
        let left: Vec<_> = self.requests.iter().filter_map(is_receive).collect();
        let sites: Vec<String> = left.iter().map(|(id, _)| check.site_of(*id).suffix()).collect();
        for ((request, context), site) in left.into_iter().zip(sites) {
            let Some(waiting) = self.waiting(request) else { continue };
            let tag = waiting.tag.map_or_else(|| "any tag".to_owned(), |tag| format!("tag {tag}"));
            let what = format!("a {} with {tag} was never completed{site}", waiting.call);
            self.check.iter_mut().for_each(|check| {
                check.told.insert(request.word());
                check.find(Finding { what: what.clone(), context });
            });
        }
    }

    /// The requests that nobody has asked for, by where they were started: at the end, those whose handles were forgotten. Those
    /// of which a finding speaks are left out.
    pub fn unasked(&self) -> Vec<Site> {
        let is_told =
            |id: RequestId| self.check.as_ref().is_some_and(|check| check.told.contains(&id.word()));
        let of_user = self.requests.iter().filter(|(_, request)| request.owner == Owner::User);
        of_user.filter(|(id, _)| !is_told(*id)).map(|(id, _)| self.site_of(id)).collect()
    }
}

impl Check {
    /// Of a lane that checks.
    pub(crate) fn when(is_on: bool) -> Option<Box<Check>> {
        is_on.then(Box::default)
    }
}
