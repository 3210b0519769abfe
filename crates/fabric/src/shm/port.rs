//! One lane's window on shared memory.
//!
//! # Which rings are looked at
//! The *hot* ones are polled by every call of `next`; the others are armed: their senders ring this port's doorbell,
//! which is looked at whenever no hot ring has anything, and every [`LOOK_EVERY`] frames. A ring that was rung becomes
//! hot. When more than [`HOT_MAX`] are hot, the longest silent ones are armed again.

use std::collections::VecDeque;
use std::sync::Arc;

use mapped::ring::full_fence;
use mapped::segment::AreaOwner;
use mapped::{Consumer, ProcessState, Producer, Reservation, Segment, Sleep};
use os::Time;
use wire::ProcessId;

use super::link::{Bell, Link, Standing, Taken};
use super::reader::{announced, read_is_cheaper};
use super::{Host, ReadError, Reader};
use crate::peers::{Link as PeerLink, Peers};
use crate::sleeper::{Armed, Sleeper};
use crate::{Cause, Class, Counters, Event, Frame, INLINE_BYTES, Limits, Payload, Peer, Refused, VOID};

/// Rings that stay hot while they are silent.
const HOT_MAX: usize = 8;
/// After so many frames in a row the doorbell is looked at although hot rings have more.
const LOOK_EVERY: u32 = 32;
/// So many frames are taken from one ring before the next one's turn.
const BURST: u32 = 8;
/// After so many polls in vain senders are told of the room that came back.
const PUBLISH_AFTER: u32 = 64;
/// The states of the peers' processes are looked at at least so often.
const STATES_EVERY_NS: u64 = 100_000_000;

/// The largest payload of a frame, and the piece in which large messages stream: a quarter of a ring's payload area,
/// so that both sides' copies overlap and the price of a frame is small beside that of its bytes.
const FRAME_BYTES_MAX: usize = 63 << 10;

/// Longer messages are announced: they take the receiver's buffer instead of a copy on the way.
const EAGER_BYTES: usize = 16 << 10;

/// In a world of up to so many, who leaves wakes everybody. In a larger one it wakes those that it has spoken with; the
/// others hear of it from the keeper, or when they look at the states.
const NEIGHBOURHOOD: usize = 64;

const NO_LINK: u32 = u32::MAX;

/// One lane's window on shared memory.
#[derive(Debug)]
pub(crate) struct ShmPort {
    segment: Arc<Segment>,
    slot: u16,
    lane: u16,
    me: ProcessId,
    /// The number of the process in slot 0.
    first_number: u32,
    links: Vec<Link>,
    /// The link of each slot, or `NO_LINK`.
    by_slot: Box<[u32]>,
    hot: Vec<u32>,
    /// Whose turn it is among the hot ones, and how many frames it has given in a row.
    turn: usize,
    burst: u32,
    /// Frames since the last look at the doorbell; polls in vain in a row.
    since_look: u32,
    idle: u32,
    arrivals: u64,
    sequence_seen: u32,
    changes_seen: u32,
    states_looked: Option<Time>,
    events: VecDeque<Event>,
    is_armed: bool,
    reads_denied: bool,
    /// Whether the ends of processes that were never met are reported too.
    watches_all: bool,
}

impl ShmPort {
    /// # Panics
    /// If the segment has no such slot or lane, or the slot's number does not fit the process's.
    pub(crate) fn new(host: &Host, slot: u16, me: ProcessId, lane: u16) -> ShmPort {
        ShmPort::on(host.segment().clone(), slot, me, lane)
    }

    /// The window of another lane of the same process.
    pub(crate) fn beside(&self, lane: u16) -> ShmPort {
        ShmPort::on(self.segment.clone(), self.slot, self.me, lane)
    }

    fn on(segment: Arc<Segment>, slot: u16, me: ProcessId, lane: u16) -> ShmPort {
        assert!(slot < segment.slots(), "slot {slot} of {}", segment.slots());
        assert!(lane < segment.shape().lanes, "lane {lane} of {}", segment.shape().lanes);
        assert!(me.number >= slot as u32, "process {} in slot {slot}", me.number);
        let process = [me.job.0, (me.number as u64) << 32 | me.incarnation as u64];
        segment.move_in(slot, AreaOwner { process, ..announced() });
        segment.open_lane(slot, lane);
        let sequence_seen = segment.doorbell(slot, lane).sequence().wrapping_sub(1);
        ShmPort {
            by_slot: vec![NO_LINK; segment.slots() as usize].into_boxed_slice(),
            segment,
            slot,
            lane,
            me,
            first_number: me.number - slot as u32,
            links: Vec::new(),
            hot: Vec::with_capacity(HOT_MAX * 2),
            turn: 0,
            burst: 0,
            since_look: 0,
            idle: 0,
            arrivals: 0,
            sequence_seen,
            changes_seen: 0,
            states_looked: None,
            events: VecDeque::new(),
            is_armed: false,
            reads_denied: false,
            watches_all: false,
        }
    }

