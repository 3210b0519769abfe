//! Communicators by their contexts: what a frame is about that names a context and no request.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};

use wire::ProcessId;

use crate::Communicator;

/// Revoked contexts that are remembered: messages that come late in them are dropped, and a communicator that is made here only
/// after another member has revoked it is found to be so. Nobody makes and revokes so many while one message is on its way.
const REVOKED_MAX: usize = 4096;

/// Entries below which nobody looks for those of communicators that are gone.
const SWEEP_MIN: usize = 64;

/// The communicators of a lane.
#[derive(Default)]
pub(crate) struct Registry {
    communicators: HashMap<u64, Weak<Communicator>>,
    /// With so many entries those of communicators that are gone are forgotten: twice as many as were left the last time, so
    /// that a communicator costs a constant on average.
    sweep_at: usize,
    revoked: HashMap<u64, ProcessId>,
    /// The same, oldest first.
    revoked_order: VecDeque<u64>,
}

impl Registry {
    /// Takes a communicator in.
    pub fn insert(&mut self, communicator: &Arc<Communicator>) {
        self.communicators.insert(communicator.context.0, Arc::downgrade(communicator));
        if self.communicators.len() >= self.sweep_at.max(SWEEP_MIN) {
            self.communicators.retain(|_, communicator| communicator.strong_count() > 0);
            self.sweep_at = 2 * self.communicators.len();
        }
    }

    /// The communicator of a context, while it is there.
    pub fn find(&self, context: u64) -> Option<Arc<Communicator>> {
        self.communicators.get(&context)?.upgrade()
    }

    /// How many communicators are there.
    pub fn len(&self) -> usize {
        self.communicators.values().filter(|communicator| communicator.strong_count() > 0).count()
    }

    /// Remembers that a context was revoked.
    pub fn note_revoked(&mut self, context: u64, by: ProcessId) {
        if self.revoked.insert(context, by).is_none() {
            self.revoked_order.push_back(context);
            if self.revoked_order.len() > REVOKED_MAX
                && let Some(oldest) = self.revoked_order.pop_front()
            {
                self.revoked.remove(&oldest);
            }
        }
    }

    /// Who has revoked a context, if somebody has.
    #[inline]
    pub fn revoked(&self, context: u64) -> Option<ProcessId> {
        if self.revoked.is_empty() { None } else { self.revoked.get(&context).copied() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Group;
    use wire::{ContextId, JobId};

    fn communicator(counter: u32) -> Arc<Communicator> {
        let group = Group::world(JobId(1), 2);
        Arc::new(Communicator::new(ContextId::new(0, counter), group, 0, "one".into()))
    }

    #[test]
    fn what_is_gone_is_forgotten() {
        let mut registry = Registry::default();
        let kept = communicator(0);
        registry.insert(&kept);
        for counter in 1..100_000 {
            registry.insert(&communicator(counter));
            assert!(registry.communicators.len() <= SWEEP_MIN && registry.len() == 1);
        }
        assert!(registry.find(kept.context.0).is_some());
        let many: Vec<_> = (1..1000).map(communicator).collect();
        many.iter().for_each(|one| registry.insert(one));
        assert!(many.iter().all(|one| registry.find(one.context.0).is_some()));
    }

    #[test]
    fn revoked_contexts_are_bounded() {
        let mut registry = Registry::default();
        for context in 0..10 * REVOKED_MAX as u64 {
            registry.note_revoked(context, ProcessId::default());
            assert!(registry.revoked(context).is_some());
        }
        assert_eq!(registry.revoked.len(), REVOKED_MAX);
        assert!(registry.revoked(0).is_none());
    }
}
