//! One lane's window on every transport.

use crate::peers::{ByLink, Link, Peers, link_of, with_peer};
use crate::shm::{Host, Reader, ShmPort, ShmReserved};
use crate::{
    Armed, Card, Cause, Class, Counters, Event, Frame, Limits, Payload, Peer, Refused, Sleeper, sim, tcp,
};
use mapped::board::BoardPool;
use os::Time;
use std::os::fd::AsFd;
use std::sync::Arc;
use wire::ProcessId;

/// One lane of one process: sends frames to peers and delivers what they send, over whichever transport leads to each.
///
/// Single-threaded and without a clock; it never blocks. A new transport adds a variant to `Link` and to `Room`, a field
/// here, and its turn in `next`, `arm` and `deadline`.
///
/// A port has shared memory, or TCP, or is simulated.
#[derive(Debug)]
pub struct Port {
    me: ProcessId,
    peers: Peers,
    shm: Option<ShmPort>,
    tcp: Option<tcp::Port>,
    sim: Option<sim::Port>,
    /// The peers of TCP's links, or of the simulated ones.
    by_link: ByLink,
    /// Peers that no transport leads to, not reported yet.
    nowhere: Vec<Peer>,
    /// Why no transport leads to them.
    why_nowhere: String,
    /// This process's entries on boards, on shared memory.
    boards: Option<Arc<BoardPool>>,
    /// The number of this port's lane.
    lane: u16,
    /// How many lanes the process can have.
    lanes: u16,
}

impl Port {
    /// The port of lane `lane` of process `me`, which lives in `slot` of this host. Processes of the same job whose numbers
    /// fit into the host's other slots are reached by shared memory.
    ///
    /// # Panics
    /// If the host has no such slot or lane, or `me.number < slot`.
    pub fn on_host(host: &Host, slot: u16, me: ProcessId, lane: u16) -> Port {
        let shm = ShmPort::new(host, slot, me, lane);
        Port {
            lane,
            lanes: shm.lanes(),
            shm: Some(shm),
            boards: Some(BoardPool::new(host.segment().clone(), slot)),
            ..Port::without_transport(me)
        }
    }

    /// The same port of a process that can have so many lanes, at most: the same number for all processes of a job. A host's
    /// memory has room for some, sockets for any number.
    pub fn with_lanes(self, lanes: u16) -> Port {
        let lanes = self.shm.as_ref().map_or(lanes, |shm| lanes.min(shm.lanes()));
        Port { lanes, ..self }
    }

    /// The port of another lane of the same process: lanes of a number talk among themselves only. `None` where a process has
    /// but one lane, or fewer. Where the system has no sockets left for it, no transport leads anywhere from it, and all its
    /// peers fail with that.
    pub fn beside(&self, lane: u16) -> Option<Port> {
        if lane >= self.lanes {
            return None;
        }
        let mut port = Port {
            lane,
            lanes: self.lanes,
            shm: self.shm.as_ref().map(|shm| shm.beside(lane)),
            sim: self.sim.as_ref().map(|sim| sim.beside(lane)),
            boards: self.boards.clone(),
            ..Port::without_transport(self.me)
        };
        match self.tcp.as_ref().map(|tcp| tcp.beside(lane)).transpose() {
            Ok(tcp) => port.tcp = tcp,
            Err(error) => port.why_nowhere = format!("there are no sockets for lane {lane}: {error}"),
        }
        Some(port)
    }

    /// How many lanes a process can have, the same for all processes of a job.
    pub fn lanes(&self) -> u16 {
        self.lanes
    }

    /// The number of this port's lane.
    pub fn lane(&self) -> u16 {
        self.lane
    }

    /// A port that reaches all its peers over TCP. Its process has this lane alone, unless [`with_lanes`](Port::with_lanes)
    /// says otherwise; so it is in a simulated world.
    pub fn on_tcp(tcp: tcp::Port) -> Port {
        let me = tcp.me();
        Port { lane: tcp.lane(), tcp: Some(tcp), ..Port::without_transport(me) }
    }

    /// A port in a simulated world.
    pub fn in_world(sim: sim::Port) -> Port {
        let me = sim.me();
        Port { sim: Some(sim), ..Port::without_transport(me) }
    }

