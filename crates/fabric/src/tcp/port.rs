//! The verbs of a TCP port.

use super::codec::{ACK_BESIDE_BYTES, ACK_BYTES, FRAME_BYTES_MAX, encode};
use super::cut::why_ended;
use super::hub::{Hub, NEWS, Sleeper};
use super::input::Pool;
use super::link::{Link, State};
use super::meeting::{LINK, Meeting, Turned};
use super::output::{CONTROL_BYTES, OUTPUT_BYTES_MAX};
use super::progress::{HOT_MAX, LOOKS_PER_POLL};
use super::reserved::Reserved;
use super::settings::{Reach, Settings};
use super::spares::Spares;
use crate::{
    ACKNOWLEDGE, Card, Cause, Class, Counters, Event, FAREWELL, Frame, Limits, Payload, Peer, Refused,
};
use os::Time;
use os::epoll::{Interest, READY_MAX, Ready};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::AsFd;
use std::sync::Arc;
use wire::ProcessId;

/// A port whose peers are reached over TCP. They are named by its own index ([`Peer`] in events), dense from 0 in the
/// order of first contact. See [`crate::port`] for what the verbs promise.
pub struct Port {
    pub(super) settings: Settings,
    pub(super) hub: Arc<Hub>,
    pub(super) meeting: Meeting,
    pub(super) links: Vec<Link>,
    pub(super) by_process: HashMap<ProcessId, u32>,
    pub(super) pool: Pool,
    /// The time of the latest `next`.
    pub(super) now: Time,
    pub(super) leaving: bool,
    pub(super) spares: Spares,
    unresolved: VecDeque<ProcessId>,
    pub(super) events: VecDeque<Event>,
    /// Links with bytes to parse or an end to report, each once (`Link::queued`).
    pub(super) readable: VecDeque<u32>,
    /// Most recently used first.
    pub(super) hot: Vec<u32>,
    pub(super) looks: u32,
    /// Links with reserved frames.
    pub(super) awaiting: Vec<u32>,
    /// Links whose end waits for an explanation.
    pub(super) unexplained: Vec<u32>,
    /// Cut links whose peers have left in order, as was said since the latest poll.
    pub(super) told_left: Vec<u32>,
    /// Links whose peers are known to be gone, and whose streams have not ended.
    pub(super) ending: Vec<u32>,
    pub(super) timer: Option<Time>,
    pub(super) check_at: Time,
    /// When epoll was asked.
    pub(super) polled_at: Time,
    pub(super) ready: Vec<Ready>,
}

impl Port {
    /// A port that listens.
    ///
    /// # Errors
    /// When no listener can be made, or descriptors are used up.
    pub fn new(settings: Settings) -> io::Result<Port> {
        let hub = Hub::new()?;
        let addresses = match &settings.reach {
            Reach::Host => vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
            Reach::Addresses(addresses) => addresses[..addresses.len().min(Reach::ADDRESSES_MAX)].to_vec(),
        };
        Ok(Port {
            meeting: Meeting::new(&addresses, &hub)?,
            settings,
            hub,
            links: Vec::new(),
            by_process: HashMap::new(),
            pool: Pool::default(),
            now: Time(0),
            leaving: false,
            spares: Spares::default(),
            unresolved: VecDeque::new(),
            events: VecDeque::new(),
            readable: VecDeque::new(),
            hot: Vec::with_capacity(HOT_MAX),
            looks: 0,
            awaiting: Vec::new(),
            unexplained: Vec::new(),
            told_left: Vec::new(),
            ending: Vec::new(),
            timer: None,
            check_at: Time(0),
            polled_at: Time(0),
            ready: Vec::with_capacity(READY_MAX),
        })
    }

    /// The port of another lane of the same process, with a listener and connections of its own.
    ///
    /// # Errors
    /// As [`Port::new`].
    pub fn beside(&self, lane: u16) -> io::Result<Port> {
        Port::new(Settings { lane, ..self.settings.clone() })
    }

