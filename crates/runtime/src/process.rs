//! One process of a job: its lanes, its place in the world, its end.
//!
//! A `Process` is a value: a test holds eight of them as eight threads. What happens once per operating-system
//! process (claiming the rank) is in `join`.

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use control::ToKeeper;
use engine::collective::Hosts;
use engine::{Communicator, Config, Counters, Group, Holdings, Lane, PeerCounters};
use fabric::Port;
use mapped::board::{Board, BoardPool, Place};
use os::Time;
use wire::{ContextId, JobId, ProcessId};

use crate::cell::Cell;
use crate::checked::{Buffers, LAST_MESSAGES_NS};
use crate::clock::Clock;
use crate::comm::Comm;
use crate::house::House;
use crate::named::Names;
use crate::patience::Patience;
use crate::rota::LANES_MAX;
use crate::settings::POOL_BYTES_MIN;

/// How long a process that leaves waits for its own last sends to be taken.
const LINGER_NS_MAX: u64 = 10_000_000_000;

/// How long it then waits for room for its farewells: who doesn't look needs none, and learns of its leaving when it does.
const FAREWELL_NS_MAX: u64 = 1_000_000_000;

/// What operations are told that come after the end.
const LEFT_WHY: &str =
    "this process has left its job: communicators can't be used once its world is finalised or dropped";

/// Lanes but the first have pools for unexpected messages of this part of its size: with all 16 lanes in use they are as
/// large as two of the first in all. The same in all processes, since senders count on it.
const LATER_POOLS: u64 = 8;

/// Where a process stands: messages, or already on its way out.
const ACTIVE: u8 = 0;
const LEAVING: u8 = 1;
const LEFT: u8 = 2;

/// What a process knows of its surroundings.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// How many processes the world has.
    pub size: u32,
    /// How many of them are on this host.
    pub local_size: u32,
    /// The lowest number on each host, in ascending order.
    pub hosts: Arc<[u32]>,
    /// The cores that they share.
    pub cores: u32,
    /// Which of the `:`-separated parts of the command line the process belongs to, from 0.
    pub app: u32,
    /// This host's name.
    pub host: String,
    /// Whether counters are reported at the end.
    pub statistics: bool,
}

/// One process of a job.
pub struct Process {
    me: ProcessId,
    pub(crate) surroundings: Surroundings,
    world: Arc<Communicator>,
    boards: Option<Arc<BoardPool>>,
    /// How many lanes it can have, the same for all processes of the job.
    lanes: u16,
    pub(crate) house: House,
    patience: Patience,
    pub(crate) config: Config,
    clock: Clock,
    contexts: AtomicU32,
    /// The derived contexts in which communicators are being created.
    pub(crate) creating: Mutex<Vec<ContextId>>,
    stage: AtomicU8,
    progress: OnceLock<std::thread::JoinHandle<()>>,
    stopping: AtomicBool,
    started: Time,
    /// What ended this process's part in the job, if something did.
    ended: Mutex<Option<String>>,
    /// Its communicators.
    pub(crate) names: Names,
    /// The buffers of sends under way, where they are watched.
    pub(crate) buffers: Buffers,
}

/// What a process is made of.
pub(crate) struct Parts {
    pub port: Port,
    pub house: House,
    pub clock: Clock,
    pub patience: Patience,
    pub surroundings: Surroundings,
    pub config: Config,
}

impl Process {
    pub(crate) fn new(parts: Parts) -> Arc<Process> {
        let Parts { port, house, clock, patience, surroundings, config } = parts;
        let me = port.me();
        let group = Group::world(me.job, surroundings.size);
        let boards = port.boards().cloned();
        let config = Config { job_size: surroundings.size, ..config };
        let hosts = hosts_of(&group, me.job, &config, &surroundings.hosts);
        let pool = boards.clone().filter(|_| hosts.is_none());
        let board = pool.and_then(|pool| world_board(&port, pool, &group, me.number as usize));
        let world = Communicator::new(ContextId::WORLD, group, me.number as usize, "world".to_owned())
            .with_board(board)
            .with_hosts(hosts);
        let lanes = port.lanes().min(LANES_MAX as u16);
        house.rota.open(0, || {
            Cell::new(Lane::new(port, config), patience, clock.clone(), house.rota.stewardship.clone())
        });
        let process = Arc::new(Process {
            me,
            surroundings,
            world: Arc::new(world),
            boards,
            lanes,
            house,
            patience,
            config,
            started: clock.now(),
            clock,
            contexts: AtomicU32::new(0),
            creating: Mutex::default(),
            stage: AtomicU8::new(ACTIVE),
            progress: OnceLock::new(),
            stopping: AtomicBool::new(false),
            ended: Mutex::new(None),
            names: Names::default(),
            buffers: Buffers::default(),
        });
        process.house.belongs_to(&process);
        process
    }

