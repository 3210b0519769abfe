//! Matching: which receive takes which message.
//!
//! Messages and receives that wait are kept in [`KeyedQueue`]s: chains hashed by (context, source, label), each in
//! order of arrival. Receives with a wildcard stand in a list of their own; the sequence numbers that both carry
//! decide which was posted first. A wildcard receive looks through the waiting messages in order of arrival.

use slab::Slab;

const NONE: u32 = u32::MAX;

/// What is matched exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The communicator's context.
    pub context: u64,
    /// The sender's rank.
    pub source: u32,
    /// A tag, or a collective's step.
    pub label: u64,
}

impl Key {
    fn hash(&self) -> usize {
        // Multiplicative mixing (Knuth, TAOCP 6.4): the high half depends on every input bit.
        let mut h = self.context ^ (self.source as u64) << 32 ^ self.label.rotate_left(17);
        h = h.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (h >> 32) as usize
    }
}

/// A receive's side of matching: exact, or open in source or tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The communicator's context.
    pub context: u64,
    /// The sender's rank; `None`: any.
    pub source: Option<u32>,
    /// The tag or step; `None`: any tag (never a step).
    pub label: Option<u64>,
}

impl Pattern {
    /// The key, when nothing is left open.
    pub fn key(&self) -> Option<Key> {
        Some(Key { context: self.context, source: self.source?, label: self.label? })
    }

    /// Whether a message with this envelope fits.
    #[inline]
    pub fn fits(&self, envelope: &crate::envelope::Envelope) -> bool {
        self.matches(&envelope.key())
    }

    /// Whether a message of this key fits.
    #[inline]
    pub fn matches(&self, key: &Key) -> bool {
        self.context == key.context
            && self.source.is_none_or(|source| source == key.source)
            && match self.label {
                Some(label) => label == key.label,
                None => key.label & crate::envelope::STEP_LABEL == 0,
            }
    }
}

struct Node<T> {
    key: Key,
    value: T,
    next_in_chain: u32,
    previous_in_chain: u32,
    next: u32,
    previous: u32,
}

/// Values under keys; equal keys first in, first out; all of them in order of insertion as well.
pub struct KeyedQueue<T> {
    nodes: Slab<Node<T>>,
    chains: Vec<(u32, u32)>,
    first: u32,
    last: u32,
}

impl<T> Default for KeyedQueue<T> {
    fn default() -> Self {
        KeyedQueue { nodes: Slab::new(), chains: Vec::new(), first: NONE, last: NONE }
    }
}

impl<T> KeyedQueue<T> {
    /// How many values.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Appends a value and returns its place, which stays the same until it is removed.
    pub fn push(&mut self, key: Key, value: T) -> usize {
        if self.nodes.len() >= self.chains.len() {
            self.grow();
        }
        let node = Node {
            key,
            value,
            next_in_chain: NONE,
            previous_in_chain: NONE,
            next: NONE,
            previous: self.last,
        };
        let place = self.nodes.insert(node) as u32;
        match self.last {
            NONE => self.first = place,
            last => self.nodes[last as usize].next = place,
        }
        self.last = place;
        self.append_to_chain(place);
        place as usize
    }

    /// Puts a value before all others, for one that was taken out and comes back.
    pub fn push_front(&mut self, key: Key, value: T) -> usize {
        if self.nodes.len() >= self.chains.len() {
            self.grow();
        }
        let chain = key.hash() & (self.chains.len() - 1);
        let (next, next_in_chain) = (self.first, self.chains[chain].0);
        let node = Node { key, value, next_in_chain, previous_in_chain: NONE, next, previous: NONE };
        let place = self.nodes.insert(node) as u32;
        match next {
            NONE => self.last = place,
            next => self.nodes[next as usize].previous = place,
        }
        self.first = place;
        match next_in_chain {
            NONE => self.chains[chain].1 = place,
            next => self.nodes[next as usize].previous_in_chain = place,
        }
        self.chains[chain].0 = place;
        place as usize
    }

    /// The oldest value under a key.
    pub fn find(&self, key: &Key) -> Option<usize> {
        self.find_where(key, |_| true)
    }

    /// The oldest value under a key that `fits`.
    pub fn find_where(&self, key: &Key, fits: impl Fn(&T) -> bool) -> Option<usize> {
        if self.nodes.is_empty() {
            return None;
        }
        let mut place = self.chains[key.hash() & (self.chains.len() - 1)].0;
        while place != NONE {
            let node = &self.nodes[place as usize];
            if node.key == *key && fits(&node.value) {
                return Some(place as usize);
            }
            place = node.next_in_chain;
        }
        None
    }

