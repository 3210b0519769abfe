//! The lane: one single-threaded state machine. This file holds its state, its one entry for progress
//! ([`Lane::poll`]) and its way back ([`Lane::finish`]); what the frames do stands in `send`, `receive`,
//! `transfer`, `probe`, `failure`.

use std::collections::{HashMap, VecDeque};

use fabric::{Arrival, Cause, Event, Payload, Peer, Port};
use os::Time;
use wire::ProcessId;

use crate::active::frames::{ACTIVE, ACTIVE_RENDEZVOUS, MOVED, UNANSWERED};
use crate::active::{Channels, Mixed};
use crate::backlog::{ControlFrame, Outgoing};
use crate::check::Check;
use crate::collective::choices::Choices;
use crate::collective::{Algorithm, Case, Price};
use crate::counters::{Counters, PeerCounters};
use crate::credit::{self, Books};
use crate::envelope::*;
use crate::matching::{Key, Posted};
use crate::mitigation::{agree::Agreements, registry::Registry};
use crate::names::{Introductions, Types};
use crate::receive::Unexpected;
use crate::request::{Owner, Requests, State, Waiter};
use crate::retract::LEAVES;
use crate::stored::Stored;
use crate::unexpected::UnexpectedQueue;
use crate::work::{Finished, Over, Part};
use crate::{Communicator, Config, Error, Message, RequestId, Status, Work};

/// How many frames one poll takes in before it returns to its caller.
const FRAMES_PER_POLL: usize = 32;

/// How many peers are found without the table of processes.
const RECENT: usize = 16;

/// What a poll brought.
pub enum Polled {
    /// Run this without the lane's lock, then hand the result to [`Lane::finish`].
    Work(Work),
    /// Something moved: poll again.
    Progress,
    /// Nothing to do now.
    Idle,
}

pub(crate) struct PeerState {
    pub books: Books,
    pub eager_bytes: usize,
    pub piece_bytes: usize,
    pub backlog: VecDeque<Outgoing>,
    pub control_backlog: VecDeque<ControlFrame>,
    /// Credit for it that found no room.
    pub credit_due: u64,
    /// It is among those at which something waits for room.
    pub is_stalled: bool,
    /// Sends whose retraction waits for its turn, and how many it was asked about.
    pub retractions: VecDeque<RequestId>,
    pub retractions_asked: u32,
    pub types: Introductions,
    /// Answers to it that are not out of our hands, but for those to requests that others have forwarded.
    pub answers_waiting: usize,
    pub stored: Stored,
    pub failed: Option<Cause>,
    /// It is among those who send nothing more.
    pub is_gone: bool,
    /// It has said that no message of it follows.
    pub farewell: bool,
    /// It was told that no message of this process follows.
    pub is_bid_farewell: bool,
    pub counters: PeerCounters,
}

impl PeerState {
    pub fn waits_for_room(&self) -> bool {
        !self.backlog.is_empty() || !self.control_backlog.is_empty() || self.credit_due > 0
    }
}

