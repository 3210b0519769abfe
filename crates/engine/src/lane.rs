//! The lane: one single-threaded state machine. This file holds its state, its one entry for progress
//! ([`Lane::poll`]) and its way back ([`Lane::finish`]); what the frames do stands in `send`, `receive`,
//! `transfer`, `probe`, `failure`.

use std::collections::{HashMap, VecDeque};

use fabric::{Arrival, Cause, Class, Event, Frame, Payload, Peer, Port, Refused};
use os::Time;
use wire::ProcessId;

use crate::counters::{Counters, PeerCounters};
use crate::credit::{self, Books};
use crate::envelope::*;
use crate::matching::{Key, KeyedQueue, Posted};
use crate::receive::{Body, Unexpected};
use crate::request::{Owner, Requests, State, Waiter};
use crate::work::{Finished, Part};
use crate::{Communicator, Error, Message, RequestId, Status, TypeTag, Work};

/// How many frames one poll takes in before it returns to its caller.
const FRAMES_PER_POLL: usize = 32;

/// Announcements of one peer that may wait here: each is a send under way there, so that only a broken peer has more.
const ANNOUNCED_MAX: u64 = 1 << 24;

/// How many peers are found without the table of processes.
const RECENT: usize = 16;

/// What a lane is told at its start.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// How many processes the job has: the initial credit follows from it.
    pub job_size: u32,
    /// Memory for unexpected messages, in bytes.
    pub pool_bytes: u64,
    /// Overrides the transports' eager limit, for tests and tuning.
    pub eager_bytes: Option<usize>,
}

impl Default for Config {
    fn default() -> Self {
        Config { job_size: 1, pool_bytes: credit::POOL_BYTES, eager_bytes: None }
    }
}

/// What a poll brought.
pub enum Polled {
    /// Run this without the lane's lock, then hand the result to [`Lane::finish`].
    Work(Work),
    /// Something moved: poll again.
    Progress,
    /// Nothing to do now.
    Idle,
}

/// A frame of control that found no room.
pub(crate) struct ControlFrame {
    pub frame: Frame,
    pub payload: Box<[u8]>,
}

/// What waits for room at a peer, in order.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outgoing {
    /// A message, which may go eagerly or as an announcement when its turn comes.
    Message(RequestId),
}

/// What a peer has stored here.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stored {
    /// Cost of its eager messages.
    eager_bytes: u64,
    /// Messages that it has announced.
    announced: u64,
}

impl Stored {
    fn add(&mut self, message: &Unexpected) {
        match message.body {
            Body::Remote { .. } => self.announced += 1,
            _ => self.eager_bytes += credit::cost(message.bytes),
        }
    }

    fn remove(&mut self, message: &Unexpected) {
        match message.body {
            Body::Remote { .. } => self.announced -= 1,
            _ => self.eager_bytes -= credit::cost(message.bytes),
        }
    }
}

pub(crate) struct PeerState {
    pub books: Books,
    pub eager_bytes: usize,
    pub piece_bytes: usize,
    pub backlog: VecDeque<Outgoing>,
    pub control_backlog: VecDeque<ControlFrame>,
    pub stored: Stored,
    pub failed: Option<Cause>,
    /// It has said that it starts nothing more.
    pub farewell: bool,
    pub counters: PeerCounters,
}

/// The types that this process has sent, by signature, so that a receiver of another type can be told their names.
#[derive(Default)]
pub(crate) struct Types {
    last: u64,
    names: Vec<(u64, fn() -> String)>,
}

impl Types {
    #[inline]
    pub fn note(&mut self, of: TypeTag) {
        if of.signature != self.last {
            self.last = of.signature;
            if self.names.iter().all(|(signature, _)| *signature != of.signature) {
                self.names.push((of.signature, of.name));
            }
        }
    }

    pub fn name(&self, signature: u64) -> String {
        let known = self.names.iter().find(|(known, _)| *known == signature);
        known.map_or_else(|| format!("a type of signature {signature:#018x}"), |(_, name)| name())
    }
}

