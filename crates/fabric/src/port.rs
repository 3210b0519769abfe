//! One lane's window on every transport.

use crate::peers::{Link, Peers};
use crate::shm::{Host, Reader, ShmPort, ShmReserved};
use crate::{Armed, Card, Cause, Class, Counters, Event, Frame, Limits, Payload, Peer, Refused, Sleeper};
use os::Time;
use wire::ProcessId;

/// One lane of one process: sends frames to peers and delivers what they send, over whichever transport leads to each.
///
/// Single-threaded and without a clock; it never blocks. A new transport adds a variant to `Link` and to `Room`, a field
/// here, and its turn in `next`, `arm` and `deadline`.
#[derive(Debug)]
pub struct Port {
    me: ProcessId,
    peers: Peers,
    shm: Option<ShmPort>,
    // TCP: tcp: Option<tcp::Port>
    // SIM: sim: Option<sim::Port>
    /// Processes that no transport leads to yet and whose cards nobody has asked for.
    unresolved: Vec<ProcessId>,
}

impl Port {
    /// The port of lane `lane` of process `me`, which lives in `slot` of this host. Processes of the same job whose numbers
    /// fit into the host's other slots are reached by shared memory.
    ///
    /// # Panics
    /// If the host has no such slot or lane, or `me.number < slot`.
    pub fn on_host(host: &Host, slot: u16, me: ProcessId, lane: u16) -> Port {
        let shm = Some(ShmPort::new(host, slot, me, lane));
        Port { me, peers: Peers::default(), shm, unresolved: Vec::new() }
    }

    /// Whose port this is.
    pub fn me(&self) -> ProcessId {
        self.me
    }

    /// The peer for a process. No traffic; first contact makes a small state. A peer to which no transport leads yet waits
    /// for [`resolve`](Port::resolve).
    pub fn connect(&mut self, process: ProcessId) -> Peer {
        if let Some(peer) = self.peers.find(process) {
            return peer;
        }
        if let Some(shm) = &mut self.shm
            && let Some(slot) = shm.slot_of(process)
        {
            let index = shm.connect(slot, &mut self.peers);
            return shm.peer(index);
        }
        self.unresolved.push(process);
        self.peers.add(process, Link::Unresolved)
    }

    /// Who a peer is.
    pub fn process(&self, peer: Peer) -> ProcessId {
        self.peers.process(peer)
    }

    /// Peers whose cards are wanted, each reported once: the runtime asks the launcher and answers with
    /// [`resolve`](Port::resolve).
    pub fn take_unresolved(&mut self) -> Option<ProcessId> {
        self.unresolved.pop()
    }

    /// A card has come.
    pub fn resolve(&mut self, card: &Card) {
        // TCP: opens a link when the peer is `Link::Unresolved`.
        let _ = card;
    }

    /// Sends a frame whose payload is copied before the call returns. FIFO per peer.
    ///
    /// # Errors
    /// [`Refused`]; nothing was sent.
    ///
    /// # Panics
    /// If the payload is larger than `limits(peer).frame_bytes_max`.
    #[inline]
    pub fn send(&mut self, peer: Peer, class: Class, frame: Frame, payload: &[u8]) -> Result<(), Refused> {
        match (self.peers.link(peer), &mut self.shm) {
            (Link::Shm(link), Some(shm)) => shm.send(link, class, frame, payload),
            _ => Err(Refused::Full),
        }
    }

    /// Takes a frame's place in the FIFO and gives the room for its payload, to be filled without the lane's lock.
    ///
    /// # Errors
    /// [`Refused`]; no place was taken.
    ///
    /// # Panics
    /// If `bytes` is larger than `limits(peer).frame_bytes_max`.
    pub fn reserve(
        &mut self,
        peer: Peer,
        class: Class,
        frame: Frame,
        bytes: usize,
    ) -> Result<Reserved, Refused> {
        match (self.peers.link(peer), &mut self.shm) {
            (Link::Shm(link), Some(shm)) => {
                Ok(Reserved { room: Room::Shm(shm.reserve(link, class, frame, bytes)?) })
            }
            _ => Err(Refused::Full),
        }
    }

