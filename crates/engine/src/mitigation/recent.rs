//! What is remembered of the latest contexts of which something became known.

use std::collections::{HashMap, VecDeque};

/// As many contexts as are remembered. Nobody makes and ends so many communicators while one message is on its way.
pub(super) const RECENT_MAX: usize = 4096;

/// Something about each of the latest contexts.
#[derive(Debug)]
pub(super) struct Recent<V> {
    known: HashMap<u64, V>,
    /// The same, oldest first.
    order: VecDeque<u64>,
}

impl<V> Default for Recent<V> {
    fn default() -> Recent<V> {
        Recent { known: HashMap::new(), order: VecDeque::new() }
    }
}

impl<V> Recent<V> {
    /// Remembers something about a context.
    pub(super) fn note(&mut self, context: u64, value: V) {
        if self.known.insert(context, value).is_none() {
            self.order.push_back(context);
            if self.order.len() > RECENT_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.known.remove(&oldest);
            }
        }
    }

    /// What is known of a context.
    #[inline]
    pub(super) fn get(&self, context: u64) -> Option<&V> {
        if self.known.is_empty() { None } else { self.known.get(&context) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten() {
        let mut recent = Recent::default();
        for context in 0..=RECENT_MAX as u64 {
            recent.note(context, context);
            recent.note(context, context + 1);
            assert_eq!(recent.get(context), Some(&(context + 1)));
        }
        assert_eq!((recent.known.len(), recent.order.len()), (RECENT_MAX, RECENT_MAX));
        assert_eq!((recent.get(0), recent.get(1)), (None, Some(&2)));
    }
}