    /// The oldest value of all that the pattern matches and that `fits`.
    pub fn find_pattern(&self, pattern: &Pattern, fits: impl Fn(&T) -> bool) -> Option<usize> {
        match pattern.key() {
            Some(key) => self.find_where(&key, fits),
            None => self
                .iter()
                .find(|(_, key, value)| pattern.matches(key) && fits(value))
                .map(|(place, ..)| place),
        }
    }

    /// The value at a place.
    pub fn get(&self, place: usize) -> Option<(&Key, &T)> {
        self.nodes.get(place).map(|node| (&node.key, &node.value))
    }

    /// The value at a place, to change.
    pub fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        self.nodes.get_mut(place).map(|node| &mut node.value)
    }

    /// Takes the value at a place out.
    pub fn remove(&mut self, place: usize) -> Option<(Key, T)> {
        let node = self.nodes.try_remove(place)?;
        match node.previous {
            NONE => self.first = node.next,
            previous => self.nodes[previous as usize].next = node.next,
        }
        match node.next {
            NONE => self.last = node.previous,
            next => self.nodes[next as usize].previous = node.previous,
        }
        let chain = node.key.hash() & (self.chains.len() - 1);
        match node.previous_in_chain {
            NONE => self.chains[chain].0 = node.next_in_chain,
            previous => self.nodes[previous as usize].next_in_chain = node.next_in_chain,
        }
        match node.next_in_chain {
            NONE => self.chains[chain].1 = node.previous_in_chain,
            next => self.nodes[next as usize].previous_in_chain = node.previous_in_chain,
        }
        Some((node.key, node.value))
    }

    /// All values in order of insertion, with their places.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &Key, &T)> {
        let mut place = self.first;
        std::iter::from_fn(move || {
            let node = self.nodes.get(place as usize)?;
            let here = place as usize;
            place = node.next;
            Some((here, &node.key, &node.value))
        })
    }

    fn append_to_chain(&mut self, place: u32) {
        let chain = self.nodes[place as usize].key.hash() & (self.chains.len() - 1);
        let last = self.chains[chain].1;
        self.nodes[place as usize].previous_in_chain = last;
        match last {
            NONE => self.chains[chain].0 = place,
            last => self.nodes[last as usize].next_in_chain = place,
        }
        self.chains[chain].1 = place;
    }

    fn grow(&mut self) {
        let chains = (self.chains.len() * 2).max(16);
        self.chains.clear();
        self.chains.resize(chains, (NONE, NONE));
        let mut place = self.first;
        while place != NONE {
            let node = &mut self.nodes[place as usize];
            (node.next_in_chain, node.previous_in_chain) = (NONE, NONE);
            let next = node.next;
            self.append_to_chain(place);
            place = next;
        }
    }
}

/// A message whose key a receive matches is not for it all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotForIt;

/// Receives that wait for their messages.
#[derive(Default)]
pub struct Posted {
    exact: KeyedQueue<(u64, u64)>,
    open: Vec<(u64, Pattern, u64)>,
    sequence: u64,
}

impl Posted {
    /// Adds a receive, named by its request.
    pub fn push(&mut self, pattern: Pattern, request: u64) {
        self.sequence += 1;
        match pattern.key() {
            Some(key) => {
                self.exact.push(key, (self.sequence, request));
            }
            None => self.open.push((self.sequence, pattern, request)),
        }
    }

    /// Takes out the receive that a message of this key goes to: the one posted first of those that match.
    pub fn take(&mut self, key: &Key) -> Option<u64> {
        self.take_if(key, |_| true).unwrap_or(None)
    }

    /// The same, unless that receive is not to have it: then it stays where it is.
    ///
    /// # Errors
    /// [`NotForIt`] when `is_for_it` says so.
    #[inline]
    pub fn take_if(&mut self, key: &Key, is_for_it: impl Fn(u64) -> bool) -> Result<Option<u64>, NotForIt> {
        let exact = self.exact.find(key);
        let exact_sequence = exact.and_then(|place| self.exact.get(place)).map_or(u64::MAX, |(_, v)| v.0);
        if !self.open.is_empty() {
            let open = self.open.iter().position(|(_, pattern, _)| pattern.matches(key));
            if let Some(place) = open.filter(|&place| self.open[place].0 < exact_sequence) {
                return match is_for_it(self.open[place].2) {
                    true => Ok(Some(self.open.remove(place).2)),
                    false => Err(NotForIt),
                };
            }
        }
        let Some(place) = exact else { return Ok(None) };
        if !self.exact.get(place).is_some_and(|(_, value)| is_for_it(value.1)) {
            return Err(NotForIt);
        }
        Ok(self.exact.remove(place).map(|(_, (_, request))| request))
    }