    /// A port from which no transport leads anywhere, for this reason: all its peers fail with that. It has no boards.
    pub fn leading_nowhere(me: ProcessId, lane: u16, why: &str) -> Port {
        Port { lane, why_nowhere: why.to_owned(), ..Port::without_transport(me) }
    }

    fn without_transport(me: ProcessId) -> Port {
        Port {
            me,
            peers: Peers::default(),
            shm: None,
            tcp: None,
            sim: None,
            by_link: ByLink::default(),
            nowhere: Vec::new(),
            why_nowhere: "no transport leads to it".into(),
            boards: None,
            lane: 0,
            lanes: 1,
        }
    }

    /// Whose port this is.
    pub fn me(&self) -> ProcessId {
        self.me
    }

    /// This process's entries on boards, if it shares memory with others.
    pub fn boards(&self) -> Option<&Arc<BoardPool>> {
        self.boards.as_ref()
    }

    /// The slot of a process that shares this host's memory.
    pub fn slot_of(&self, process: ProcessId) -> Option<u16> {
        self.shm.as_ref()?.slot_of(process)
    }

    /// The peer for a process. No traffic; first contact makes a small state. A peer to which no transport leads yet waits
    /// for [`resolve`](Port::resolve); one to which none can lead fails.
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
        if let Some(tcp) = &mut self.tcp {
            let link = tcp.connect(process);
            return self.by_link.peer(link, &mut self.peers, Link::Tcp, || process);
        }
        if let Some(sim) = &mut self.sim {
            let link = sim.connect(process);
            return self.by_link.peer(link, &mut self.peers, Link::Sim, || process);
        }
        let peer = self.peers.add(process, Link::Nowhere);
        self.nowhere.push(peer);
        peer
    }

    /// Who a peer is.
    pub fn process(&self, peer: Peer) -> ProcessId {
        self.peers.process(peer)
    }

    /// Peers whose cards are wanted, each reported once: the runtime asks the launcher and answers with
    /// [`resolve`](Port::resolve).
    pub fn take_unresolved(&mut self) -> Option<ProcessId> {
        self.tcp.as_mut()?.take_unresolved()
    }

    /// Whether there is one.
    #[inline]
    pub fn has_unresolved(&self) -> bool {
        self.tcp.as_ref().is_some_and(|tcp| tcp.has_unresolved())
    }

    /// A card has come.
    pub fn resolve(&mut self, card: &Card) {
        if let Some(tcp) = &mut self.tcp {
            tcp.resolve(card);
        }
    }

    /// How others reach this process, if they need to be told: to be published.
    pub fn card(&self) -> Option<Card> {
        self.tcp.as_ref().map(tcp::Port::card)
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
        match self.peers.link(peer) {
            Link::Shm(link) => shm(&mut self.shm).send(link, class, frame, payload),
            Link::Tcp(link) => tcp(&mut self.tcp).send(link, class, frame, payload),
            Link::Sim(link) => sim(&mut self.sim).send(link, class, frame, payload),
            Link::Nowhere => Err(Refused::Failed),
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
        let room = match self.peers.link(peer) {
            Link::Shm(link) => Room::Shm(shm(&mut self.shm).reserve(link, class, frame, bytes)?),
            Link::Tcp(link) => Room::Tcp(tcp(&mut self.tcp).reserve(link, class, frame, bytes)?),
            Link::Sim(link) => Room::Sim(sim(&mut self.sim).reserve(link, class, frame, bytes)?),
            Link::Nowhere => return Err(Refused::Failed),
        };
        Ok(Reserved { room })
    }

    /// The next event, fair over peers and transports; `None`: nothing now. Does bounded I/O.
    #[inline]
    pub fn next(&mut self, now: Time) -> Option<Event> {
        if let Some(shm) = &mut self.shm
            && let Some(event) = shm.next(now, &mut self.peers)
        {
            return Some(event);
        }
        if let Some(tcp) = &mut self.tcp
            && let Some(event) = tcp.next(now)
        {
            let link = link_of(&event);
            let peer = self.by_link.peer(link, &mut self.peers, Link::Tcp, || tcp.process(link));
            return Some(with_peer(event, peer));
        }
        if let Some(sim) = &mut self.sim
            && let Some(event) = sim.next(now)
        {
            let link = link_of(&event);
            let peer = self.by_link.peer(link, &mut self.peers, Link::Sim, || sim.process(link));
            return Some(with_peer(event, peer));
        }
        let peer = self.nowhere.pop()?;
        Some(Event::Failed(peer, Cause::Unreachable(self.why_nowhere.clone())))
    }

    /// Gives back a [`Payload::Mapped`]; payloads of one peer in the order of their arrival. Others need no release, and
    /// none harms.
    #[inline]
    pub fn release(&mut self, peer: Peer, payload: Payload) {
        match self.peers.link(peer) {
            Link::Shm(link) => shm(&mut self.shm).release(link, payload),
            Link::Tcp(link) => tcp(&mut self.tcp).release(link, payload),
            Link::Sim(link) => sim(&mut self.sim).release(link, payload),
            Link::Nowhere => {}
        }
    }

    /// When [`next`](Port::next) must be called even if nothing arrives.
    pub fn deadline(&self) -> Option<Time> {
        self.tcp.as_ref()?.deadline()
    }

    /// What the transport that leads to a peer can do.
    pub fn limits(&mut self, peer: Peer) -> Limits {
        match self.peers.link(peer) {
            Link::Shm(link) => shm(&mut self.shm).limits(link),
            Link::Tcp(_) => tcp(&mut self.tcp).limits(),
            Link::Sim(_) => sim(&mut self.sim).limits(),
            Link::Nowhere => Limits {
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
        match self.peers.link(peer) {
            Link::Shm(link) => shm(&mut self.shm).reader(link),
            _ => None,
        }
    }

    /// About to sleep: arms every ring and looks once more. `None`: something is there, poll again.
    pub fn arm(&mut self) -> Option<Armed> {
        if !self.nowhere.is_empty() {
            return None;
        }
        match (&mut self.shm, &mut self.tcp, &mut self.sim) {
            (Some(shm), _, _) => shm.arm(),
            (_, Some(tcp), _) => tcp.arm().then_some(Armed { sequence: 0 }),
            (_, _, Some(sim)) => sim.is_quiet().then_some(Armed { sequence: 0 }),
            (None, None, None) => Some(Armed { sequence: 0 }),
        }
    }

    /// From now on a sleep ends also when this descriptor can be read, which is not the port's to read. Returns whether
    /// that is so: where a process sleeps on its doorbell, whoever writes to the descriptor rings that as well.
    pub fn listen_to(&mut self, news: impl AsFd) -> bool {
        self.tcp.as_mut().is_some_and(|tcp| tcp.listen_to(news).is_ok())
    }

    /// Ends [`listen_to`](Port::listen_to): for a descriptor that would end every sleep.
    pub fn listen_no_more(&mut self, news: impl AsFd) {
        if let Some(tcp) = &mut self.tcp {
            tcp.listen_no_more(news);
        }
    }

    /// After sleeping. Idempotent, cheap.
    #[inline]
    pub fn disarm(&mut self) {
        if let Some(shm) = &mut self.shm {
            shm.disarm();
        }
        if let Some(tcp) = &mut self.tcp {
            tcp.disarm();
        }
    }

    /// Where this port's process sleeps.
    pub fn sleeper(&self) -> Sleeper {
        match (&self.shm, &self.tcp, &self.sim) {
            (Some(shm), _, _) => shm.sleeper(),
            (_, Some(tcp), _) => Sleeper::on_sockets(tcp.sleeper()),
            (_, _, Some(sim)) => Sleeper::in_world(sim.sleeper()),
            (None, None, None) => Sleeper::nowhere(),
        }
    }

    /// The runtime knows that a process has ended: [`Event::Failed`] follows what already arrived from it.
    pub fn fail(&mut self, process: ProcessId, cause: Cause) {
        let peer = self.connect(process);
        match self.peers.link(peer) {
            Link::Shm(link) => shm(&mut self.shm).end(link, cause),
            Link::Tcp(_) => tcp(&mut self.tcp).fail(process, cause),
            Link::Sim(_) => sim(&mut self.sim).fail(process, cause),
            Link::Nowhere => {}
        }
    }

    /// Forgets a peer: nothing can be sent to it, nothing more is reported of it.
    pub fn drop_peer(&mut self, peer: Peer) {
        match self.peers.link(peer) {
            Link::Shm(link) => shm(&mut self.shm).drop_peer(link),
            Link::Tcp(link) => tcp(&mut self.tcp).drop_peer(link),
            Link::Sim(link) => sim(&mut self.sim).drop_peer(link),
            Link::Nowhere => self.nowhere.retain(|other| *other != peer),
        }
    }

    /// Connections that are cut and tried again now. (See [`tcp`]: meanwhile the peer counts as reached.)
    pub fn interruptions(&self) -> impl Iterator<Item = tcp::Interruption> {
        self.tcp.iter().flat_map(tcp::Port::interruptions)
    }

    /// From now on the end of every process that this port could reach is reported, met before or not. (Over TCP ends are
    /// what the runtime tells, whoever ends.)
    pub fn watch_all(&mut self) {
        if let Some(shm) = &mut self.shm {
            shm.watch_all();
        }
        if let Some(sim) = &mut self.sim {
            sim.watch_all();
        }
    }

    /// This process finalises: its peers see [`Cause::Left`] after all that it had sent. Nothing can be sent afterwards;
    /// [`next`](Port::next) is to be called until [`has_left`](Port::has_left).
    pub fn leave(&mut self) {
        if let Some(shm) = &mut self.shm {
            shm.leave();
        }
        if let Some(tcp) = &mut self.tcp {
            tcp.leave();
        }
        if let Some(sim) = &mut self.sim {
            sim.leave();
        }
    }

    /// Whether all that was sent before [`leave`](Port::leave) gets to its receivers even if this process ends now.
    pub fn has_left(&self) -> bool {
        self.tcp.as_ref().is_none_or(tcp::Port::has_left)
    }

    /// The name of the transport that leads to others.
    pub fn transport(&self) -> &'static str {
        match (&self.shm, &self.tcp, &self.sim) {
            (_, Some(_), _) => "tcp",
            (Some(_), ..) => "shm",
            (_, _, Some(_)) => "sim",
            (None, None, None) => "none",
        }
    }

    /// What went to and came from a peer.
    pub fn counters(&self, peer: Peer) -> Counters {
        match (self.peers.link(peer), &self.shm, &self.tcp, &self.sim) {
            (Link::Shm(link), Some(shm), _, _) => shm.counters(link),
            (Link::Tcp(link), _, Some(tcp), _) => tcp.counters(link),
            (Link::Sim(link), _, _, Some(sim)) => sim.counters(link),
            _ => Counters::default(),
        }
    }
}

// A link of a transport exists only in a port that has the transport.

#[inline]
fn shm(shm: &mut Option<ShmPort>) -> &mut ShmPort {
    shm.as_mut().expect("a peer on shared memory belongs to a port that has it")
}

#[inline]
fn tcp(tcp: &mut Option<tcp::Port>) -> &mut tcp::Port {
    tcp.as_mut().expect("a peer over TCP belongs to a port that has it")
}

#[inline]
fn sim(sim: &mut Option<sim::Port>) -> &mut sim::Port {
    sim.as_mut().expect("a simulated peer belongs to a simulated port")
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
    Tcp(tcp::Reserved),
    Sim(sim::Reserved),
}

impl Reserved {
    /// Where the payload goes, and how many bytes it has. Raw writes only: another process may read them already.
    pub fn room(&self) -> (*mut u8, usize) {
        match &self.room {
            Room::Shm(reserved) => reserved.room(),
            Room::Tcp(reserved) => reserved.room(),
            Room::Sim(reserved) => reserved.room(),
        }
    }

    /// The payload is complete.
    pub fn publish(self) {
        match self.room {
            Room::Shm(reserved) => reserved.publish(),
            Room::Tcp(reserved) => reserved.publish(),
            Room::Sim(reserved) => reserved.publish(),
        }
    }
}
