//! Messages that nobody has asked for yet: in order of arrival, found by what is matched; announced ones also by their senders'
//! names for them, under which they are taken back.

use std::collections::HashMap;
use std::ops::Deref;

use fabric::Peer;

use crate::matching::{Key, KeyedQueue};
use crate::receive::{Body, Unexpected};

/// Entries for which the table of announced messages keeps its memory when it is empty.
const KEPT_MAX: usize = 1 << 10;

/// The queue of unexpected messages. Looks at it go to the queue itself; what changes it stands here.
#[derive(Default)]
pub(crate) struct UnexpectedQueue {
    queue: KeyedQueue<Unexpected>,
    /// The places of announced messages, by sender and its name for the send. The names are the senders' words: the standard
    /// library's hash keeps them from colliding on purpose.
    announced: HashMap<(Peer, u64), usize>,
}

impl UnexpectedQueue {
    /// Appends a message.
    pub fn push(&mut self, key: Key, message: Unexpected) -> usize {
        let name = name(&message);
        let place = self.queue.push(key, message);
        self.note(name, place);
        place
    }

    /// Puts a message before all others.
    pub fn push_front(&mut self, key: Key, message: Unexpected) -> usize {
        let name = name(&message);
        let place = self.queue.push_front(key, message);
        self.note(name, place);
        place
    }

    /// Takes the message at a place out.
    pub fn remove(&mut self, place: usize) -> Option<(Key, Unexpected)> {
        let (key, message) = self.queue.remove(place)?;
        self.forget(&message, place);
        Some((key, message))
    }

    /// The message that a peer has announced under this name.
    pub fn find_announced(&self, peer: Peer, send: u64) -> Option<usize> {
        self.announced.get(&(peer, send)).copied()
    }

    /// The message at a place was taken back by a sender that leaves: it stays, so that nothing is taken in its stead.
    pub fn lose(&mut self, place: usize) {
        if let Some(message) = self.queue.get_mut(place) {
            let name = name(message);
            message.body = Body::Lost;
            if let Some(name) = name {
                self.announced.remove(&name);
            }
        }
    }

    fn note(&mut self, name: Option<(Peer, u64)>, place: usize) {
        if let Some(name) = name {
            self.announced.insert(name, place);
        }
    }

    fn forget(&mut self, message: &Unexpected, place: usize) {
        // A broken peer may have announced two under one name.
        if let Some(name) = name(message)
            && self.announced.get(&name) == Some(&place)
        {
            self.announced.remove(&name);
            if self.announced.is_empty() && self.announced.capacity() > KEPT_MAX {
                self.announced.shrink_to(KEPT_MAX);
            }
        }
    }
}

impl Deref for UnexpectedQueue {
    type Target = KeyedQueue<Unexpected>;

    fn deref(&self) -> &KeyedQueue<Unexpected> {
        &self.queue
    }
}

/// By what name its sender takes an announced message back.
fn name(message: &Unexpected) -> Option<(Peer, u64)> {
    match message.body {
        Body::Remote { send, .. } => Some((message.peer, send)),
        Body::Inline(_) | Body::Held(_) | Body::Lost => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::active::frames::Claim;

    fn announced(peer: u32, send: u64) -> Unexpected {
        let body = Body::Remote { address: 0, send };
        let claim = Claim::default();
        Unexpected { peer: Peer(peer), signature: 0, bytes: 100_000, body, retracted: false, claim }
    }

    #[test]
    fn announced_messages_are_found_by_their_names_until_they_go() {
        let key = Key { context: 1, source: 2, label: 3 };
        let mut queue = UnexpectedQueue::default();
        let places: Vec<usize> = (0..100)
            .map(|send| match send % 2 {
                0 => queue.push(key, announced(send as u32 % 3, send)),
                _ => queue.push_front(key, announced(send as u32 % 3, send)),
            })
            .collect();
        for (send, place) in places.iter().enumerate() {
            let peer = Peer(send as u32 % 3);
            assert_eq!(queue.find_announced(peer, send as u64), Some(*place));
            assert_eq!(queue.find_announced(Peer(peer.0 + 1), send as u64), None);
            match send % 3 {
                0 => drop(queue.remove(*place).unwrap()),
                1 => queue.lose(*place),
                // Announced twice: the place that goes first is not the one that is found.
                _ => {
                    let twin = queue.push(key, announced(peer.0, send as u64));
                    queue.remove(*place).unwrap();
                    assert_eq!(queue.find_announced(peer, send as u64), Some(twin));
                    queue.remove(twin).unwrap();
                }
            }
            assert_eq!(queue.find_announced(peer, send as u64), None);
        }
        assert!(queue.announced.is_empty());
        assert_eq!(queue.len(), 33);
    }
}