    /// The number of its lane.
    pub fn lane(&self) -> u16 {
        self.settings.lane
    }

    /// Who this is.
    pub fn me(&self) -> ProcessId {
        self.settings.me
    }

    /// Where this process can be reached.
    pub fn card(&self) -> Card {
        Card { process: self.settings.me, slot: None, addresses: self.meeting.addresses.clone() }
    }

    /// The link to a process. No traffic: its card is wanted, and it is connected when there is something to send.
    pub fn connect(&mut self, process: ProcessId) -> u32 {
        if let Some(at) = self.by_process.get(&process) {
            return *at;
        }
        let at = self.links.len() as u32;
        self.links.push(Link::new(process));
        self.by_process.insert(process, at);
        if process == self.settings.me {
            self.links[at as usize].state = State::Own;
        } else {
            self.unresolved.push_back(process);
        }
        at
    }

    /// Who is behind a link.
    pub fn process(&self, link: u32) -> ProcessId {
        self.links[link as usize].process
    }

    /// A process whose card is wanted by [`Port::resolve`]. Each is named once.
    pub fn take_unresolved(&mut self) -> Option<ProcessId> {
        self.unresolved.pop_front()
    }

    /// Whether there is one.
    #[inline]
    pub fn has_unresolved(&self) -> bool {
        !self.unresolved.is_empty()
    }

    // ---- sending ----

    /// Sends a frame. One system call when nothing waits before it.
    #[inline]
    pub fn send(&mut self, at: u32, class: Class, frame: Frame, payload: &[u8]) -> Result<(), Refused> {
        assert!(payload.len() <= FRAME_BYTES_MAX, "a payload of {} bytes is past the limit", payload.len());
        let link = &mut self.links[at as usize];
        if link.refuses() {
            return Err(Refused::Failed);
        }
        if !link.output.has_room(class, payload.len()) {
            return Err(self.refuse(at));
        }
        let was_sent = link.output.is_sent();
        if link.owed >= ACK_BESIDE_BYTES {
            self.tell_received(at);
        }
        let link = &mut self.links[at as usize];
        link.output.push([&encode(&frame, payload.len()), payload], &mut self.spares);
        match &link.state {
            State::Open(socket) if was_sent && !link.broken => {
                match link.output.flush(socket, &mut self.spares) {
                    Ok(()) if link.output.is_sent() => {}
                    Ok(()) => self.set_interest(at),
                    // It is kept, for the next connection.
                    Err(error) => self.break_link(at, &error),
                }
            }
            State::Open(_) => {}
            State::Own => self.flush(at),
            _ => self.dial_if_needed(at),
        }
        self.count_sent(at, payload.len());
        Ok(())
    }

    /// Takes a frame's place in the order and gives the room for its payload.
    pub fn reserve(
        &mut self,
        at: u32,
        class: Class,
        frame: Frame,
        bytes: usize,
    ) -> Result<Reserved, Refused> {
        assert!(bytes <= FRAME_BYTES_MAX, "a payload of {bytes} bytes is past the limit");
        let link = &mut self.links[at as usize];
        if link.refuses() {
            return Err(Refused::Failed);
        }
        if !link.output.has_room(class, bytes) {
            return Err(self.refuse(at));
        }
        if link.owed >= ACK_BESIDE_BYTES {
            self.tell_received(at);
        }
        let link = &mut self.links[at as usize];
        let reserved = link.output.reserve(frame, bytes, &self.hub, &mut self.spares);
        if !self.awaiting.contains(&at) {
            self.awaiting.push(at);
        }
        self.dial_if_needed(at);
        self.set_interest(at);
        self.count_sent(at, bytes);
        Ok(reserved)
    }

    fn refuse(&mut self, at: u32) -> Refused {
        let link = &mut self.links[at as usize];
        link.wanted = true;
        link.counters.refused += 1;
        Refused::Full
    }

