//! Lanes of one world, driven by hand in an order that a seed decides.

use std::collections::VecDeque;
use std::sync::Arc;

use archipelago_engine::collective::{Algorithm, Call, Hosts, Operands};
use archipelago_engine::{Communicator, Config, Error, Group, Lane, Polled, RequestId, Status, Work};
use fabric::sim::{self, Settings};
use fabric::{Host, Port};
use mapped::board::{Board, BoardPool, PAYLOAD_BYTES, Place};
use os::Time;
use wire::{ContextId, JobId, ProcessId};

/// A small generator (xorshift64).
pub struct Chance(pub u64);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(seed.max(1).wrapping_mul(0x9e37_79b9))
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }
}

/// A rank: its lane, and the work that it has taken but not yet done.
pub struct Rank {
    pub lane: Lane,
    pub world: Arc<Communicator>,
    work: VecDeque<Work>,
}

/// All ranks.
pub struct World {
    pub ranks: Vec<Rank>,
    pub chance: Chance,
    /// The simulated transport, if it is one.
    pub network: Option<sim::World>,
}

/// Lanes that a simulated process can have.
const LANES: u16 = 16;

/// Numbers the worlds of this process.
static WORLDS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);

impl World {
    /// A world on shared memory, driven in the order of `seed`.
    pub fn new(size: u32, seed: u64, config: Config) -> World {
        // Relaxed: only uniqueness matters.
        let job = JobId(WORLDS.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        let host = Host::create(size as u16).expect("memory to share");
        let rank = |number: u32| {
            let me = ProcessId { job, number, incarnation: 0 };
            let port = Port::on_host(&host, number as u16, me, 0);
            let places = (0..size as u16).map(Place::of_world).collect();
            let pool = BoardPool::new(host.segment().clone(), number as u16);
            let board = Board::new(pool, 0, places, number as usize);
            let world =
                Communicator::new(ContextId::WORLD, Group::world(job, size), number as usize, "world".into());
            Rank {
                lane: Lane::new(port, Config { job_size: size, ..config }),
                world: Arc::new(world.with_board(board)),
                work: VecDeque::new(),
            }
        };
        World { ranks: (0..size).map(rank).collect(), chance: Chance::new(seed), network: None }
    }

    /// A world on a simulated network, whose jitter and whose drive both follow `seed`. It has no board.
    pub fn simulated(size: u32, seed: u64, config: Config) -> World {
        let network = sim::World::new(Settings::shaken(seed));
        let job = JobId(seed);
        let rank = |number: u32| {
            let port =
                Port::in_world(network.port(ProcessId { job, number, incarnation: 0 })).with_lanes(LANES);
            let group = Group::world(job, size);
            Rank {
                lane: Lane::new(port, Config { job_size: size, ..config }),
                world: Arc::new(Communicator::new(ContextId::WORLD, group, number as usize, "world".into())),
                work: VecDeque::new(),
            }
        };
        let ranks = (0..size).map(rank).collect();
        World { ranks, chance: Chance::new(seed), network: Some(network) }
    }

    /// The same with several lanes of each process: lane l of process p is the rank with the index `l * size + p` here.
    #[allow(dead_code, reason = "the tests of lanes use it")]
    pub fn with_lanes(size: u32, lanes: u16, seed: u64, config: Config) -> World {
        let World { mut ranks, chance, network } = World::simulated(size, seed, config);
        for lane in 1..lanes {
            for number in 0..size as usize {
                let port = ranks[number].lane.port().beside(lane).expect("a process can have so many lanes");
                let lane = Lane::new(port, Config { job_size: size, ..config });
                ranks.push(Rank { lane, world: ranks[number].world.clone(), work: VecDeque::new() });
            }
        }
        World { ranks, chance, network }
    }

    /// Does what a rank was told to do at once.
    #[allow(dead_code, reason = "the tests of lanes use it")]
    pub fn run_work(&mut self, rank: usize, work: Work) {
        // SAFETY: the tests keep every buffer until its operation is complete.
        if let Some(finished) = unsafe { work.run(|_| {}) } {
            self.ranks[rank].lane.finish(finished);
        }
    }

    /// Has the ranks know that each is on the host with this number.
    pub fn spread(&mut self, host: impl Fn(u32) -> u32) {
        let size = self.ranks.len() as u32;
        for (number, rank) in self.ranks.iter_mut().enumerate() {
            let group = rank.world.group.clone();
            let world = Communicator::new(ContextId::WORLD, group, number, "world".into());
            rank.world = Arc::new(world.with_hosts(Hosts::new((0..size).map(&host))));
        }
    }

    /// Bytes of a cell of the board that the members share, if they do.
    pub fn board(&self) -> Option<u64> {
        self.ranks[0].world.board().map(|_| PAYLOAD_BYTES as u64)
    }

    /// Lets one rank, chosen by the seed, do one thing. Returns whether it moved anything.
    pub fn step(&mut self) -> bool {
        if let Some(network) = &self.network
            && self.chance.below(2) == 0
        {
            return network.step().is_some();
        }
        let now = self.network.as_ref().map_or(Time(0), sim::World::now);
        let rank = self.chance.below(self.ranks.len());
        let delay = self.chance.below(3) == 0;
        let rank = &mut self.ranks[rank];
        // Work takes its time; a lane is not polled again before it is done.
        if delay && !rank.work.is_empty() {
            return true;
        }
        if let Some(work) = rank.work.pop_front() {
            // SAFETY: the tests keep every buffer until its operation is complete.
            if let Some(finished) = unsafe { work.run(|_| {}) } {
                rank.lane.finish(finished);
            }
            return true;
        }
        match rank.lane.poll(now, None) {
            Polled::Work(work) => {
                rank.work.push_back(work);
                true
            }
            Polled::Progress => true,
            Polled::Idle => false,
        }
    }

    /// Lets a simulated world run until nothing more happens: each rank that has something to look at polls until it is
    /// idle. For many ranks.
    pub fn run_network(&mut self) {
        let network = self.network.clone().expect("a simulated world");
        (0..self.ranks.len()).for_each(|rank| self.poll_until_idle(rank, network.now()));
        while let Some(process) = network.step() {
            self.poll_until_idle(process.number as usize, network.now());
        }
    }

    fn poll_until_idle(&mut self, rank: usize, now: Time) {
        let lane = &mut self.ranks[rank].lane;
        loop {
            match lane.poll(now, None) {
                Polled::Work(work) => {
                    // SAFETY: the tests keep every buffer until its operation is complete.
                    if let Some(finished) = unsafe { work.run(|_| {}) } {
                        lane.finish(finished);
                    }
                }
                Polled::Progress => {}
                Polled::Idle => return,
            }
        }
    }

    /// Starts a collective at one rank.
    pub fn start(
        &mut self,
        call: &Call,
        algorithm: &'static Algorithm,
        operands: Operands,
    ) -> Result<RequestId, Error> {
        let rank = &mut self.ranks[call.rank as usize];
        let world = rank.world.clone();
        rank.lane.start_collective(&world, call, algorithm, &operands)
    }

    /// Steps until all these requests (rank, request) are complete, and returns their outcomes; panics if nothing
    /// moves any more.
    pub fn wait_all(&mut self, requests: &[(usize, RequestId)], what: &str) -> Vec<Result<Status, Error>> {
        let mut idle = 0;
        while !requests.iter().all(|(rank, request)| self.ranks[*rank].lane.is_complete(*request)) {
            idle = if self.step() { 0 } else { idle + 1 };
            assert!(idle < 200_000, "nothing moves any more: {what}");
        }
        let outcome = |(rank, request): &(usize, RequestId)| self.ranks[*rank].lane.take(*request).unwrap();
        requests.iter().map(outcome).collect()
    }
}
