//! What is remembered of the latest contexts of which something became known.

use std::collections::{HashMap, VecDeque};

/// Something about each of the latest `MAX` contexts. Nobody makes and ends so many communicators while one message is on its way.
#[derive(Debug)]
pub(super) struct Recent<V, const MAX: usize> {
    known: HashMap<u64, V>,
    /// The same, oldest first.
    order: VecDeque<u64>,
}

impl<V, const MAX: usize> Default for Recent<V, MAX> {
    fn default() -> Recent<V, MAX> {
        Recent { known: HashMap::new(), order: VecDeque::new() }
    }
}

impl<V, const MAX: usize> Recent<V, MAX> {
    /// Remembers something about a context.
    pub(super) fn note(&mut self, context: u64, value: V) {
        if self.known.insert(context, value).is_none() {
            self.order.push_back(context);
            if self.order.len() > MAX
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
        let mut recent = Recent::<u64, 100>::default();
        for context in 0..=100 {
            recent.note(context, context);
            recent.note(context, context + 1);
            assert_eq!(recent.get(context), Some(&(context + 1)));
        }
        assert_eq!((recent.known.len(), recent.order.len()), (100, 100));
        assert_eq!((recent.get(0), recent.get(1)), (None, Some(&2)));
    }
}