/// One lane of an engine.
pub struct Lane {
    pub(crate) port: Port,
    config: Config,
    pub(crate) peers: Vec<PeerState>,
    /// The peers that were used last, by process number: saves the table of processes on the usual path.
    recent: [Option<(ProcessId, Peer)>; RECENT],
    /// The last (context, rank, peer) of a direct receive that was found to be true.
    pub(crate) found_true: (u64, u32, Peer),
    pub(crate) posted: Posted,
    /// The collective that became a request last.
    pub(crate) latest_collective: Option<RequestId>,
    /// Messages of collectives that came before them.
    pub(crate) early_steps: Vec<crate::collective::early::Early>,
    pub(crate) unexpected: UnexpectedQueue,
    pub(crate) unexpected_bytes: u64,
    /// With so many unexpected messages those of communicators that are gone are forgotten.
    pub(crate) unwanted_at: usize,
    /// Messages of all peers that are announced and stored here.
    pub(crate) announced: u64,
    pub(crate) messages: HashMap<Message, (Key, Unexpected), Mixed>,
    pub(crate) requests: Requests,
    /// Requests with work outside the lane: they can't be completed until it is back.
    busy: Vec<(RequestId, Option<Error>)>,
    pub(crate) work: VecDeque<Work>,
    pub(crate) streams: VecDeque<RequestId>,
    /// Peers at which something waits for room, in turn; each once, by its state's word.
    pub(crate) stalled: VecDeque<Peer>,
    streams_turn: bool,
    pub(crate) pool_left: u64,
    /// Peers that send nothing more, in the order in which that was learnt.
    pub(crate) gone: Vec<Peer>,
    pub(crate) types: Types,
    pub(crate) counters: Counters,
    /// Why nothing more can be started, once that is so.
    pub(crate) closed: Option<String>,
    pub(crate) poisoned: bool,
    /// Something may be stored that a lane that is closed has to refuse.
    pub(crate) may_be_unwanted: bool,
    /// All peers met so far were told that no message of this process follows.
    pub(crate) has_bid_farewell: bool,
    /// Executions of collectives that are over, with their steps and scratch memory, for the next ones.
    #[expect(clippy::vec_box, reason = "each goes on to be a request's state, where it is boxed")]
    pub(crate) idle: Vec<Box<crate::collective::executor::Execution>>,
    choices: Choices,
    /// Collectives whose steps watch shared memory and so want to be looked at on every poll.
    pub(crate) watching: Vec<RequestId>,
    /// Collectives that failed elsewhere before they were started here.
    pub(crate) doomed: VecDeque<crate::collective::failing::Doomed>,
    /// Collectives that failed here: their messages are not stored.
    pub(crate) over: VecDeque<crate::collective::failing::Over>,
    /// Agreements under way, and the last ones' decisions.
    pub(crate) agreements: Agreements,
    /// Communicators by context.
    pub(crate) registry: Registry,
    /// Boards on which this lane has stated that it sleeps.
    pub(crate) armed_boards: Vec<std::sync::Arc<mapped::board::Board>>,
    /// Active messages, by context.
    pub(crate) channels: Channels,
    /// Calls without an answer.
    pub(crate) calls_open: usize,
    /// What waits for room at who asked, or for its credit, by that one and by who has forwarded its requests.
    pub(crate) forwarded_waiting: HashMap<(Peer, Peer), usize>,
    /// What it checks besides, if it is told to.
    pub(crate) check: Option<Box<Check>>,
}