    /// How many lanes a process of this host can have.
    pub(crate) fn lanes(&self) -> u16 {
        self.segment.shape().lanes
    }

    /// The slot in which a process lives, if it is one of this host's.
    pub(crate) fn slot_of(&self, process: ProcessId) -> Option<u16> {
        let slot = process.number.checked_sub(self.first_number)?;
        let is_here = process.job == self.me.job
            && process.incarnation == self.me.incarnation
            && slot < self.segment.slots() as u32;
        is_here.then_some(slot as u16)
    }

    /// First contact with the process of a slot.
    pub(crate) fn connect(&mut self, slot: u16, peers: &mut Peers) -> u32 {
        let known = self.by_slot[slot as usize];
        if known != NO_LINK {
            return known;
        }
        let index = self.links.len() as u32;
        let process = ProcessId { number: self.first_number + slot as u32, ..self.me };
        let peer = peers.add(process, PeerLink::Shm(index));
        let producer = Producer::new(self.segment.ring_memory(slot, self.lane, self.slot));
        let consumer = Consumer::new(self.segment.ring_memory(self.slot, self.lane, slot));
        self.links.push(Link::new(peer, slot, producer, consumer));
        self.by_slot[slot as usize] = index;
        self.states_looked = None;
        index
    }

    pub(crate) fn peer(&self, link: u32) -> Peer {
        self.links[link as usize].peer
    }

    /// Sends a frame.
    #[inline]
    pub(crate) fn send(
        &mut self,
        link: u32,
        class: Class,
        frame: Frame,
        payload: &[u8],
    ) -> Result<(), Refused> {
        let link = &mut self.links[link as usize];
        if !link.is_good() {
            return Err(Refused::Failed);
        }
        let urgent = class == Class::Control;
        let must_ring = loop {
            match link.producer.push(urgent, frame.kind, frame.header, payload) {
                Ok(must_ring) => break must_ring,
                Err(mapped::Full) => refuse(link, urgent, payload.len())?,
            }
        };
        link.counters.sent_frames += 1;
        link.counters.sent_bytes += payload.len() as u64;
        if must_ring {
            let bell = Bell { segment: &self.segment, slot: self.slot, lane: self.lane };
            link.counters.wakes += u64::from(bell.ring(link.slot));
        }
        Ok(())
    }

    /// Takes a frame's place and gives the room for its payload.
    pub(crate) fn reserve(
        &mut self,
        link: u32,
        class: Class,
        frame: Frame,
        bytes: usize,
    ) -> Result<ShmReserved, Refused> {
        let link = &mut self.links[link as usize];
        if !link.is_good() {
            return Err(Refused::Failed);
        }
        let urgent = class == Class::Control;
        let reservation = loop {
            match link.producer.reserve(urgent, frame.kind, frame.header, bytes) {
                Ok(reservation) => break reservation,
                Err(mapped::Full) => refuse(link, urgent, bytes.max(INLINE_BYTES + 1))?,
            }
        };
        link.counters.sent_frames += 1;
        link.counters.sent_bytes += bytes as u64;
        Ok(ShmReserved {
            reservation: Some(reservation),
            segment: self.segment.clone(),
            receiver: link.slot,
            lane: self.lane,
            sender: self.slot,
        })
    }

    /// The next event.
    #[inline]
    pub(crate) fn next(&mut self, now: Time, peers: &mut Peers) -> Option<Event> {
        if self.since_look < LOOK_EVERY
            && let Some(event) = self.poll_hot()
        {
            return Some(event);
        }
        self.look_around(now, peers)
    }

    /// Looks at the hot rings, the one whose turn it is first.
    #[inline]
    fn poll_hot(&mut self) -> Option<Event> {
        for _ in 0..self.hot.len() {
            let bell = Bell { segment: &self.segment, slot: self.slot, lane: self.lane };
            let link = &mut self.links[self.hot[self.turn] as usize];
            match link.take(bell) {
                Taken::Arrival(arrival) => {
                    self.arrivals += 1;
                    link.last_arrival = self.arrivals;
                    self.since_look += 1;
                    self.burst += 1;
                    self.idle = 0;
                    if self.burst >= BURST {
                        self.next_turn();
                    }
                    return Some(Event::Arrival(arrival));
                }
                Taken::Nothing => self.next_turn(),
                Taken::Failed(cause) => {
                    let peer = link.peer;
                    link.is_hot = false;
                    self.hot.remove(self.turn);
                    self.burst = 0;
                    if self.turn >= self.hot.len() {
                        self.turn = 0;
                    }
                    return Some(Event::Failed(peer, cause));
                }
            }
        }
        None
    }

