//! Communicators by their contexts: what a frame is about that names a context and no request.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};

use wire::{ContextId, ProcessId};

use super::recent::Recent;
use crate::Communicator;

/// Revocations of contexts that are not known here that one peer may tell. A correct one tells them of communicators that are being
/// made here, or that this process has let go.
const TOLD_MAX: usize = 64;

/// How many tellers of one such are remembered: one more than may be wrong. Whether they have to do with the communicator is seen
/// when it is there.
const TELLERS_MAX: usize = 2;

/// Entries below which nobody looks for those of communicators that are gone.
const SWEEP_MIN: usize = 64;

/// The communicators of a lane.
#[derive(Default)]
pub(crate) struct Registry {
    communicators: HashMap<u64, Weak<Communicator>>,
    /// With so many entries those of communicators that are gone are forgotten: twice as many as were left the last time, so
    /// that a communicator costs a constant on average.
    sweep_at: usize,
    /// Those that are revoked with another; several may have one context.
    derived: Vec<Weak<Communicator>>,
    /// Who has revoked a context: messages that come late in it are dropped, and a communicator that is made here only after another
    /// member has revoked it is found to be so.
    revoked: Recent<ProcessId, 4096>,
    /// Communicators that have gone here and never come again: nobody asks for their messages any more.
    gone: Recent<(), 256>,
    /// Those of them that were found and not [taken](Registry::take_found).
    found: HashSet<u64>,
    /// What peers have told of contexts that are not known here, oldest first.
    told: Vec<Told>,
}

/// A peer has told that a context was revoked.
pub(crate) struct Told {
    context: u64,
    pub by: ProcessId,
    pub teller: ProcessId,
}

impl Registry {
    /// Takes a communicator in. Returns whether those that have gone were looked for.
    pub fn insert(&mut self, communicator: &Arc<Communicator>) -> bool {
        self.communicators.insert(communicator.context.0, Arc::downgrade(communicator));
        let is_full = self.communicators.len() >= self.sweep_at.max(SWEEP_MIN);
        if is_full {
            self.sweep();
        }
        if communicator.parent().is_some() {
            if self.derived.len() == self.derived.capacity() {
                // Before the list grows: it doubles, so that this, too, costs a constant on average.
                self.derived.retain(|derived| derived.strong_count() > 0);
            }
            self.derived.push(Arc::downgrade(communicator));
        }
        is_full
    }

    /// Finds the communicators that have gone.
    pub fn sweep(&mut self) {
        let gone = self.communicators.extract_if(|_, communicator| communicator.strong_count() == 0);
        for (context, _) in gone {
            // Of a derived context, and of a process's own, another may come.
            let context = ContextId(context);
            if !context.is_derived() && context != ContextId::SELF && context != ContextId::WORLD {
                self.gone.note(context.0, ());
                self.found.insert(context.0);
            }
        }
        self.sweep_at = 2 * self.communicators.len();
    }

    /// The contexts of those that were found to have gone for good since this was asked last.
    pub fn take_found(&mut self) -> HashSet<u64> {
        std::mem::take(&mut self.found)
    }

    /// Whether the communicator of a context has gone for good, and was [found](Registry::sweep) to have.
    pub fn is_gone(&self, context: u64) -> bool {
        self.gone.get(context).is_some()
    }

    /// The communicator of a context, while it is there.
    pub fn find(&self, context: u64) -> Option<Arc<Communicator>> {
        self.communicators.get(&context)?.upgrade()
    }

    /// The communicators that are revoked with that of a context.
    pub fn derived_from(&self, context: u64) -> Vec<Arc<Communicator>> {
        let is_derived = |one: &Arc<Communicator>| one.parent().is_some_and(|of| of.context.0 == context);
        self.derived.iter().filter_map(Weak::upgrade).filter(is_derived).collect()
    }

    /// How many communicators are there.
    pub fn len(&self) -> usize {
        self.communicators.values().filter(|communicator| communicator.strong_count() > 0).count()
    }

    /// Remembers what a peer tells of a context that is not known here.
    pub fn note_told(&mut self, context: u64, by: ProcessId, teller: ProcessId) {
        let tellers = self.told.iter().filter(|told| told.context == context);
        if tellers.clone().count() == TELLERS_MAX || tellers.clone().any(|told| told.teller == teller) {
            return;
        }
        let is_his = |told: &Told| told.teller == teller;
        if self.told.iter().filter(|told| is_his(told)).count() == TOLD_MAX {
            // Each fills its own places only.
            self.told.iter().position(is_his).map(|oldest| self.told.remove(oldest));
        }
        self.told.push(Told { context, by, teller });
    }

    /// What was told of a communicator before it was known here, if teller and revoker have to do with it; once.
    pub fn take_told(&mut self, communicator: &Communicator) -> Option<Told> {
        if self.told.is_empty() {
            return None;
        }
        let told = self.told.extract_if(.., |told| told.context == communicator.context.0);
        let right = |told: &Told| communicator.concerns(told.teller) && communicator.concerns(told.by);
        // All of them are taken out.
        told.filter(right).fold(None, |first, told| first.or(Some(told)))
    }

    /// Remembers that a context was revoked.
    pub fn note_revoked(&mut self, context: u64, by: ProcessId) {
        self.revoked.note(context, by);
    }

    /// Who has revoked a context, if somebody has.
    #[inline]
    pub fn revoked(&self, context: u64) -> Option<ProcessId> {
        self.revoked.get(context).copied()
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
        for one in &many {
            registry.insert(one);
        }
        assert!(many.iter().all(|one| registry.find(one.context.0).is_some()));
    }

    #[test]
    fn what_strangers_tell_is_bounded_and_hides_nothing() {
        let process = |number| ProcessId { job: JobId(1), number, incarnation: 0 };
        let mut registry = Registry::default();
        let (stranger, member, made) = (process(7), process(1), communicator(3));
        let context = made.context.0;
        registry.note_told(context, member, stranger);
        registry.note_told(context, stranger, member);
        assert!(registry.take_told(&made).is_none());
        for context in 0..10 * TOLD_MAX as u64 {
            registry.note_told(context, member, stranger);
        }
        assert_eq!(registry.told.len(), TOLD_MAX);
        for _ in 0..3 {
            registry.note_told(context, member, stranger);
            registry.note_told(context, member, member);
        }
        assert_eq!(registry.told.iter().filter(|told| told.context == context).count(), TELLERS_MAX);
        assert_eq!(registry.take_told(&made).map(|told| (told.by, told.teller)), Some((member, member)));
        assert!(registry.take_told(&made).is_none());
    }

    #[test]
    fn those_that_come_again_are_not_gone() {
        let mut registry = Registry::default();
        let of = |context| {
            let group = Group::world(JobId(1), 2);
            Arc::new(Communicator::new(context, group, 0, "one".into()))
        };
        let kept = communicator(1);
        registry.insert(&kept);
        let derived = ContextId::derived([3]);
        for context in [ContextId::new(0, 2), derived, ContextId::SELF] {
            registry.insert(&of(context));
        }
        assert!(!registry.is_gone(2));
        registry.sweep();
        let is_gone = |context: ContextId| registry.is_gone(context.0);
        assert!(is_gone(ContextId::new(0, 2)));
        assert!(!is_gone(kept.context) && !is_gone(derived) && !is_gone(ContextId::SELF));
    }
}