/// One lane of an engine.
pub struct Lane {
    pub(crate) port: Port,
    config: Config,
    pub(crate) peers: Vec<PeerState>,
    /// The peers that were used last, by process number: saves the table of processes on the usual path.
    recent: [Option<(ProcessId, Peer)>; RECENT],
    pub(crate) posted: Posted,
    pub(crate) unexpected: KeyedQueue<Unexpected>,
    pub(crate) unexpected_bytes: u64,
    pub(crate) messages: HashMap<Message, (Key, Unexpected)>,
    pub(crate) requests: Requests,
    /// Requests with work outside the lane: they can't be completed until it is back.
    busy: Vec<(RequestId, Option<Error>)>,
    pub(crate) work: VecDeque<Work>,
    pub(crate) streams: VecDeque<RequestId>,
    stalled: Vec<Peer>,
    streams_turn: bool,
    pool_left: u64,
    pub(crate) types: Types,
    pub(crate) counters: Counters,
    /// Why nothing more can be started, once that is so.
    pub(crate) closed: Option<String>,
    pub(crate) poisoned: bool,
    /// Buffers of collectives that are over, for the next ones: steps and scratch memory.
    pub(crate) idle: Vec<(Vec<crate::collective::Step>, Vec<u64>)>,
    /// Collectives whose steps watch shared memory and so want to be looked at on every poll.
    pub(crate) watching: Vec<RequestId>,
    /// Collectives that failed elsewhere before they were started here.
    pub(crate) doomed: VecDeque<crate::collective::failing::Doomed>,
    /// Boards on which this lane has stated that it sleeps.
    pub(crate) armed_boards: Vec<std::sync::Arc<mapped::board::Board>>,
}

impl Lane {
    /// A lane over a port.
    pub fn new(port: Port, config: Config) -> Lane {
        Lane {
            port,
            config,
            peers: Vec::new(),
            recent: [None; RECENT],
            posted: Posted::default(),
            unexpected: KeyedQueue::default(),
            unexpected_bytes: 0,
            messages: HashMap::new(),
            requests: Requests::default(),
            busy: Vec::new(),
            work: VecDeque::new(),
            streams: VecDeque::new(),
            stalled: Vec::new(),
            streams_turn: false,
            pool_left: config.pool_bytes / 2,
            types: Types::default(),
            counters: Counters::default(),
            closed: None,
            poisoned: false,
            idle: Vec::new(),
            watching: Vec::new(),
            doomed: VecDeque::new(),
            armed_boards: Vec::new(),
        }
    }

    /// Moves everything on by a bounded amount. `mine` names the request that the caller itself waits for: it counts
    /// as complete once the returned work has run, which saves a second visit for a small message.
    pub fn poll(&mut self, now: Time, mine: Option<RequestId>) -> Polled {
        if let Some(work) = self.work.pop_front() {
            return Polled::Work(work);
        }
        if !self.stalled.is_empty()
            && let Some(work) = self.retry_stalled()
        {
            return Polled::Work(work);
        }
        self.streams_turn = !self.streams_turn;
        if self.streams_turn
            && !self.streams.is_empty()
            && let Some(work) = self.advance_streams()
        {
            return Polled::Work(work);
        }
        for taken in 0..FRAMES_PER_POLL {
            let work = match self.port.next(now) {
                Some(Event::Arrival(arrival)) => self.arrived(arrival, mine),
                Some(Event::Failed(peer, cause)) => {
                    self.peer_failed(peer, cause);
                    None
                }
                Some(Event::Room(peer)) => self.retry_backlog(peer),
                None if taken > 0 => return Polled::Progress,
                None => break,
            };
            if let Some(work) = work {
                return Polled::Work(work);
            }
            if let Some(work) = self.work.pop_front() {
                return Polled::Work(work);
            }
        }
        if !self.watching.is_empty() && self.look_at_boards() {
            return self.work.pop_front().map_or(Polled::Progress, Polled::Work);
        }
        match self.work.pop_front().or_else(|| self.advance_streams()) {
            Some(work) => Polled::Work(work),
            None => Polled::Idle,
        }
    }