    #[inline]
    fn next_turn(&mut self) {
        self.burst = 0;
        self.turn += 1;
        if self.turn >= self.hot.len() {
            self.turn = 0;
        }
    }

    /// Looks at all but the hot rings: doorbell, states of processes, room to give back. Then at the hot rings again.
    fn look_around(&mut self, now: Time, peers: &mut Peers) -> Option<Event> {
        self.since_look = 0;
        let sequence = self.segment.doorbell(self.slot, self.lane).sequence();
        if sequence != self.sequence_seen {
            self.sequence_seen = sequence;
            self.answer_doorbell(peers);
        }
        if self.states_looked.is_none_or(|then| now.since(then) >= STATES_EVERY_NS) {
            self.states_looked = Some(now);
            self.look_at_states(peers);
        }
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        let event = self.poll_hot();
        if event.is_none() {
            self.idle += 1;
            if self.idle >= PUBLISH_AFTER {
                self.idle = 0;
                self.publish_all();
                self.arm_silent();
            }
        }
        event
    }

    #[cold]
    fn answer_doorbell(&mut self, peers: &mut Peers) {
        for word in 0..self.by_slot.len().div_ceil(64) {
            let mut bits = self.segment.doorbell(self.slot, self.lane).take(word);
            while bits != 0 {
                let slot = word * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                // Anybody who maps the segment can set bits that belong to no slot.
                if slot < self.by_slot.len() {
                    let index = self.connect(slot as u16, peers);
                    self.answer(index);
                }
            }
        }
        let changes = self.segment.changes();
        if changes != self.changes_seen {
            self.changes_seen = changes;
            self.states_looked = None;
        }
    }

    /// A peer has rung: it has sent something, or made room.
    fn answer(&mut self, index: u32) {
        self.make_hot(index);
        let link = &mut self.links[index as usize];
        if let Some((urgent, bytes)) = link.room_wanted
            && link.is_good()
            && link.producer.has_room_or_ask(urgent, bytes)
        {
            link.room_wanted = None;
            self.events.push_back(Event::Room(link.peer));
        }
    }

    fn make_hot(&mut self, index: u32) {
        let link = &mut self.links[index as usize];
        if link.is_hot || matches!(link.standing, Standing::Failed) {
            return;
        }
        link.is_hot = true;
        link.last_arrival = self.arrivals;
        link.consumer.watch();
        self.hot.push(index);
    }

    /// From now on the ends of all processes of the host are reported.
    pub(crate) fn watch_all(&mut self) {
        if !self.watches_all {
            self.watches_all = true;
            self.states_looked = None;
        }
    }

    fn look_at_states(&mut self, peers: &mut Peers) {
        if self.watches_all {
            for slot in 0..self.segment.slots() {
                let is_over =
                    !matches!(self.segment.state(slot), ProcessState::Empty | ProcessState::Running);
                if is_over && slot != self.slot {
                    self.connect(slot, peers);
                }
            }
        }
        for index in 0..self.links.len() {
            let link = &self.links[index];
            if !link.is_good() {
                continue;
            }
            let cause = match self.segment.state(link.slot) {
                ProcessState::Empty | ProcessState::Running => continue,
                ProcessState::Left => Cause::Left,
                // The job's end follows by another way, and says more than that the one who asked for it has ended.
                _ if self.segment.aborted().is_some() => continue,
                state => Cause::Died(state.to_string()),
            };
            self.end(index as u32, cause);
        }
    }

    /// A peer has failed: what it had sent is delivered, then its failure is reported.
    pub(crate) fn end(&mut self, index: u32, cause: Cause) {
        if self.links[index as usize].is_good() {
            self.links[index as usize].standing = Standing::Ending(cause);
            self.make_hot(index);
        }
    }

    /// Forgets a peer: nothing more is reported of it.
    pub(crate) fn drop_peer(&mut self, index: u32) {
        self.links[index as usize].standing = Standing::Failed;
        self.links[index as usize].is_hot = false;
        self.hot.retain(|&other| other != index);
        self.turn = 0;
    }

    fn publish_all(&mut self) {
        let bell = Bell { segment: &self.segment, slot: self.slot, lane: self.lane };
        for link in &mut self.links {
            if link.consumer.has_unpublished() {
                link.publish(bell);
            }
        }
    }

    /// Arms the longest silent of the hot rings when they are too many.
    fn arm_silent(&mut self) {
        while self.hot.len() > HOT_MAX {
            let silent = |position: &usize| self.links[self.hot[*position] as usize].last_arrival;
            let Some(position) = (0..self.hot.len()).min_by_key(silent) else { return };
            let link = &mut self.links[self.hot[position] as usize];
            link.consumer.arm();
            full_fence();
            if link.consumer.is_ready() || !link.is_good() {
                // Not so silent: it stays, and counts as the latest.
                link.consumer.watch();
                link.last_arrival = self.arrivals;
                return;
            }
            link.is_hot = false;
            self.hot.swap_remove(position);
            self.turn = 0;
        }
    }