    /// This process's entries on boards, if it shares memory with others; a copy that `fork` has made doesn't.
    pub(crate) fn boards(&self) -> Option<&Arc<BoardPool>> {
        self.boards.as_ref().filter(|_| !os::fork::is_copy())
    }

    /// On which hosts the members of a group are, if on several.
    pub(crate) fn hosts_of(&self, group: &Group) -> Option<Hosts> {
        hosts_of(group, self.me.job, &self.config, &self.surroundings.hosts)
    }

    /// Who this process is.
    pub fn me(&self) -> ProcessId {
        self.me
    }

    /// The communicator of all processes of the job.
    pub fn world(self: &Arc<Self>) -> Comm {
        Comm::new(self.clone(), self.world.clone())
    }

    /// The communicator of this process alone.
    pub fn alone(self: &Arc<Self>) -> Comm {
        let group = Group::of(vec![self.me]);
        Comm::new(self.clone(), Arc::new(Communicator::new(ContextId::SELF, group, 0, "self".to_owned())))
    }

    /// What this process knows of its surroundings.
    pub fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// The host on which a process of this job runs, if that is known.
    pub fn host_of(&self, process: ProcessId) -> Option<&str> {
        let Surroundings { size, local_size, host, .. } = &self.surroundings;
        (size == local_size && process.job == self.me.job).then_some(host)
    }

    /// The time in this process's world, in nanoseconds since it joined.
    pub fn elapsed_ns(&self) -> u64 {
        self.clock.now().since(self.started)
    }

    /// The clock that this process lives by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A context that no other communicator has or will have; none when this process has created as many as it can.
    pub fn new_context(&self) -> Option<ContextId> {
        let next = |counter: u32| counter.checked_add(1);
        // Relaxed: only uniqueness matters.
        let last = self.contexts.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()?;
        Some(ContextId::new(self.me.number, last + 1))
    }

    /// What the lanes hold at this moment, and how many entries on boards.
    pub fn holdings(&self) -> (Vec<Holdings>, usize) {
        let lanes = self.cells().map(|cell| cell.lock().lane.holdings()).collect();
        (lanes, self.boards.as_ref().map_or(0, |pool| pool.in_use()))
    }

    /// What tells this process's host from others: members of a job that share memory have the same words.
    pub(crate) fn host_words(&self) -> [u64; 2] {
        let text = |text: &str| ContextId::derived(text.bytes().map(u64::from)).0;
        let mut inside = self.cell(0).lock();
        // Where memory is shared: the first process that shares it. Else whoever runs on this kernel.
        let first =
            inside.lane.port().slot_of(self.me).map_or(u64::MAX, |slot| self.me.number as u64 - slot as u64);
        [text(&os::host::boot()) ^ text(&os::host::name()), first]
    }

    /// The counts of all lanes so far.
    pub fn counters(&self) -> Counters {
        let mut sum = Counters::default();
        for cell in self.cells() {
            let counters = cell.lock().lane.counters();
            sum.peers.add(&counters.peers);
            sum.copies += counters.copies;
            sum.bytes_copied += counters.bytes_copied;
            sum.unexpected_bytes_max = sum.unexpected_bytes_max.max(counters.unexpected_bytes_max);
            sum.frames_refused += counters.frames_refused;
            sum.ready_unposted += counters.ready_unposted;
            sum.collectives += counters.collectives;
        }
        sum
    }

    /// The counts for each process met so far.
    pub fn peer_counters(&self) -> Vec<(ProcessId, PeerCounters)> {
        let mut all: Vec<(ProcessId, PeerCounters)> = Vec::new();
        for cell in self.cells() {
            for (process, counters) in cell.lock().lane.peer_counters() {
                match all.iter_mut().find(|(known, _)| *known == process) {
                    Some((_, sum)) => sum.add(&counters),
                    None => all.push((process, counters)),
                }
            }
        }
        all.sort_by_key(|(process, _)| *process);
        all
    }

    /// How often, and for how long in all, this process has waited: (yields, sleeps, nanoseconds in waits).
    pub fn waits(&self) -> crate::Waits {
        let mut sum = crate::Waits::default();
        for cell in self.cells() {
            sum.add(&cell.waits());
        }
        sum
    }

