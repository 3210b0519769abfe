//! The whole world as plain data, changed under one lock.

use super::agenda::{Agenda, Happening};
use super::chance::Chance;
use super::entries::{Body, Entries, List, NONE};
use super::network::{Network, Transfer};
use super::token::Token;
use super::world::{Fault, Settings};
use crate::frame::VOID;
use crate::{Arrival, Cause, Class, Counters, Event, Frame, Payload, Peer, Refused};
use os::Time;
use std::collections::{HashMap, VecDeque};
use wire::ProcessId;

/// What a frame's header weighs on a wire.
pub(super) const HEADER_BYTES: usize = 32;

/// An upper bound on the memory that a port without peers takes, in the world's tables and in its handle.
pub const IDLE_PORT_BYTES: usize = 256;
const _: () = assert!(
    size_of::<Process>() + size_of::<super::Port>() + 2 * size_of::<(ProcessId, u32)>() <= IDLE_PORT_BYTES
);

pub(super) struct State {
    pub(super) now: Time,
    pub(super) settings: Settings,
    pub(super) network: Box<dyn Network>,
    pub(super) agenda: Agenda,
    pub(super) chance: Chance,
    pub(super) entries: Entries,
    pub(super) processes: Vec<Process>,
    /// By process and lane: each lane of a process is a node of the network by itself.
    numbers: HashMap<(ProcessId, u16), u32>,
    /// (process, other process) -> the former's link to the latter.
    pub(super) pairs: HashMap<(u32, u32), u32>,
    pub(super) totals: Counters,
    /// When something other than an alarm last happened.
    pub(super) active_at: Time,
    pub(super) token: Token,
}

pub(super) struct Process {
    pub(super) id: ProcessId,
    pub(super) lane: u16,
    /// The number of the process's first lane, whose thread it is in the token form.
    pub(super) first: u32,
    pub(super) life: Life,
    pub(super) links: Vec<Link>,
    /// Whether it notices every end.
    pub(super) watches_all: bool,
    /// Links with something to look at, each once (`Link::queued`).
    pub(super) inbox: VecDeque<u32>,
}

pub(super) enum Life {
    /// Somebody speaks of it; its port is not made yet.
    Expected,
    Alive,
    Ended(Cause),
}

/// One side's view of a pair: what its owner sends, and what its owner has received and not given back.
pub(super) struct Link {
    /// The other process, and this pair's index in its table.
    pub(super) to: u32,
    pub(super) back: u32,
    /// Frames sent and not taken by the receiver. In this order: `arrived` ones, ones on the way, and from
    /// `unlaunched` on those that wait for a reserved one before them to be published.
    out: List,
    unlaunched: u32,
    pub(super) arrived: u32,
    /// Of those on the way: whose arrival a cut has swallowed.
    pub(super) stalled: u32,
    /// Room in use as the sender knows it.
    used_frames: u32,
    used_bytes: u32,
    /// Received frames whose payloads the owner of this side still reads.
    held: List,
    /// Room that the owner of this side has freed, not yet told to the other.
    freed_frames: u32,
    freed_bytes: u32,
    pub(super) link_free: Time,
    pub(super) last_arrival: Time,
    /// Why the other is gone: noticed, to be reported after what has arrived.
    pub(super) due: Option<Box<Cause>>,
    /// The moment to report it has come.
    due_now: bool,
    /// How often this pair was cut, and whether it is now.
    pub(super) cuts: u32,
    pub(super) cut: bool,
    /// In the owner's inbox.
    queued: bool,
    /// The owner was refused and has not been told of room since.
    wanted: bool,
    /// There is room to tell the owner of.
    room: bool,
    /// The owner has connected, or has received something.
    known: bool,
    /// The other was reported as gone.
    pub(super) failed: bool,
    /// The other takes nothing more: `out` is empty and stays so.
    closed: bool,
    pub(super) counters: Counters,
}

impl State {
    pub(super) fn new(settings: Settings, network: Box<dyn Network>) -> State {
        State {
            now: Time(0),
            chance: Chance::new(settings.seed),
            settings,
            network,
            agenda: Agenda::default(),
            entries: Entries::default(),
            processes: Vec::new(),
            numbers: HashMap::new(),
            pairs: HashMap::new(),
            totals: Counters::default(),
            active_at: Time(0),
            token: Token::default(),
        }
    }

    // ---- who is there ----

    /// The number of a process's first lane.
    pub(super) fn number(&mut self, id: ProcessId) -> u32 {
        self.number_on(id, 0)
    }