    /// Takes back what a piece of work left.
    pub fn finish(&mut self, finished: Finished) {
        if let Some((peer, payload)) = finished.release {
            self.port.release(peer, payload);
        }
        let Some(ticket) = finished.ticket else { return };
        let request = ticket.request;
        let doomed = self.clear_busy(request);
        match ticket.part {
            Part::Whole if !finished.succeeded => self.read_finished(request, false),
            Part::Whole => {
                let reading = matches!(
                    self.requests.get(request).map(|r| &r.state),
                    Some(State::Receive(receive)) if matches!(receive.phase, crate::receive::ReceivePhase::Reading { .. })
                );
                if reading { self.read_finished(request, true) } else { self.complete_receive(request) }
            }
            Part::Piece(bytes) => self.piece_delivered(request, bytes),
            Part::Eager => self.complete(request, Ok(Status::default())),
            Part::Streamed => self.piece_sent(request),
            Part::Step => self.step_finished(request),
        }
        if let Some(error) = doomed {
            self.complete(request, Err(error));
        }
    }

    /// The outcome of a request, once it is complete; the request is gone afterwards.
    pub fn take(&mut self, request: RequestId) -> Option<Result<Status, Error>> {
        match self.requests.get(request).map(|r| &r.state) {
            None => Some(Err(Error::StaleRequest)),
            Some(State::Done(_)) => match self.requests.remove(request)?.state {
                State::Done(outcome) => Some(outcome),
                _ => None,
            },
            Some(_) => None,
        }
    }

    /// Whether a request is complete (or gone).
    pub fn is_complete(&self, request: RequestId) -> bool {
        self.requests.get(request).is_none_or(|r| matches!(r.state, State::Done(_)))
    }

    /// Names who is to be woken when the request completes; replaces an earlier name. Returns false when it is
    /// complete already.
    pub fn watch(&mut self, request: RequestId, waiter: Option<Waiter>) -> bool {
        match self.requests.get_mut(request) {
            Some(r) if !matches!(r.state, State::Done(_)) => {
                r.waiter = waiter;
                true
            }
            _ => false,
        }
    }

    /// Who is to be woken when the request completes, if anybody is.
    pub fn watcher(&self, request: RequestId) -> Option<Waiter> {
        self.requests.get(request)?.waiter
    }

    /// Lets a request go: its outcome is dropped, and so is `keep` (its buffer) when it completes.
    pub fn detach(&mut self, request: RequestId, keep: Option<Box<dyn Send>>) {
        match self.requests.get_mut(request) {
            Some(r) if !matches!(r.state, State::Done(_)) => {
                (r.owner, r.keep, r.waiter) = (Owner::Nobody, keep, None);
            }
            _ => {
                self.requests.remove(request);
                self.work.extend(keep.map(Work::Drop));
            }
        }
    }

    /// How many requests are not complete.
    pub fn pending(&self) -> usize {
        self.requests.pending()
    }

    /// When the lane wants to be polled even if nothing arrives.
    pub fn next_deadline(&self) -> Option<Time> {
        self.port.deadline()
    }

    /// The port, for what concerns transports alone: arming, addresses, deaths.
    pub fn port(&mut self) -> &mut Port {
        &mut self.port
    }

    /// Whether something waits to be done that no arrival will announce.
    pub fn has_work(&self) -> bool {
        !self.work.is_empty()
    }

    /// The counts so far.
    pub fn counters(&self) -> Counters {
        let mut counters = self.counters;
        for peer in &self.peers {
            counters.peers.add(&peer.counters);
        }
        counters
    }

    /// The counts for each process met so far.
    pub fn peer_counters(&self) -> impl Iterator<Item = (ProcessId, PeerCounters)> {
        self.peers
            .iter()
            .enumerate()
            .map(|(index, state)| (self.port.process(Peer(index as u32)), state.counters))
    }

    /// What the transport has carried for each process met so far.
    pub fn transport_counters(&self) -> impl Iterator<Item = (ProcessId, fabric::Counters)> {
        let peers = (0..self.peers.len() as u32).map(Peer);
        peers.map(|peer| (self.port.process(peer), self.port.counters(peer)))
    }

    /// Bytes that unexpected messages occupy now, as flow control counts them.
    pub fn unexpected_bytes(&self) -> u64 {
        self.unexpected_bytes
    }