    /// Takes out a receive that no longer waits. Returns whether it was there.
    pub fn withdraw(&mut self, pattern: &Pattern, request: u64) -> bool {
        match pattern.key() {
            Some(key) => match self.exact.find_where(&key, |value| value.1 == request) {
                Some(place) => self.exact.remove(place).is_some(),
                None => false,
            },
            None => match self.open.iter().position(|entry| entry.2 == request) {
                Some(place) => {
                    self.open.remove(place);
                    true
                }
                None => false,
            },
        }
    }

    /// How many receives wait.
    pub fn len(&self) -> usize {
        self.exact.len() + self.open.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition of matching, as a list.
    #[derive(Default)]
    struct Naive {
        posted: Vec<(Pattern, u64)>,
    }

    impl Naive {
        fn take(&mut self, key: &Key) -> Option<u64> {
            let place = self.posted.iter().position(|(pattern, _)| pattern.matches(key))?;
            Some(self.posted.remove(place).1)
        }
    }

    fn random(state: &mut u64) -> u64 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state
    }

    #[test]
    fn what_comes_back_stands_first() {
        for seed in 1..50u64 {
            let (mut state, mut queue, mut naive) = (seed, KeyedQueue::default(), Vec::<(Key, u64)>::new());
            for value in 0..200 {
                let roll = random(&mut state);
                let key = Key { context: 0, source: roll as u32 % 3, label: (roll >> 8) % 3 };
                match roll >> 32 & 3 {
                    0 | 1 => {
                        queue.push(key, value);
                        naive.push((key, value));
                    }
                    2 => {
                        queue.push_front(key, value);
                        naive.insert(0, (key, value));
                    }
                    _ => {
                        let taken = queue.find(&key).and_then(|place| queue.remove(place));
                        let expected = naive.iter().position(|(k, _)| *k == key).map(|at| naive.remove(at));
                        assert_eq!(taken, expected);
                    }
                }
                assert!(queue.iter().map(|(_, key, value)| (*key, *value)).eq(naive.iter().copied()));
            }
        }
    }

    #[test]
    fn posted_receives_agree_with_the_definition() {
        for seed in 1..200u64 {
            let (mut state, mut posted, mut naive) = (seed, Posted::default(), Naive::default());
            for request in 0..300 {
                let roll = random(&mut state);
                let key = Key { context: roll % 2, source: (roll >> 8) as u32 % 3, label: (roll >> 16) % 3 };
                if roll >> 32 & 3 < 2 {
                    let pattern = Pattern {
                        context: key.context,
                        source: (roll >> 40 & 3 != 0).then_some(key.source),
                        label: (roll >> 44 & 3 != 0).then_some(key.label),
                    };
                    posted.push(pattern, request);
                    naive.posted.push((pattern, request));
                } else if roll >> 32 & 3 == 2 {
                    assert_eq!(posted.take(&key), naive.take(&key), "seed {seed}");
                } else if let Some(&(pattern, request)) =
                    naive.posted.get(roll as usize % naive.posted.len().max(1))
                {
                    assert!(posted.withdraw(&pattern, request));
                    assert!(!posted.withdraw(&pattern, request));
                    naive.posted.retain(|entry| entry.1 != request);
                }
                assert_eq!(posted.len(), naive.posted.len());
            }
        }
    }

    #[test]
    fn waiting_messages_come_out_in_order_of_arrival() {
        for seed in 1..100u64 {
            let (mut state, mut queue) = (seed, KeyedQueue::default());
            let mut naive: Vec<(Key, u64)> = Vec::new();
            for value in 0..400 {
                let roll = random(&mut state);
                let key = Key { context: roll % 2, source: (roll >> 8) as u32 % 4, label: (roll >> 16) % 4 };
                if roll >> 32 & 1 == 0 {
                    queue.push(key, value);
                    naive.push((key, value));
                    continue;
                }
                let pattern = Pattern {
                    context: key.context,
                    source: (roll >> 40 & 1 != 0).then_some(key.source),
                    label: (roll >> 44 & 1 != 0).then_some(key.label),
                };
                let expected =
                    naive.iter().position(|(key, _)| pattern.matches(key)).map(|i| naive.remove(i));
                let found = queue.find_pattern(&pattern, |_| true).and_then(|place| queue.remove(place));
                assert_eq!(found, expected, "seed {seed}");
            }
            let rest: Vec<_> = queue.iter().map(|(_, key, value)| (*key, *value)).collect();
            assert_eq!(rest, naive);
        }
    }

    #[test]
    fn a_wildcard_never_takes_a_collective_step() {
        let mut posted = Posted::default();
        posted.push(Pattern { context: 1, source: None, label: None }, 1);
        let step = Key { context: 1, source: 0, label: crate::envelope::STEP_LABEL | 1 };
        assert_eq!(posted.take(&step), None);
        assert_eq!(posted.take(&Key { label: 1, ..step }), Some(1));
    }
}
