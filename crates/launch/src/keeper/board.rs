//! The values that processes store for one another, and who waits for which.

use control::Key;
use control::process::{KEYS_MAX, NAME_BYTES_MAX, VALUE_BYTES_MAX};
use std::collections::HashMap;

/// Values by key, and waiting askers (a member's index) by key.
#[derive(Default)]
pub struct Board {
    values: HashMap<Key, Vec<u8>>,
    stored: HashMap<u32, usize>,
    waiting: HashMap<Key, Vec<usize>>,
}

impl Board {
    /// Stores a value; gives who waited for it. `None`: beyond the bounds of the protocol.
    pub fn put(&mut self, key: Key, value: Vec<u8>) -> Option<Vec<usize>> {
        let stored = self.stored.entry(key.number).or_default();
        let is_new = !self.values.contains_key(&key);
        let fits = key.name.len() <= NAME_BYTES_MAX && value.len() <= VALUE_BYTES_MAX;
        if !fits || (is_new && *stored >= KEYS_MAX) {
            return None;
        }
        *stored += is_new as usize;
        let askers = self.waiting.remove(&key).unwrap_or_default();
        self.values.insert(key, value);
        Some(askers)
    }

    /// The value, if it is stored.
    pub fn get(&self, key: &Key) -> Option<&Vec<u8>> {
        self.values.get(key)
    }

    /// Remembers an asker until the value is stored. One asker waits at most once for a key.
    pub fn wait(&mut self, key: Key, asker: usize) {
        let askers = self.waiting.entry(key).or_default();
        if !askers.contains(&asker) {
            askers.push(asker);
        }
    }

    /// How many different keys this asker waits for.
    pub fn waits_of(&self, asker: usize) -> usize {
        self.waiting.values().filter(|askers| askers.contains(&asker)).count()
    }

    /// The process ended: who waits for something of its own that will never come, and for what.
    pub fn ended(&mut self, number: u32) -> Vec<(Key, Vec<usize>)> {
        let keys: Vec<Key> = self.waiting.keys().filter(|key| key.number == number).cloned().collect();
        keys.into_iter().filter_map(|key| self.waiting.remove_entry(&key)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u32, name: &str) -> Key {
        Key { number, name: name.into() }
    }

    #[test]
    fn askers_wait_for_a_value_or_an_end() {
        let mut board = Board::default();
        board.wait(key(1, "card"), 7);
        board.wait(key(1, "card"), 7);
        board.wait(key(2, "card"), 8);
        assert_eq!(board.waits_of(7), 1);
        assert_eq!(board.put(key(1, "card"), vec![1]), Some(vec![7]));
        assert_eq!(board.put(key(1, "card"), vec![2]), Some(vec![]));
        assert_eq!(board.get(&key(1, "card")), Some(&vec![2]));
        assert_eq!(board.ended(2), vec![(key(2, "card"), vec![8])]);
        assert_eq!(board.ended(2), vec![]);
    }

    #[test]
    fn bounds_hold() {
        let mut board = Board::default();
        assert_eq!(board.put(key(0, &"n".repeat(NAME_BYTES_MAX + 1)), vec![]), None);
        assert_eq!(board.put(key(0, "n"), vec![0; VALUE_BYTES_MAX + 1]), None);
        for n in 0..KEYS_MAX {
            assert!(board.put(key(0, &n.to_string()), vec![]).is_some());
        }
        assert!(board.put(key(0, "one more"), vec![]).is_none());
        assert!(board.put(key(0, "0"), vec![1]).is_some(), "an old one may still change");
        assert!(board.put(key(1, "0"), vec![1]).is_some(), "and others have room of their own");
    }
}