    pub(crate) fn arrived(&mut self, arrival: Arrival, mine: Option<RequestId>) -> Option<Work> {
        let (peer, header) = (arrival.peer, arrival.frame.header);
        self.meet(peer);
        match arrival.frame.kind {
            EAGER | RENDEZVOUS | STEP_EAGER | STEP_RENDEZVOUS => return self.message_arrived(arrival, mine),
            DATA => return self.data_arrived(peer, header, arrival.payload),
            PULL => self.pull_arrived(peer, header[0], header[1]),
            DONE => self.done_arrived(peer, header[0]),
            CREDIT => self.peers[peer.0 as usize].books.receive(header[0]),
            RETRACT => self.retract_arrived(peer, header[0]),
            RETRACTED => self.retracted_arrived(peer, header[0], header[1] == 1),
            NAME_WANTED => {
                let name = self.types.name(header[1]);
                let length = name.floor_char_boundary(name.len().min(1024));
                self.control(peer, NAME, [header[0], 0, 0], &name.as_bytes()[..length]);
            }
            NAME => {
                let text = crate::work::hold(&arrival.payload);
                let name = String::from_utf8_lossy(&text[..text.len().min(1024)]).into_owned();
                self.name_arrived(RequestId::from_word(header[0]), name);
            }
            FAREWELL => self.peers[peer.0 as usize].farewell = true,
            STEP_FAILED => self.failed_elsewhere(peer, header, &arrival.payload),
            _ => return self.refuse_frame(peer, arrival.payload),
        }
        self.port.release(peer, arrival.payload);
        None
    }

    /// Drops a frame that no correct peer sends.
    pub(crate) fn refuse_frame(&mut self, peer: Peer, payload: Payload) -> Option<Work> {
        self.counters.frames_refused += 1;
        self.port.release(peer, payload);
        None
    }

    /// The peer of a rank; first contact makes its state.
    pub(crate) fn peer(&mut self, communicator: &Communicator, rank: usize) -> Result<Peer, Error> {
        let no_such = || Error::NoSuchRank { rank, size: communicator.size() };
        let process = communicator.group.process(rank).ok_or_else(no_such)?;
        if let Some(peer) = self.recent_peer(process) {
            return Ok(peer);
        }
        let peer = self.port.connect(process);
        self.meet(peer);
        self.recent[process.number as usize % RECENT] = Some((process, peer));
        Ok(peer)
    }

    /// The peer of a process, if it was used lately.
    #[inline]
    pub(crate) fn recent_peer(&self, process: ProcessId) -> Option<Peer> {
        self.recent[process.number as usize % RECENT]
            .filter(|(known, _)| *known == process)
            .map(|(_, peer)| peer)
    }

    #[inline]
    pub(crate) fn nothing_stalled(&self) -> bool {
        self.stalled.is_empty()
    }

    #[inline]
    pub(crate) fn meet(&mut self, peer: Peer) {
        while self.peers.len() <= peer.0 as usize {
            let limits = self.port.limits(Peer(self.peers.len() as u32));
            let initial = credit::initial(self.config.pool_bytes, self.config.job_size);
            let eager_bytes = self.config.eager_bytes.unwrap_or(limits.eager_bytes);
            self.peers.push(PeerState {
                books: Books::new(initial),
                eager_bytes: eager_bytes.min(limits.frame_bytes_max),
                piece_bytes: limits.piece_bytes.clamp(1, limits.frame_bytes_max),
                backlog: VecDeque::new(),
                control_backlog: VecDeque::new(),
                stored: Stored::default(),
                failed: None,
                farewell: false,
                counters: PeerCounters::default(),
            });
        }
    }

    /// Sends a frame of control; it never waits for credits, and for room only behind its like.
    pub(crate) fn control(&mut self, peer: Peer, kind: u8, header: [u64; 3], payload: &[u8]) {
        let frame = Frame { kind, header };
        let state = &mut self.peers[peer.0 as usize];
        if state.control_backlog.is_empty()
            && self.port.send(peer, Class::Control, frame, payload) != Err(Refused::Full)
        {
            return;
        }
        self.peers[peer.0 as usize]
            .control_backlog
            .push_back(ControlFrame { frame, payload: payload.into() });
        self.stall(peer);
    }

    pub(crate) fn enqueue(&mut self, peer: Peer, outgoing: Outgoing) {
        self.peers[peer.0 as usize].backlog.push_back(outgoing);
        self.stall(peer);
    }

