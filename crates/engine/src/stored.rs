//! What peers have stored here: messages that nobody has asked for. The credit of each bounds what it may have of those whose
//! payload has come along; those that were only announced are bounded all together.

use fabric::Peer;

use crate::receive::{Body, Unexpected};
use crate::{Lane, credit};

/// Announcements of all peers together that may wait here: some 200 bytes each. Each is a send under way at its sender, which needs
/// more memory for it, so that a peer that is broken is the first to come so far.
const ANNOUNCED_MAX: u64 = if cfg!(test) { 1 << 10 } else { 1 << 24 };

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
        let announced = state.stored.announced;
        state.stored.add(message);
        self.announced += state.stored.announced - announced;
        if state.stored.eager_bytes > state.books.granted() {
            self.break_with(peer, "it sent more than its credit allows");
        }
        if self.announced > ANNOUNCED_MAX {
            self.too_many_announced();
        }
    }

    /// Drops the peer that has announced most, and forgets all that it has stored here.
    #[cold]
    fn too_many_announced(&mut self) {
        let peers = self.peers.iter().enumerate();
        if let Some((most, _)) = peers.max_by_key(|(_, peer)| peer.stored.announced) {
            let most = Peer(most as u32);
            self.break_with(
                most,
                "more messages are announced here than there is room for, most of them by it",
            );
            let its = self.unexpected.iter().filter(|(.., message)| message.peer == most);
            for place in its.map(|(place, ..)| place).collect::<Vec<_>>() {
                if let Some((_, message)) = self.unexpected.remove(place) {
                    self.count_unstored(&message);
                }
            }
        }
    }

    /// A stored message goes to its receive, or is forgotten.
    pub(crate) fn count_unstored(&mut self, message: &Unexpected) {
        self.unexpected_bytes -= message.stored_bytes();
        let stored = &mut self.peers[message.peer.0 as usize].stored;
        let announced = stored.announced;
        stored.remove(message);
        self.announced -= announced - stored.announced;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::{Announcement, RENDEZVOUS};
    use crate::{Config, Polled};
    use fabric::{Class, Frame, Host, Port};
    use os::Time;
    use wire::{JobId, ProcessId};

    #[test]
    fn who_has_announced_most_is_dropped_when_all_have_announced_too_much() {
        let host = Host::create(3).unwrap();
        let process = |number| ProcessId { job: JobId(9), number, incarnation: 0 };
        let port = |number| Port::on_host(&host, number as u16, process(number), 0);
        let config = Config { job_size: 3, ..Config::default() };
        let (mut lane, mut senders) = (Lane::new(port(0), config), [port(1), port(2)]);
        let targets = senders.each_mut().map(|sender| sender.connect(process(0)));
        for send in 0..ANNOUNCED_MAX {
            // The second one announces every fourth.
            let sender = usize::from(send % 4 == 0);
            let announcement = Announcement { address: 0, send, bytes: 1 << 20 }.encode();
            let frame = Frame { kind: RENDEZVOUS, header: [0, (sender as u64 + 1) << 32, 0] };
            while senders[sender].send(targets[sender], Class::Data, frame, &announcement).is_err() {
                while !matches!(lane.poll(Time(0), None), Polled::Idle) {}
            }
        }
        while !matches!(lane.poll(Time(0), None), Polled::Idle) {}
        assert_eq!(lane.announced, ANNOUNCED_MAX);
        assert!(!lane.knows_gone(process(1)) && !lane.knows_gone(process(2)));
        let announcement = Announcement { address: 0, send: ANNOUNCED_MAX, bytes: 1 << 20 }.encode();
        let frame = Frame { kind: RENDEZVOUS, header: [0, 2 << 32, 0] };
        assert!(senders[1].send(targets[1], Class::Data, frame, &announcement).is_ok());
        while !matches!(lane.poll(Time(0), None), Polled::Idle) {}
        assert!(lane.knows_gone(process(1)) && !lane.knows_gone(process(2)));
        assert_eq!(
            (lane.announced, lane.holdings().unexpected as u64),
            (ANNOUNCED_MAX / 4 + 1, lane.announced)
        );
    }
}