    #[inline]
    fn count_sent(&mut self, at: u32, bytes: usize) {
        let counters = &mut self.links[at as usize].counters;
        counters.sent_frames += 1;
        counters.sent_bytes += bytes as u64;
        // An answer may come.
        self.promote(at);
    }

    /// Says to the peer what has been received, behind what waits; later, if too much waits.
    pub(super) fn tell_received(&mut self, at: u32) {
        let link = &mut self.links[at as usize];
        let takes = matches!(link.state, State::Open(_)) && !link.farewell_sent;
        if takes && link.output.waiting() <= OUTPUT_BYTES_MAX + CONTROL_BYTES {
            (link.told, link.owed) = (link.received, 0);
            let frame = Frame { kind: ACKNOWLEDGE, header: [link.received, 0, 0] };
            link.output.push([&encode(&frame, 0), &[]], &mut self.spares);
        }
    }

    /// The same, and sends it.
    pub(super) fn acknowledge(&mut self, at: u32) {
        if self.links[at as usize].owed > 0 {
            self.tell_received(at);
            if self.links[at as usize].owed == 0 {
                self.flush(at);
            }
        }
    }

    /// Sends what waits, as far as the socket takes it.
    pub(super) fn flush(&mut self, at: u32) {
        let link = &mut self.links[at as usize];
        if link.broken {
            return;
        }
        match &link.state {
            State::Open(socket) => {
                if let Err(error) = link.output.flush(socket, &mut self.spares) {
                    self.break_link(at, &error);
                    return;
                }
                if link.output.is_sent() && link.farewell_sent {
                    let _ = socket.finish();
                }
            }
            State::Own => {
                let (input, pool) = (&mut link.input, &mut self.pool);
                link.output.drain(|bytes| input.take(bytes, pool), &mut self.spares);
                self.enqueue(at);
            }
            _ => return,
        }
        if self.links[at as usize].owed >= ACK_BYTES {
            self.tell_received(at);
            // Once more: nothing is owed now, unless too much waits.
            if self.links[at as usize].owed == 0 {
                return self.flush(at);
            }
        }
        self.tell_room(at);
        self.set_interest(at);
    }

    /// Lets a sender who was refused try again, if there is room.
    pub(super) fn tell_room(&mut self, at: u32) {
        let link = &mut self.links[at as usize];
        if link.wanted && link.output.has_much_room() {
            link.wanted = false;
            self.events.push_back(Event::Room(Peer(at)));
        }
    }

    /// Nothing more can be sent; what was received is still read.
    fn break_link(&mut self, at: u32, error: &io::Error) {
        let link = &mut self.links[at as usize];
        link.broken = true;
        link.why_broken = why_ended(Some(error));
        self.set_interest(at);
        self.enqueue(at);
    }

    pub(super) fn set_interest(&mut self, at: u32) {
        let link = &mut self.links[at as usize];
        let State::Open(socket) = &link.state else { return };
        let write = !link.output.is_sent() && !link.broken && !link.output.awaits();
        let interest = Interest { read: !link.stalled, write };
        if interest != link.interest {
            link.interest = interest;
            let _ = self.hub.epoll.modify(socket, LINK | at as u64, interest);
        }
    }

    // ---- the rest ----

    /// Gives back a payload.
    pub fn release(&mut self, at: u32, payload: Payload) {
        let link = &mut self.links[at as usize];
        link.input.release(&payload, &mut self.pool);
        let own = matches!(link.state, State::Own) && !link.output.is_sent();
        if std::mem::take(&mut link.stalled) || own {
            self.set_interest(at);
            // What the buffers hold and what the socket holds comes next.
            self.enqueue(at);
        }
    }

    /// When `next` must be called even if nothing arrives.
    pub fn deadline(&self) -> Option<Time> {
        self.timer
    }

    pub(super) fn set_timer(&mut self, at: Option<Time>) {
        self.timer = [self.timer, at].into_iter().flatten().min();
    }