impl Lane {
    /// A lane over a port.
    pub fn new(port: Port, config: Config) -> Lane {
        Lane {
            port,
            config,
            peers: Vec::new(),
            recent: [None; RECENT],
            found_true: (0, u32::MAX, Peer(u32::MAX)),
            posted: Posted::default(),
            latest_collective: None,
            early_steps: Vec::new(),
            unexpected: UnexpectedQueue::default(),
            unexpected_bytes: 0,
            unwanted_at: 0,
            announced: 0,
            messages: HashMap::default(),
            requests: Requests::default(),
            busy: Vec::new(),
            work: VecDeque::new(),
            streams: VecDeque::new(),
            stalled: VecDeque::new(),
            streams_turn: false,
            pool_left: config.pool_bytes / 2,
            gone: Vec::new(),
            types: Types::default(),
            counters: Counters::default(),
            closed: None,
            poisoned: false,
            may_be_unwanted: true,
            has_bid_farewell: false,
            idle: Vec::new(),
            choices: Choices::new(config.forced),
            watching: Vec::new(),
            doomed: VecDeque::new(),
            over: VecDeque::new(),
            agreements: Agreements::default(),
            registry: Registry::default(),
            armed_boards: Vec::new(),
            channels: Channels::default(),
            calls_open: 0,
            forwarded_waiting: HashMap::new(),
            check: Check::when(config.check),
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
                Some(event) => self.take_in(event, mine),
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
        if self.closed.is_some() && self.may_be_unwanted {
            self.refuse_unwanted();
        }
        match self.work.pop_front().or_else(|| self.advance_streams()) {
            Some(work) => Polled::Work(work),
            None if self.gone.is_empty() => Polled::Idle,
            None => match mine.is_some_and(|mine| self.end_if_in_vain(mine, true)) {
                true => Polled::Progress,
                false => Polled::Idle,
            },
        }
    }

    /// Takes back what a piece of work left.
    pub fn finish(&mut self, finished: Finished) {
        if let Some((peer, payload)) = finished.release {
            self.port.release(peer, payload);
        }
        match finished.turn {
            Some(Over::Turn(turn)) => return self.turn_finished(turn),
            Some(Over::Small(mut turn, outcome)) => return self.end_small_turn(&mut turn, outcome),
            None => {}
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
            Part::Step => {
                if !finished.succeeded {
                    // What others would get of it is not the result: they are told.
                    self.fail_collective(request, Error::OperatorFailed);
                }
                self.step_finished(request);
            }
        }
        if let Some(error) = doomed {
            self.complete(request, Err(error));
        }
    }

    /// The outcome of a request, once it is complete; the request is gone afterwards. A receive from any rank that a failure
    /// interrupts ends with that (see [`take_unless_interrupted`](Lane::take_unless_interrupted)).
    pub fn take(&mut self, request: RequestId) -> Option<Result<Status, Error>> {
        match self.requests.get(request).map(|r| &r.state) {
            None => Some(Err(self.end_of_all().unwrap_or(Error::StaleRequest))),
            Some(State::Done(_)) => match self.requests.remove(request)?.state {
                State::Done(outcome) => Some(outcome),
                _ => None,
            },
            Some(_) if self.gone.is_empty() => None,
            Some(_) => self.take_interrupted(request),
        }
    }

    /// Whether a request is complete (or gone), or interrupted: whoever asks for it gets an answer.
    pub fn is_complete(&self, request: RequestId) -> bool {
        self.requests.get(request).is_none_or(|r| matches!(r.state, State::Done(_)))
            || self.interruption(request).is_some()
    }

    /// Names who is to be woken when the request completes or is interrupted; replaces an earlier name. Returns false when it is
    /// so already.
    pub fn watch(&mut self, request: RequestId, waiter: Option<Waiter>) -> bool {
        if waiter.is_some() && self.interruption(request).is_some() {
            return false;
        }
        match self.requests.get_mut(request) {
            Some(r) if !matches!(r.state, State::Done(_)) => {
                r.waiter = waiter;
                waiter.is_none() || self.gone.is_empty() || !self.end_if_in_vain(request, true)
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
                // What was agreed on, nobody asks for any more.
                drop(self.agreed(request));
                self.work.extend(keep.map(Work::Drop));
            }
        }
    }

    /// How many requests are not complete.
    pub fn pending(&self) -> usize {
        self.requests.pending()
    }

    /// Whether there are any, complete or not; or active messages, which may bring more.
    #[inline]
    pub fn has_requests(&self) -> bool {
        !self.requests.is_empty() || !self.channels.is_empty()
    }

    /// When the lane wants to be polled even if nothing arrives.
    pub fn next_deadline(&self) -> Option<Time> {
        self.port.deadline()
    }

    /// The port, for what concerns transports alone: arming, addresses, deaths.
    pub fn port(&mut self) -> &mut Port {
        &mut self.port
    }

    /// The cheapest algorithm for a case. The last answers are kept: prices of a whole column of the table cost more than a
    /// small collective.
    pub fn choose(&mut self, case: &Case, price: &'static Price) -> &'static Algorithm {
        self.choices.choose(case, price)
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

    /// Takes in what the transport reports.
    #[inline]
    pub(crate) fn take_in(&mut self, event: Event, mine: Option<RequestId>) -> Option<Work> {
        match event {
            Event::Arrival(arrival) => self.arrived(arrival, mine),
            Event::Failed(peer, cause) => {
                self.peer_failed(peer, cause);
                None
            }
            Event::Room(peer) => self.retry_backlog(peer),
        }
    }

    pub(crate) fn arrived(&mut self, arrival: Arrival, mine: Option<RequestId>) -> Option<Work> {
        let (peer, header) = (arrival.peer, arrival.frame.header);
        self.meet(peer);
        match arrival.frame.kind {
            EAGER | RENDEZVOUS | STEP_EAGER | STEP_RENDEZVOUS => return self.message_arrived(arrival, mine),
            ACTIVE | ACTIVE_RENDEZVOUS => return self.active_arrived(arrival),
            DATA => return self.data_arrived(peer, header, arrival.payload),
            PULL => self.pull_arrived(peer, header[0], header[1]),
            DONE => self.done_arrived(peer, header[0]),
            CREDIT => self.peers[peer.0 as usize].books.receive(header[0]),
            FAREWELL => self.farewell_arrived(peer),
            REFUSED => self.refused_arrived(peer, header[0]),
            kind => {
                let is_correct = match kind {
                    RETRACT => self.retract_arrived(peer, header[0], header[1] == LEAVES),
                    RETRACTED => self.retracted_arrived(peer, header[0], header[1]),
                    UNANSWERED => self.unanswered_arrived(peer, header, &crate::work::hold(&arrival.payload)),
                    MOVED => self.moved_arrived(peer, header[0], header[1]),
                    NAME => self.name_arrived(peer, header[0], &crate::work::hold(&arrival.payload)),
                    UNREADY => self.unready_arrived(peer, header),
                    CALL => self.call_arrived(peer, header, &arrival.payload),
                    STEP_FAILED => self.failed_elsewhere(peer, header, &arrival.payload),
                    REVOKE => self.revoke_arrived(peer, header),
                    AGREE => self.agree_arrived(peer, header, &arrival.payload),
                    _ => false,
                };
                if !is_correct {
                    return self.refuse_frame(peer, arrival.payload, "a frame that makes no sense here");
                }
            }
        }
        self.port.release(peer, arrival.payload);
        None
    }

    /// A frame that no correct peer sends ends the connection with its sender.
    #[cold]
    pub(crate) fn refuse_frame(&mut self, peer: Peer, payload: Payload, what: &str) -> Option<Work> {
        self.port.release(peer, payload);
        self.break_with(peer, what);
        None
    }

    /// Ends the connection with a peer that does what no correct peer does.
    #[cold]
    pub(crate) fn break_with(&mut self, peer: Peer, what: &str) {
        self.counters.frames_refused += 1;
        if self.peers[peer.0 as usize].failed.is_none() {
            self.port.drop_peer(peer);
            self.peer_failed(peer, Cause::Protocol(what.to_owned()));
        }
    }

    /// The peer of a rank; first contact makes its state.
    pub(crate) fn peer(&mut self, communicator: &Communicator, rank: usize) -> Result<Peer, Error> {
        let no_such = || Error::NoSuchRank { rank, size: communicator.peers().size() };
        let process = communicator.peers().process(rank).ok_or_else(no_such)?;
        if let Some(peer) = self.recent_peer(process) {
            return Ok(peer);
        }
        let peer = self.contact(process);
        self.recent[process.number as usize % RECENT] = Some((process, peer));
        Ok(peer)
    }

    /// The peer of a process; first contact makes its state.
    pub(crate) fn contact(&mut self, process: ProcessId) -> Peer {
        let peer = self.port.connect(process);
        self.meet(peer);
        peer
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
        if self.peers.len() <= peer.0 as usize {
            self.meet_first(peer);
        }
    }

    /// The credit of each pair from the start.
    pub(crate) fn initial_credit(&self) -> u64 {
        credit::initial(self.config.pool_bytes, self.config.job_size)
    }

    /// How many processes the job has.
    pub(crate) fn job_size(&self) -> usize {
        self.config.job_size as usize
    }

    /// Credit that peers were granted on demand.
    pub(crate) fn granted(&self) -> u64 {
        self.config.pool_bytes / 2 - self.pool_left
    }

    #[cold]
    fn meet_first(&mut self, peer: Peer) {
        while self.peers.len() <= peer.0 as usize {
            let limits = self.port.limits(Peer(self.peers.len() as u32));
            let initial = self.initial_credit();
            let eager_bytes = self.config.eager_bytes.unwrap_or(limits.eager_bytes);
            self.peers.push(PeerState {
                books: Books::new(initial),
                eager_bytes: eager_bytes.min(limits.frame_bytes_max),
                piece_bytes: limits.piece_bytes.clamp(1, limits.frame_bytes_max),
                backlog: VecDeque::new(),
                control_backlog: VecDeque::new(),
                credit_due: 0,
                is_stalled: false,
                retractions: VecDeque::new(),
                retractions_asked: 0,
                types: Introductions::default(),
                answers_waiting: 0,
                stored: Stored::default(),
                failed: None,
                is_gone: false,
                farewell: false,
                is_bid_farewell: false,
                counters: PeerCounters::default(),
            });
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
        if let State::Call(call) = &found.state {
            let context = call.context;
            self.count_call_ended(context);
        }
        let Some(found) = self.requests.get_mut(request) else { return };
        match found.owner {
            Owner::User => {
                found.state = State::Done(outcome);
                self.work.extend(found.waiter.take().map(Work::Wake));
            }
            Owner::Nobody => {
                let keep = self.requests.remove(request).and_then(|r| r.keep);
                self.work.extend(keep.map(Work::Drop));
            }
            Owner::Turn { context } => {
                self.requests.remove(request);
                self.fetched(context, outcome);
            }
            owner @ (Owner::Told { .. } | Owner::Answer { .. }) => {
                let keep = self.requests.remove(request).and_then(|r| r.keep);
                self.work.extend(keep.map(Work::Drop));
                self.ended_for(owner, outcome.err());
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
}