    /// Has whoever waits in this process look again: for what comes about otherwise than by messages.
    pub fn wake(&self) {
        for cell in self.cells() {
            cell.wake();
        }
    }

    /// A lane that is open: some communicator uses it.
    ///
    /// # Panics
    /// If it isn't.
    #[inline]
    pub(crate) fn cell(&self, lane: u16) -> &Cell {
        self.house.rota.cell(lane as usize).expect("a communicator's lane is opened with it")
    }

    /// Whether it has a thread that moves operations on.
    pub(crate) fn has_progress_thread(&self) -> bool {
        self.progress.get().is_some()
    }

    pub(crate) fn cells(&self) -> impl Iterator<Item = &Cell> {
        self.house.rota.cells()
    }

    /// How many lanes a process of this job can have.
    pub fn lanes(&self) -> u16 {
        self.lanes
    }

    /// Opens a lane, unless it is open.
    pub(crate) fn open_lane(&self, lane: u16) {
        if self.house.rota.cell(lane as usize).is_some() {
            return;
        }
        let new = || {
            let port = self.cell(0).lock().lane.port().beside(lane);
            let mut port = port.expect("a communicator's lane is one of those that there can be");
            self.house.introduce(&mut port);
            let stewardship = self.house.rota.stewardship.clone();
            let pool_bytes = (self.config.pool_bytes / LATER_POOLS).max(POOL_BYTES_MIN);
            let lane = Lane::new(port, Config { pool_bytes, ..self.config });
            Cell::new(lane, self.patience, self.clock.clone(), stewardship)
        };
        let cell = self.house.rota.open(lane as usize, new);
        // Whoever ends all lanes, or closes them, notes that first, and does it to those that are open then.
        let ended = self.ended.lock().unwrap_or_else(|e| e.into_inner()).clone();
        match ended {
            Some(why) => cell.lock().lane.poison(&why),
            None if self.has_left() => cell.lock().lane.close(LEFT_WHY),
            None => {}
        }
    }

    /// Starts the thread that moves operations on while no thread of the program waits. It sleeps when nothing
    /// happens. Called by the first operation that is polled as a future.
    ///
    /// # Errors
    /// When the system gives no thread; a later call tries again. Operations go on as long as the program waits for them,
    /// tests them or polls them.
    #[inline]
    pub fn start_progress_thread(self: &Arc<Self>) -> std::io::Result<()> {
        match self.progress.get() {
            Some(_) => Ok(()),
            None => self.start_progress_thread_as(std::thread::Builder::new()),
        }
    }

    fn start_progress_thread_as(self: &Arc<Self>, thread: std::thread::Builder) -> std::io::Result<()> {
        // Held while one is made, so that there is one.
        let _ended = self.ended.lock().unwrap_or_else(|e| e.into_inner());
        if self.progress.get().is_some() {
            return Ok(());
        }
        let process = Arc::downgrade(self);
        let spawned = thread.name("archi-progress".into()).spawn(move || {
            os::signal::block_all();
            while let Some(process) = process.upgrade() {
                // Relaxed: it is polled, and orders nothing.
                if process.stopping.load(Ordering::Relaxed) {
                    break;
                }
                let stop = || process.stopping.load(Ordering::Relaxed) || Arc::strong_count(&process) == 1;
                process.house.rota.serve(&process.house, || process.clock.now(), stop);
            }
        })?;
        // It is the first: the lock is held.
        let _ = self.progress.set(spawned);
        Ok(())
    }

    /// Ends every operation of this process, now and later, with this reason. For a job that can't go on.
    pub fn revoke(&self, why: &str) {
        self.ended.lock().unwrap_or_else(|e| e.into_inner()).get_or_insert_with(|| why.to_owned());
        for cell in self.cells() {
            cell.lock().lane.poison(why);
            cell.wake();
        }
    }

    /// A handler of active messages has panicked: the job ends with that. Ranks as threads, and a process that nobody
    /// started, end all that they do with it.
    pub(crate) fn handler_panicked(&self, text: &str) {
        let why = format!("rank {} panicked in a handler of active messages: {text}", self.world.rank);
        match self.house.has_keeper() {
            true => self.abort(101, &why),
            false => self.revoke(&why),
        }
    }

