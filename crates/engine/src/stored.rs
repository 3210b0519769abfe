//! What peers have stored here: messages that nobody has asked for. The credit of each bounds what it may have.

use crate::receive::{Body, Unexpected};
use crate::{Lane, credit};

/// Announcements of one peer that may wait here: each is a send under way there, so that only a broken peer has more.
const ANNOUNCED_MAX: u64 = 1 << 24;

/// What a peer has stored here.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stored {
    /// Cost of its eager messages.
    eager_bytes: u64,
    /// Messages that it has announced.
    announced: u64,
}

impl Stored {
    /// What its eager messages cost.
    pub fn eager_bytes(&self) -> u64 {
        self.eager_bytes
    }

    fn add(&mut self, message: &Unexpected) {
        match message.body {
            Body::Remote { .. } | Body::Lost => self.announced += 1,
            _ if message.claim.reserved => {}
            _ => self.eager_bytes += credit::cost(message.wire_bytes()),
        }
    }

    fn remove(&mut self, message: &Unexpected) {
        match message.body {
            Body::Remote { .. } | Body::Lost => self.announced -= 1,
            _ if message.claim.reserved => {}
            _ => self.eager_bytes -= credit::cost(message.wire_bytes()),
        }
    }
}

impl Lane {
    /// A message is stored that nobody has asked for. Its sender's credit bounds what it may have stored here; one that
    /// exceeds it is no correct peer, and is dropped.
    pub(crate) fn count_stored(&mut self, message: &Unexpected) {
        self.may_be_unwanted = true;
        self.unexpected_bytes += message.stored_bytes();
        self.counters.unexpected_bytes_max = self.counters.unexpected_bytes_max.max(self.unexpected_bytes);
        let peer = message.peer;
        let state = &mut self.peers[peer.0 as usize];
        state.counters.unexpected += 1;
        state.stored.add(message);
        if state.stored.eager_bytes > state.books.granted() || state.stored.announced > ANNOUNCED_MAX {
            self.break_with(peer, "it sent more than its credit allows");
        }
    }

    /// A stored message goes to its receive, or is forgotten.
    pub(crate) fn count_unstored(&mut self, message: &Unexpected) {
        self.unexpected_bytes -= message.stored_bytes();
        self.peers[message.peer.0 as usize].stored.remove(message);
    }
}