    /// The number of a lane of a process.
    pub(super) fn number_on(&mut self, id: ProcessId, lane: u16) -> u32 {
        if let Some(number) = self.numbers.get(&(id, lane)) {
            return *number;
        }
        let first = if lane == 0 { self.processes.len() as u32 } else { self.number(id) };
        let number = self.processes.len() as u32;
        // A process that has ended begins no lane any more.
        let life = match self.processes.get(first as usize).map(|first| &first.life) {
            Some(Life::Ended(cause)) => Life::Ended(cause.clone()),
            _ => Life::Expected,
        };
        self.numbers.insert((id, lane), number);
        self.processes.push(Process {
            id,
            lane,
            first,
            life,
            links: Vec::new(),
            watches_all: false,
            inbox: VecDeque::new(),
        });
        number
    }

    pub(super) fn join(&mut self, id: ProcessId, lane: u16) -> u32 {
        let number = self.number_on(id, lane);
        let process = &mut self.processes[number as usize];
        assert!(
            matches!(process.life, Life::Expected),
            "{id:?} has a port of lane {lane} already, or had one"
        );
        process.life = Life::Alive;
        number
    }

    pub(super) fn link(&mut self, process: u32, link: u32) -> &mut Link {
        &mut self.processes[process as usize].links[link as usize]
    }

    /// The other side's process and its link for the same pair.
    pub(super) fn other_side(&mut self, process: u32, link: u32) -> (u32, u32) {
        let link = self.link(process, link);
        (link.to, link.back)
    }

    pub(super) fn connect(&mut self, me: u32, to: ProcessId) -> u32 {
        let lane = self.processes[me as usize].lane;
        let other = self.number_on(to, lane);
        let link = match self.pairs.get(&(me, other)) {
            Some(link) => *link,
            None => self.pair(me, other),
        };
        if !std::mem::replace(&mut self.link(me, link).known, true)
            && let Life::Ended(cause) = &self.processes[other as usize].life
        {
            let cause = cause.clone();
            self.notice(me, link, cause, self.settings.detect_ns);
        }
        link
    }

    pub(super) fn pair(&mut self, a: u32, b: u32) -> u32 {
        let at_a = self.processes[a as usize].links.len() as u32;
        let at_b = if a == b { at_a } else { self.processes[b as usize].links.len() as u32 };
        self.processes[a as usize].links.push(Link::new(b, at_b));
        self.pairs.insert((a, b), at_a);
        if a != b {
            self.processes[b as usize].links.push(Link::new(a, at_a));
            self.pairs.insert((b, a), at_b);
        }
        at_a
    }

    pub(super) fn alive(&self, process: u32) -> bool {
        !matches!(self.processes[process as usize].life, Life::Ended(_))
    }

    // ---- sending ----

    /// Takes a frame's place; a `body` that is awaited is given later by `publish`.
    pub(super) fn send(
        &mut self,
        me: u32,
        at: u32,
        class: Class,
        frame: Frame,
        body: Body,
    ) -> Result<u32, Refused> {
        let length = body.len();
        assert!(
            length as usize <= self.settings.frame_bytes_max,
            "a payload of {length} bytes is past the limit"
        );
        let alive = self.alive(me);
        let (frames_max, bytes_max) = self.settings.room(class);
        let link = self.link(me, at);
        if !alive || link.failed || link.closed || link.due.is_some() {
            return Err(Refused::Failed);
        }
        if link.used_frames >= frames_max || (link.used_bytes + length) as usize > bytes_max {
            link.wanted = true;
            link.counters.refused += 1;
            self.totals.refused += 1;
            let (to, back) = self.other_side(me, at);
            self.give_credit(to, back);
            return Err(Refused::Full);
        }
        link.used_frames += 1;
        link.used_bytes += length;
        link.counters.sent_frames += 1;
        link.counters.sent_bytes += length as u64;
        self.totals.sent_frames += 1;
        self.totals.sent_bytes += length as u64;
        let entry = self.entries.insert(frame, body);
        let link = &mut self.processes[me as usize].links[at as usize];
        self.entries.append(&mut link.out, entry);
        if link.unlaunched == NONE {
            link.unlaunched = entry;
        }
        self.launch(me, at);
        Ok(entry)
    }

    /// Gives a reserved frame its bytes, or makes it a frame that the receiver skips.
    pub(super) fn publish(&mut self, me: u32, at: u32, entry: u32, bytes: Option<&[u8]>) {
        if self.link(me, at).closed {
            return;
        }
        let reserved = self.entries.get_mut(entry);
        if bytes.is_none() {
            reserved.frame.kind = VOID;
        }
        // A frame that is skipped keeps its length: it took that much room.
        let zeros;
        reserved.body = Body::new(match bytes {
            Some(bytes) => bytes,
            None => {
                zeros = vec![0; reserved.body.len() as usize];
                &zeros
            }
        });
        if self.alive(me) {
            self.launch(me, at);
        }
    }