    /// Gives the oldest payload of a link back.
    #[inline]
    pub(crate) fn release(&mut self, link: u32, payload: Payload) {
        if let Payload::Mapped { .. } = payload {
            let bell = Bell { segment: &self.segment, slot: self.slot, lane: self.lane };
            self.links[link as usize].release(bell, self.is_armed);
        }
    }

    /// About to sleep.
    pub(crate) fn arm(&mut self) -> Option<Armed> {
        let segment = self.segment.clone();
        let doorbell = segment.doorbell(self.slot, self.lane);
        let sequence = doorbell.sequence();
        if sequence != self.sequence_seen || !self.events.is_empty() {
            return None;
        }
        self.publish_all();
        for &index in &self.hot {
            self.links[index as usize].consumer.arm();
        }
        self.is_armed = true;
        doorbell.prepare_sleep(sequence, Sleep::Futex);
        let is_quiet = |&index: &u32| {
            let link = &self.links[index as usize];
            link.is_good() && !link.consumer.is_ready()
        };
        if doorbell.is_rung(self.by_slot.len()) || !self.hot.iter().all(is_quiet) {
            self.disarm();
            return None;
        }
        Some(Armed { sequence })
    }

    /// Awake again.
    pub(crate) fn disarm(&mut self) {
        if self.is_armed {
            self.is_armed = false;
            self.segment.doorbell(self.slot, self.lane).awake();
            for &index in &self.hot {
                self.links[index as usize].consumer.watch();
            }
        }
    }

    /// This process has finalised.
    pub(crate) fn leave(&mut self) {
        self.publish_all();
        if self.by_slot.len() <= NEIGHBOURHOOD {
            return self.segment.set_state(self.slot, ProcessState::Left);
        }
        self.segment.note_state(self.slot, ProcessState::Left);
        for link in self.links.iter().filter(|link| link.is_good()) {
            self.segment.nudge(link.slot, self.lane);
        }
    }

    pub(crate) fn sleeper(&self) -> Sleeper {
        Sleeper::on_doorbell(self.segment.clone(), self.slot, self.lane)
    }

    pub(crate) fn limits(&mut self, link: u32) -> Limits {
        let reader = self.reader(link);
        Limits {
            frame_bytes_max: FRAME_BYTES_MAX,
            eager_bytes: EAGER_BYTES,
            piece_bytes: FRAME_BYTES_MAX,
            reads: reader.is_some(),
            read_is_cheaper: reader.is_some_and(|reader| reader.is_same_space() || read_is_cheaper()),
        }
    }

    /// The way to read a peer's private memory, if there is one. Unknown until the peer has moved in.
    pub(crate) fn reader(&mut self, link: u32) -> Option<Reader> {
        let link = &mut self.links[link as usize];
        if link.reader.is_none() && !self.reads_denied {
            match Reader::probe(&self.segment.owner(link.slot)?, self.segment.is_own_slot(link.slot)) {
                Ok(reader) => link.reader = Some(reader),
                Err(ReadError::Gone) => {}
                Err(_) => self.reads_denied = true,
            }
        }
        link.reader.clone()
    }

    pub(crate) fn counters(&self, link: u32) -> Counters {
        self.links[link as usize].counters
    }
}

/// No room: asks the peer to ring once there is some. Ok: there is some meanwhile.
#[cold]
fn refuse(link: &mut Link, urgent: bool, bytes: usize) -> Result<(), Refused> {
    if link.producer.has_room_or_ask(urgent, bytes) {
        return Ok(());
    }
    link.counters.refused += 1;
    link.room_wanted = Some((urgent, bytes));
    Err(Refused::Full)
}

/// Room for a frame's payload in a ring.
#[derive(Debug)]
pub(crate) struct ShmReserved {
    /// None once published.
    reservation: Option<Reservation>,
    segment: Arc<Segment>,
    receiver: u16,
    lane: u16,
    sender: u16,
}

impl ShmReserved {
    pub(crate) fn room(&self) -> (*mut u8, usize) {
        self.reservation.as_ref().map_or((std::ptr::null_mut(), 0), Reservation::room)
    }

    pub(crate) fn publish(mut self) {
        self.publish_as(None);
    }

    fn publish_as(&mut self, kind: Option<u8>) {
        let Some(mut reservation) = self.reservation.take() else { return };
        if let Some(kind) = kind {
            reservation.set_kind(kind);
        }
        if reservation.publish() {
            self.segment.ring(self.receiver, self.lane, self.sender);
        }
    }
}

impl Drop for ShmReserved {
    fn drop(&mut self) {
        self.publish_as(Some(VOID));
    }
}