    /// Leaves the job in order, together with the others: completes what was sent, exchanges farewells with every peer
    /// that it met (afterwards nobody reads this process's memory), and tells the keeper.
    ///
    /// # Errors
    /// When the job ended before that. The process has left all the same.
    pub fn finalize(&self) -> Result<(), engine::Error> {
        if !self.begin_to_leave() {
            return Ok(());
        }
        let mut outcome = Ok(());
        for cell in self.cells() {
            cell.wait_until(cell.lock(), None, None, &self.house, |lane| {
                lane.is_poisoned() || lane.all_sent()
            });
        }
        // On all lanes before it waits on any: one that has met nobody on a lane goes on to the next, and may be met there by
        // one that waits for it here until it has left.
        self.cells().for_each(|cell| cell.lock().lane.bid_farewell());
        for cell in self.cells() {
            cell.wait_until(cell.lock(), None, None, &self.house, |lane| {
                lane.is_poisoned() || lane.all_farewells_in()
            });
            let lane = &mut cell.lock().lane;
            lane.find_unreceived();
            outcome = outcome.and(if lane.is_poisoned() { lane.check_open() } else { Ok(()) });
        }
        self.say_goodbye();
        outcome
    }

    /// Leaves the job alone: lingers until what it sent has been taken (for 10 s, or until its peers are gone), then takes
    /// back what nobody has received; says farewell without waiting for an answer, and tells the keeper.
    ///
    /// When it returns nobody reads this process's memory: a receiver that was asked to forget a message has answered, has
    /// taken the message, or is gone. One that neither looks nor ends keeps this process waiting.
    pub fn leave(&self) {
        self.leave_within(LINGER_NS_MAX);
    }

    /// The same with another time to linger.
    pub fn leave_within(&self, linger_ns: u64) {
        if !self.begin_to_leave() {
            return;
        }
        let linger = |ns: u64| self.clock.now() + ns;
        for cell in self.cells() {
            let wait = |deadline, done: fn(&Lane) -> bool| {
                cell.wait_until(cell.lock(), None, deadline, &self.house, |lane| {
                    lane.is_poisoned() || done(lane)
                })
            };
            if !wait(Some(linger(linger_ns)), Lane::all_sent) {
                cell.lock().lane.cancel_sends();
                wait(None, |lane| !lane.is_sending());
            }
            cell.lock().lane.bid_farewell();
            wait(Some(linger(FAREWELL_NS_MAX)), Lane::all_sent);
            if self.is_checking() {
                wait(Some(linger(LAST_MESSAGES_NS)), Lane::all_farewells_in);
                cell.lock().lane.find_unreceived();
            }
        }
        self.say_goodbye();
    }

    /// From now on nothing can be started. Returns whether it is this call's to go on.
    fn begin_to_leave(&self) -> bool {
        // A copy was never there.
        if os::fork::is_copy() {
            return false;
        }
        if self.stage.compare_exchange(ACTIVE, LEAVING, Ordering::AcqRel, Ordering::Acquire).is_err() {
            return false;
        }
        // Who opens a lane now sees that, or has opened it before.
        drop(self.ended.lock());
        for cell in self.cells() {
            let lane = &mut cell.lock().lane;
            lane.find_incomplete();
            if lane.port().lane() == 0 {
                lane.meet_all(&self.world);
            }
            lane.close(LEFT_WHY);
        }
        true
    }

    fn say_goodbye(&self) {
        self.tell_findings();
        if self.surroundings.statistics {
            self.report_statistics();
        }
        let deadline = self.clock.now() + LINGER_NS_MAX;
        for cell in self.cells() {
            cell.lock().lane.port().leave();
            cell.wait_until(cell.lock(), None, Some(deadline), &self.house, |lane| lane.port().has_left());
            // Who still waits, on another thread or as a task, is told.
            let mut inside = cell.lock();
            inside.lane.poison(LEFT_WHY);
            inside.lane.drop_handlers();
            drop(inside);
            cell.wake();
            cell.wait_until(cell.lock(), None, Some(deadline), &self.house, |lane| !lane.has_work());
        }
        self.house.tell(&ToKeeper::Goodbye);
        self.house.say_goodbye();
        self.stage.store(LEFT, Ordering::Release);
        self.stop_progress_thread();
    }

    fn stop_progress_thread(&self) {
        if os::fork::is_copy() {
            return;
        }
        self.stopping.store(true, Ordering::Relaxed);
        if self.progress.get().is_some() {
            self.house.rota.stewardship.call();
        }
    }

    /// Whether the process has left, or is about to.
    pub fn has_left(&self) -> bool {
        self.stage.load(Ordering::Acquire) != ACTIVE
    }