    /// Puts on their way the frames at the front that have their bytes.
    fn launch(&mut self, me: u32, at: u32) {
        self.active_at = self.now;
        let from = self.processes[me as usize].id;
        let (to, back) = self.other_side(me, at);
        let to_id = self.processes[to as usize].id;
        loop {
            let link = &mut self.processes[me as usize].links[at as usize];
            if link.unlaunched == NONE {
                return;
            }
            let entry = self.entries.get(link.unlaunched);
            if matches!(entry.body, Body::Awaited(_)) {
                return;
            }
            link.unlaunched = entry.next;
            if link.cut {
                link.stalled += 1;
                continue;
            }
            let journey = self.network.travel(Transfer {
                at: self.now,
                from,
                to: to_id,
                bytes: HEADER_BYTES + entry.body.len() as usize,
                link_free: link.link_free,
            });
            link.link_free = journey.link_free;
            let jitter_ns = match self.settings.jitter_ns {
                0 => 0,
                most => self.chance.below(most + 1),
            };
            link.last_arrival = link.last_arrival.max(journey.arrives + jitter_ns);
            let (arrives, key) = (link.last_arrival, self.chance.bits() as u32);
            self.agenda.plan(arrives, key, Happening::Arrive { process: to, link: back });
        }
    }

    // ---- receiving ----

    pub(super) fn next(&mut self, me: u32) -> Option<Event> {
        if !self.alive(me) && self.processes[me as usize].inbox.is_empty() {
            return None;
        }
        while let Some(at) = self.processes[me as usize].inbox.pop_front() {
            let link = self.link(me, at);
            link.queued = false;
            if std::mem::take(&mut link.room) && !link.failed {
                self.notify(me, at);
                return Some(Event::Room(Peer(at)));
            }
            if let Some(arrival) = self.take_arrived(me, at) {
                self.notify(me, at);
                return Some(Event::Arrival(arrival));
            }
            if let Some(cause) = self.take_failure(me, at) {
                return Some(Event::Failed(Peer(at), cause));
            }
        }
        None
    }

    fn take_arrived(&mut self, me: u32, at: u32) -> Option<Arrival> {
        let (from, back) = self.other_side(me, at);
        loop {
            let sender = &mut self.processes[from as usize].links[back as usize];
            if sender.arrived == 0 || sender.closed {
                return None;
            }
            sender.arrived -= 1;
            let entry = self.entries.detach_first(&mut sender.out)?;
            let received = self.entries.get(entry);
            let (frame, length) = (received.frame, received.body.len());
            let payload = match &received.body {
                Body::Inline(bytes, length) => Payload::Inline { bytes: *bytes, length: *length },
                Body::Heap(bytes) => Payload::Mapped { pointer: bytes.as_ptr(), length: bytes.len() },
                Body::Awaited(_) => unreachable!("only launched frames arrive"),
            };
            self.active_at = self.now;
            let link = &mut self.processes[me as usize].links[at as usize];
            link.known = true;
            if matches!(payload, Payload::Mapped { .. }) && frame.kind != VOID {
                self.entries.append(&mut link.held, entry);
            } else {
                self.entries.remove(entry);
                self.free_room(me, at, length);
            }
            if frame.kind == VOID {
                continue;
            }
            let link = self.link(me, at);
            link.counters.received_frames += 1;
            link.counters.received_bytes += length as u64;
            self.totals.received_frames += 1;
            self.totals.received_bytes += length as u64;
            return Some(Arrival { peer: Peer(at), frame, payload });
        }
    }

    fn take_failure(&mut self, me: u32, at: u32) -> Option<Cause> {
        let (other, back) = self.other_side(me, at);
        let link = self.link(me, at);
        if !link.due_now {
            return None;
        }
        let cause = *link.due.take()?;
        link.failed = true;
        let known = link.known;
        self.close(other, back);
        if self.alive(other) {
            self.notice(other, back, Cause::Died("it closed the connection".into()), self.settings.detect_ns);
        } else {
            self.close(me, at);
        }
        known.then_some(cause)
    }

    pub(super) fn drop_peer(&mut self, me: u32, at: u32) {
        let link = self.link(me, at);
        if std::mem::replace(&mut link.failed, true) {
            return;
        }
        link.due = None;
        let (other, back) = self.other_side(me, at);
        self.close(other, back);
        self.notice(other, back, Cause::Died("it closed the connection".into()), self.settings.detect_ns);
    }

    /// Nobody takes these frames any more.
    fn close(&mut self, process: u32, link: u32) {
        let link = &mut self.processes[process as usize].links[link as usize];
        link.closed = true;
        link.arrived = 0;
        link.stalled = 0;
        link.unlaunched = NONE;
        while let Some(entry) = self.entries.detach_first(&mut link.out) {
            self.entries.remove(entry);
        }
    }

