//! The communicators of a process, by context: reports name them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use engine::Communicator;

use crate::Process;
use crate::place::{self, Site};

/// Communicators that lived when this was asked last, by their addresses: those of entries are not given to others.
#[derive(Default)]
pub(crate) struct Names(Mutex<HashMap<usize, (Weak<Communicator>, Site)>>);

impl Names {
    /// Knows a communicator from now on. Before the table grows, those that are gone are forgotten.
    pub fn note(&self, communicator: &Arc<Communicator>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() == known.capacity() {
            known.retain(|_, (known, _)| known.strong_count() > 0);
        }
        let made = place::take_maker();
        known.insert(Arc::as_ptr(communicator).addr(), (Arc::downgrade(communicator), made));
    }

    /// Those that live, in the order of their contexts.
    pub fn living(&self) -> Vec<Arc<Communicator>> {
        self.places().into_iter().map(|(communicator, _)| communicator).collect()
    }

    /// The same, with where they were made, if that is known.
    pub fn places(&self) -> Vec<(Arc<Communicator>, Site)> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let living = known.values().filter_map(|(communicator, made)| Some((communicator.upgrade()?, *made)));
        let mut living: Vec<(Arc<Communicator>, Site)> = living.collect();
        living.sort_by_key(|(communicator, _)| communicator.context);
        living
    }
}

impl Process {
    /// The name of the communicator with this context, as a report gives it.
    pub(crate) fn communicator_name(&self, context: u64) -> String {
        let named = self.names.living().into_iter().find(|known| known.context.0 == context);
        named.map_or_else(String::new, |known| known.name().to_string())
    }
}