    /// The next event, fair over peers and transports; `None`: nothing now. Does bounded I/O.
    #[inline]
    pub fn next(&mut self, now: Time) -> Option<Event> {
        if let Some(shm) = &mut self.shm
            && let Some(event) = shm.next(now, &mut self.peers)
        {
            return Some(event);
        }
        // TCP, SIM: their turn, when shared memory has nothing and every so many frames.
        None
    }

    /// Gives back a [`Payload::Mapped`]; payloads of one peer in the order of their arrival. Others need no release, and
    /// none harms.
    #[inline]
    pub fn release(&mut self, peer: Peer, payload: Payload) {
        if let (Link::Shm(link), Some(shm)) = (self.peers.link(peer), &mut self.shm) {
            shm.release(link, payload);
        }
    }

    /// When [`next`](Port::next) must be called even if nothing arrives.
    pub fn deadline(&self) -> Option<Time> {
        None
    }

    /// What the transport that leads to a peer can do.
    pub fn limits(&mut self, peer: Peer) -> Limits {
        match (self.peers.link(peer), &mut self.shm) {
            (Link::Shm(link), Some(shm)) => shm.limits(link),
            _ => Limits {
                frame_bytes_max: 16 << 10,
                eager_bytes: 16 << 10,
                piece_bytes: 16 << 10,
                reads: false,
                read_is_cheaper: false,
            },
        }
    }

    /// The way to read the peer's private memory, if there is one.
    pub fn reader(&mut self, peer: Peer) -> Option<Reader> {
        match (self.peers.link(peer), &mut self.shm) {
            (Link::Shm(link), Some(shm)) => shm.reader(link),
            _ => None,
        }
    }

    /// About to sleep: arms every ring and looks once more. `None`: something is there, poll again.
    pub fn arm(&mut self) -> Option<Armed> {
        // TCP, SIM: the same question; with a socket open, `Armed` leads to epoll.
        self.shm.as_mut().and_then(ShmPort::arm)
    }

    /// After sleeping. Idempotent, cheap.
    #[inline]
    pub fn disarm(&mut self) {
        if let Some(shm) = &mut self.shm {
            shm.disarm();
        }
    }

    /// Where this port's process sleeps.
    ///
    /// # Panics
    /// If the port has no transport.
    pub fn sleeper(&self) -> Sleeper {
        match &self.shm {
            Some(shm) => shm.sleeper(),
            None => unreachable!("a port without a transport"),
        }
    }

    /// The runtime knows that a process has ended: [`Event::Failed`] follows what already arrived from it.
    pub fn fail(&mut self, process: ProcessId, cause: Cause) {
        let peer = self.connect(process);
        if let (Link::Shm(link), Some(shm)) = (self.peers.link(peer), &mut self.shm) {
            shm.end(link, cause);
        }
    }

    /// Forgets a peer: nothing can be sent to it, nothing more is reported of it.
    pub fn drop_peer(&mut self, peer: Peer) {
        if let (Link::Shm(link), Some(shm)) = (self.peers.link(peer), &mut self.shm) {
            shm.drop_peer(link);
        }
    }

    /// This process finalises: its peers see [`Cause::Left`] after all that it had sent.
    pub fn leave(&mut self) {
        if let Some(shm) = &mut self.shm {
            shm.leave();
        }
    }

    /// What went to and came from a peer.
    pub fn counters(&self, peer: Peer) -> Counters {
        match (self.peers.link(peer), &self.shm) {
            (Link::Shm(link), Some(shm)) => shm.counters(link),
            _ => Counters::default(),
        }
    }
}

/// Room for one frame's payload, not bound to the port's borrow: it is filled without the lane's lock. Publish it soon,
/// since all later frames to the peer wait behind it. Dropped unpublished, it becomes a frame that the receiver skips, so
/// that a panic never stalls the peer.
#[derive(Debug)]
#[must_use = "later frames wait until this is published"]
pub struct Reserved {
    room: Room,
}

#[derive(Debug)]
enum Room {
    Shm(ShmReserved),
    // TCP, SIM: an owned buffer that `publish` queues.
}

impl Reserved {
    /// Where the payload goes, and how many bytes it has. Raw writes only: another process may read them already.
    pub fn room(&self) -> (*mut u8, usize) {
        match &self.room {
            Room::Shm(reserved) => reserved.room(),
        }
    }

    /// The payload is complete.
    pub fn publish(self) {
        match self.room {
            Room::Shm(reserved) => reserved.publish(),
        }
    }
}
