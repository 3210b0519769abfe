//! The communicators of a process, by context: reports name them.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use engine::Communicator;

use crate::Process;

/// Communicators that lived when this was asked last.
#[derive(Default)]
pub(crate) struct Names(Mutex<Vec<Weak<Communicator>>>);

impl Names {
    /// Knows a communicator from now on. Those that are gone are forgotten when they are half of all.
    pub fn note(&self, communicator: &Arc<Communicator>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |known: &Weak<Communicator>| std::ptr::eq(known.as_ptr(), Arc::as_ptr(communicator));
        if known.last().is_some_and(is_it) || known.iter().any(is_it) {
            return;
        }
        if known.len() == known.capacity() {
            known.retain(|known| known.strong_count() > 0);
        }
        known.push(Arc::downgrade(communicator));
    }

    /// Those that live.
    pub fn living(&self) -> Vec<Arc<Communicator>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().filter_map(Weak::upgrade).collect()
    }
}

impl Process {
    /// The name of the communicator with this context, as a report gives it.
    pub(crate) fn communicator_name(&self, context: u64) -> String {
        let named = self.names.living().into_iter().find(|known| known.context.0 == context);
        named.map_or_else(String::new, |known| known.name().to_string())
    }
}