    pub(crate) fn enqueue_front(&mut self, peer: Peer, outgoing: Outgoing) {
        self.peers[peer.0 as usize].backlog.push_front(outgoing);
        self.stall(peer);
    }

    fn stall(&mut self, peer: Peer) {
        if !self.stalled.contains(&peer) {
            self.stalled.push(peer);
        }
    }

    fn retry_stalled(&mut self) -> Option<Work> {
        for _ in 0..self.stalled.len() {
            let peer = self.stalled.remove(0);
            let work = self.retry_backlog(peer);
            let state = &self.peers[peer.0 as usize];
            if !state.backlog.is_empty() || !state.control_backlog.is_empty() {
                self.stall(peer);
            }
            if work.is_some() {
                return work;
            }
        }
        None
    }

    /// An eager message of the peer needs no memory here any more.
    pub(crate) fn give_back_credit(&mut self, peer: Peer, bytes: usize) {
        if let Some(credit) = self.peers[peer.0 as usize].books.consumed(bytes) {
            self.control(peer, CREDIT, [credit, 0, 0], &[]);
        }
    }

    pub(crate) fn extend_credit(&mut self, peer: Peer) {
        if let Some(credit) = self.peers[peer.0 as usize].books.extend(&mut self.pool_left) {
            self.control(peer, CREDIT, [credit, 0, 0], &[]);
        }
    }

    /// Records a request's outcome and tells whoever waits for it. A request with work outside is completed when that
    /// is back.
    pub(crate) fn complete(&mut self, request: RequestId, outcome: Result<Status, Error>) {
        if let Some(busy) = self.busy.iter_mut().find(|(busy, _)| *busy == request) {
            busy.1 = busy.1.take().or(outcome.err());
            return;
        }
        let Some(found) = self.requests.get_mut(request) else { return };
        if matches!(found.state, State::Done(_)) {
            return;
        }
        if let (State::Collective(_), Err(error)) = (&found.state, &outcome) {
            return self.fail_collective(request, error.clone());
        }
        match found.owner {
            Owner::User => {
                found.state = State::Done(outcome);
                self.work.extend(found.waiter.take().map(Work::Wake));
            }
            Owner::Nobody => {
                let keep = self.requests.remove(request).and_then(|r| r.keep);
                self.work.extend(keep.map(Work::Drop));
            }
            Owner::Step { collective } => {
                let ended = self.requests.remove(request).map(|r| r.state);
                self.step_completed(collective, ended, outcome);
            }
        }
    }

    pub(crate) fn set_busy(&mut self, request: RequestId) {
        self.busy.push((request, None));
    }

    fn clear_busy(&mut self, request: RequestId) -> Option<Error> {
        let place = self.busy.iter().position(|(busy, _)| *busy == request)?;
        self.busy.swap_remove(place).1
    }

    /// A message is stored that nobody has asked for. Its sender's credit bounds what it may have stored here; one that
    /// exceeds it is no correct peer, and is dropped.
    pub(crate) fn count_stored(&mut self, message: &Unexpected) {
        self.unexpected_bytes += message.stored_bytes();
        self.counters.unexpected_bytes_max = self.counters.unexpected_bytes_max.max(self.unexpected_bytes);
        let peer = message.peer;
        let state = &mut self.peers[peer.0 as usize];
        state.counters.unexpected += 1;
        state.stored.add(message);
        if state.stored.eager_bytes > state.books.granted() || state.stored.announced > ANNOUNCED_MAX {
            self.port.drop_peer(peer);
            self.peer_failed(peer, Cause::Protocol("it sent more than its credit allows".into()));
        }
    }

    /// A stored message goes to its receive, or is forgotten.
    pub(crate) fn count_unstored(&mut self, message: &Unexpected) {
        self.unexpected_bytes -= message.stored_bytes();
        self.peers[message.peer.0 as usize].stored.remove(message);
    }

    pub(crate) fn count_copy(&mut self, bytes: usize) {
        self.counters.copies += 1;
        self.counters.bytes_copied += bytes as u64;
    }

    pub(crate) fn count_received(&mut self, peer: Peer, bytes: usize) {
        let counters = &mut self.peers[peer.0 as usize].counters;
        counters.messages_received += 1;
        counters.bytes_received += bytes as u64;
    }
}