    pub(super) fn release(&mut self, me: u32, at: u32, payload: &Payload) {
        let Payload::Mapped { pointer, .. } = payload else { return };
        let link = &mut self.processes[me as usize].links[at as usize];
        let entry =
            self.entries.detach_first(&mut link.held).expect("a mapped payload is held until released");
        let entry = self.entries.remove(entry);
        match entry.body {
            Body::Heap(bytes) if bytes.as_ptr() == *pointer => self.free_room(me, at, bytes.len() as u32),
            _ => panic!("payloads of a peer are released in the order of their arrival"),
        }
    }

    fn free_room(&mut self, me: u32, at: u32, bytes: u32) {
        let (batch_frames, batch_bytes) =
            (self.settings.room_frames as u32 / 4, self.settings.room_bytes as u32 / 4);
        let link = self.link(me, at);
        link.freed_frames += 1;
        link.freed_bytes += bytes;
        let batch = link.freed_frames > batch_frames || link.freed_bytes > batch_bytes;
        let (other, back) = (link.to, link.back);
        if batch || self.link(other, back).wanted {
            self.give_credit(me, at);
        }
    }

    /// Tells the other side of the room that was freed on this one.
    fn give_credit(&mut self, me: u32, at: u32) {
        let at_ns = self.now + self.settings.credit_ns;
        let link = self.link(me, at);
        let (frames, bytes) = (std::mem::take(&mut link.freed_frames), std::mem::take(&mut link.freed_bytes));
        let (process, link) = (link.to, link.back);
        if frames > 0 {
            let key = self.chance.bits() as u32;
            self.agenda.plan(at_ns, key, Happening::Credit { process, link, frames, bytes });
        }
    }

    pub(super) fn notify(&mut self, process: u32, at: u32) {
        let process = &mut self.processes[process as usize];
        if !std::mem::replace(&mut process.links[at as usize].queued, true) {
            process.inbox.push_back(at);
        }
    }

    // ---- what happens by itself ----

    /// Moves to the next happening; returns the process that should look, if any. `None`: nothing is planned.
    pub(super) fn step(&mut self) -> Option<Option<u32>> {
        let (at, what) = self.agenda.next()?;
        self.now = self.now.max(at);
        Some(match what {
            Happening::Arrive { process, link } => self.arrive(process, link),
            Happening::Credit { process, link, frames, bytes } => {
                let at = link;
                let link = self.link(process, at);
                link.used_frames -= frames;
                link.used_bytes -= bytes;
                if !std::mem::take(&mut link.wanted) {
                    return Some(None);
                }
                link.room = true;
                self.notify(process, at);
                Some(process)
            }
            Happening::Fail { process, link } => {
                self.link(process, link).due_now = true;
                self.notify(process, link);
                Some(process)
            }
            Happening::CutExpires { process, link, cut } => {
                let state = self.link(process, link);
                if !state.cut || state.cuts != cut {
                    return Some(None);
                }
                let seconds = self.settings.link_timeout_ns as f64 / 1e9;
                let cause = Cause::Unreachable(format!("no sign of it for {seconds} s"));
                self.notice(process, link, cause, 0);
                None
            }
            Happening::Look { process } => Some(process),
            Happening::Alarm { process, sleep } => self.token.alarm(process, sleep).then_some(process),
            Happening::Strike(fault) => {
                self.strike(&fault);
                // The killed one finds out, if it sleeps.
                match *fault {
                    Fault::Kill { process, .. } => Some(self.number(process)),
                    _ => None,
                }
            }
        })
    }

    fn arrive(&mut self, process: u32, at: u32) -> Option<u32> {
        let (from, back) = self.other_side(process, at);
        self.active_at = self.now;
        let sender = self.link(from, back);
        if sender.closed {
            return None;
        }
        if sender.cut {
            sender.stalled += 1;
            return None;
        }
        sender.arrived += 1;
        self.notify(process, at);
        Some(process)
    }
}

impl Link {
    fn new(to: u32, back: u32) -> Link {
        Link {
            to,
            back,
            out: List::EMPTY,
            unlaunched: NONE,
            arrived: 0,
            stalled: 0,
            used_frames: 0,
            used_bytes: 0,
            held: List::EMPTY,
            freed_frames: 0,
            freed_bytes: 0,
            link_free: Time(0),
            last_arrival: Time(0),
            due: None,
            due_now: false,
            cuts: 0,
            cut: false,
            queued: false,
            wanted: false,
            room: false,
            known: false,
            failed: false,
            closed: false,
            counters: Counters::default(),
        }
    }
}