    /// Ends the whole job with this status; works from any thread while others block. Under no launcher it ends this
    /// process, and in a copy that `fork` has made the copy.
    pub fn abort(&self, code: i32, reason: &str) -> ! {
        self.house.tell(&ToKeeper::Abort { code, reason: reason.to_owned() });
        self.house.abort(code, reason);
        if !self.house.has_keeper() || os::fork::is_copy() {
            // Nobody may read it any more.
            let _ = writeln!(std::io::stderr(), "archipelago: aborted with status {code}: {reason}");
        }
        os::exit::fail(code)
    }

    /// Tells the keeper the counts: by peer for the engine's messages and the transport's frames, and once what belongs to
    /// no peer.
    fn report_statistics(&self) {
        let (total, waits) = (self.counters(), self.waits());
        let mut lines = vec![control::Statistic {
            layer: "engine".to_owned(),
            waits: waits.waits,
            bytes_copied: total.bytes_copied,
            ..control::Statistic::default()
        }];
        lines.extend(self.peer_counters().iter().map(|(process, c)| control::Statistic {
            layer: "engine".to_owned(),
            peer: Some(process.number),
            messages_out: c.messages_sent,
            bytes_out: c.bytes_sent,
            messages_in: c.messages_received,
            bytes_in: c.bytes_received,
            waits: c.waited_for_room,
            bytes_copied: 0,
        }));
        for cell in self.cells() {
            let mut inside = cell.lock();
            let layer = inside.lane.port().transport();
            lines.extend(inside.lane.transport_counters().map(|(process, c)| control::Statistic {
                layer: layer.to_owned(),
                peer: Some(process.number),
                messages_out: c.sent_frames,
                bytes_out: c.sent_bytes,
                messages_in: c.received_frames,
                bytes_in: c.received_bytes,
                waits: c.refused,
                bytes_copied: 0,
            }));
        }
        for part in lines.chunks(control::process::STATISTICS_MAX) {
            self.house.tell(&ToKeeper::Statistics(part.to_vec()));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.leave();
        self.stop_progress_thread();
    }
}

/// On which hosts the members of a group are, if on several: as the keeper says (the lowest numbers on each), or as many as the
/// user would have them be on. Everybody comes to the same.
fn hosts_of(group: &Group, job: JobId, config: &Config, firsts: &[u32]) -> Option<Hosts> {
    if config.hosts < 2 && firsts.len() < 2 {
        return None;
    }
    let host = |process: ProcessId| match process.job == job {
        false => u64::MAX,
        true if config.hosts == 0 => control::process::host_of(firsts, process.number) as u64,
        true => process.number as u64 * config.hosts as u64 / config.job_size.max(1) as u64,
    };
    Hosts::new(group.processes().map(host))
}

/// The world's board, if all its members share this host.
fn world_board(port: &Port, pool: Arc<BoardPool>, group: &Group, rank: usize) -> Option<Board> {
    let place = |rank| Some(Place::of_world(port.slot_of(group.process(rank)?)?));
    let places = (0..group.size()).map(place).collect::<Option<Vec<_>>>()?;
    Board::new(pool, 0, places.into(), rank)
}

#[cfg(test)]
mod tests {
    use crate::harness;

    #[test]
    fn members_are_on_the_hosts_that_the_keeper_names_or_the_user_pretends() {
        let (job, group) = (super::JobId(7), super::Group::world(super::JobId(7), 5));
        let hosts = |hosts: u32, firsts: &[u32]| {
            let config = engine::Config { hosts, job_size: 5, ..engine::Config::default() };
            let of = |found: super::Hosts| (0..5).map(|rank| found.of(rank)).collect::<Vec<_>>();
            super::hosts_of(&group, job, &config, firsts).map(of)
        };
        assert_eq!(hosts(0, &[0]), None);
        assert_eq!(hosts(0, &[0, 2, 3]), Some(vec![0, 0, 1, 2, 2]));
        assert_eq!(hosts(2, &[0]), Some(vec![0, 0, 0, 1, 1]));
        assert_eq!(hosts(1, &[0, 2, 3]), None, "one host, says the user");
    }

    #[test]
    fn a_system_without_threads_is_an_error_and_no_end() {
        let process = harness::world(1, engine::Config::default()).remove(0);
        // More than any address space has.
        let impossible = std::thread::Builder::new().stack_size(1 << 60);
        assert!(process.start_progress_thread_as(impossible).is_err());
        assert!(process.progress.get().is_none());
        assert!(process.start_progress_thread().is_ok() && process.start_progress_thread().is_ok());
        assert!(process.progress.get().is_some());
    }
}