    /// The same for all links.
    pub fn limits(&self) -> Limits {
        Limits {
            frame_bytes_max: FRAME_BYTES_MAX,
            eager_bytes: FRAME_BYTES_MAX / 2,
            piece_bytes: FRAME_BYTES_MAX,
            reads: false,
            read_is_cheaper: false,
        }
    }

    /// About to sleep. False: something is here, look first.
    pub fn arm(&mut self) -> bool {
        if !self.events.is_empty() || !self.readable.is_empty() || !self.hub.arm() {
            return false;
        }
        // The next look that brings nothing asks epoll: it knows why the sleep ended. Counted on, as of many looks one asks anyway.
        self.looks |= LOOKS_PER_POLL - 1;
        true
    }

    /// From now on a sleep ends also when this descriptor can be read.
    ///
    /// # Errors
    /// When the user's limit of watches is reached.
    pub fn listen_to(&mut self, news: impl AsFd) -> io::Result<()> {
        self.hub.epoll.add(news, NEWS, Interest::READ)
    }

    /// Ends [`listen_to`](Port::listen_to).
    pub fn listen_no_more(&mut self, news: impl AsFd) {
        let _ = self.hub.epoll.remove(news);
    }

    /// After sleeping.
    pub fn disarm(&mut self) {
        self.hub.disarm();
    }

    /// Where this process sleeps.
    pub fn sleeper(&self) -> Sleeper {
        Sleeper::new(self.hub.clone())
    }

    /// The caller knows that a process is gone: reported after what it has sent, which may still be on its way.
    pub fn fail(&mut self, process: ProcessId, cause: Cause) {
        let at = self.connect(process);
        let link = &mut self.links[at as usize];
        if link.cut.is_some() {
            if cause == Cause::Left {
                self.has_left_job(at);
            } else {
                link.due.get_or_insert(cause.clone());
                self.give_up(at, cause);
            }
        } else if matches!(link.state, State::Open(_) | State::Closed) {
            link.due.get_or_insert(cause);
            self.enqueue(at);
        } else {
            self.end(at, cause);
        }
    }

    /// Forgets a peer: nothing more is reported of it, and it sees the connection close.
    pub fn drop_peer(&mut self, at: u32) {
        self.end(at, Cause::Dropped);
    }

    /// Says farewell to every peer, behind what was sent to it. Nothing can be sent afterwards; `next` must be called
    /// until [`Port::has_left`].
    pub fn leave(&mut self) {
        self.leaving = true;
        self.set_timer(Some(self.now));
        let farewell = encode(&Frame { kind: FAREWELL, header: [0; 3] }, 0);
        for at in 0..self.links.len() as u32 {
            let link = &mut self.links[at as usize];
            let waits = !link.output.is_delivered() || link.cut.is_some();
            if matches!(link.state, State::Own) {
                link.farewell_sent = true;
            } else if !link.refuses() && (waits || matches!(link.state, State::Open(_))) {
                link.output.push([&farewell, &[]], &mut self.spares);
                link.farewell_sent = true;
                self.flush(at);
            }
        }
    }

    /// Whether everything sent, farewells included, gets to its receivers even if this process ends now (or cannot be
    /// delivered): the receiver's kernel has it. (What that has not, is lost with the connection, which nobody makes again.)
    pub fn has_left(&self) -> bool {
        self.leaving
            && self.links.iter().all(|link| match &link.state {
                _ if link.refuses_for_good() => true,
                State::Open(socket) => link.output.is_sent() && socket.unacknowledged().unwrap_or(0) == 0,
                State::Own => true,
                _ => link.output.is_delivered(),
            })
    }

    /// What went over a link.
    pub fn counters(&self, at: u32) -> Counters {
        self.links[at as usize].counters
    }

    /// Who was turned away.
    pub fn turned(&self) -> Turned {
        self.meeting.turned
    }
}

impl std::fmt::Debug for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "tcp::Port({:?}, {} links)", self.settings.me, self.links.len())
    }
}
