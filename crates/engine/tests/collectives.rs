//! The executor, on real lanes and real bytes, in orders that seeds decide: every collective, every algorithm, every
//! root, operators that don't commute, empty blocks, vector forms, calls in place.

mod values;
mod world;

use std::sync::Arc;

use archipelago_engine::cartesian::{self, Dimension, Grid};
use archipelago_engine::collective::{
    Advance, Algorithm, Begun, Blocks, Call, Case, Collective, Lengths, Neighbourhood, Operands, Traffic,
    named, table,
};
use archipelago_engine::{Config, Error, Pointer, RequestId};
use fabric::sim::Fault;
use values::{compose, operator, value};
use world::World;

/// What fills buffers that nothing may write to.
const UNTOUCHED: u64 = 0xeeee_eeee_eeee_eeee;

/// A collective of all ranks of a world.
#[derive(Clone)]
struct Job {
    case: Case,
    root: u32,
    root_in_place: bool,
}

/// One rank's part: its buffers, and what its output must be in the end.
struct Part {
    call: Call,
    input: Vec<u64>,
    output: Vec<u64>,
    expected: Vec<u64>,
}

/// Sizes of the blocks of a vector form; symmetric, as an exchange in place demands.
fn uneven(from: u32, to: u32) -> u64 {
    ((from ^ to) % 4).saturating_sub(1) as u64 * 3
}

impl Job {
    fn addressed(&self) -> bool {
        matches!(
            self.case.collective,
            Collective::Scatter
                | Collective::AllToAll
                | Collective::ReduceScatter
                | Collective::NeighbourAllToAll
        )
    }

    fn count(&self, from: u32, to: u32) -> u64 {
        if self.case.listed && self.case.collective == Collective::ReduceScatter {
            uneven(to, 0)
        } else if self.case.listed {
            uneven(from, if self.addressed() { to } else { 0 })
        } else {
            self.case.elements
        }
    }

    fn block(&self, from: u32, to: u32) -> Vec<u64> {
        let to = if self.addressed() { to } else { 0 };
        (0..self.count(from, to)).map(|e| value(from, to, e)).collect()
    }

    /// A buffer with a block for each rank: how it is cut, and its blocks' places. Vector forms have gaps.
    fn buffer(&self, block: impl Fn(u32) -> Vec<u64>, filled: bool) -> (Lengths, Vec<u64>) {
        self.buffer_of(self.case.size, block, filled)
    }

    /// The same with so many blocks.
    fn buffer_of(&self, blocks: u32, block: impl Fn(u32) -> Vec<u64>, filled: bool) -> (Lengths, Vec<u64>) {
        let (mut places, mut counts, mut data) = (Vec::new(), Vec::new(), Vec::new());
        let gaps = self.case.listed && self.case.collective != Collective::ReduceScatter;
        for rank in 0..blocks {
            let block = block(rank);
            data.resize(data.len() + if gaps { rank as usize % 3 } else { 0 }, UNTOUCHED);
            places.push(data.len() as u64);
            counts.push(block.len() as u64);
            match filled {
                true => data.extend(block),
                false => data.resize(data.len() + block.len(), UNTOUCHED),
            }
        }
        let lengths = match self.case.listed {
            true => Lengths::Listed(Arc::new(Blocks::displaced(&counts, &places, 8))),
            false => Lengths::Alike,
        };
        (lengths, data)
    }

    fn reduced(&self, ranks: std::ops::Range<u32>, to: u32) -> Vec<u64> {
        let combine = |left: u64, right: u64| match self.case.commutative {
            true => left.wrapping_add(right),
            false => compose(left, right),
        };
        let elements = if self.addressed() { self.count(0, to) } else { self.case.elements };
        (0..elements).map(|e| ranks.clone().map(|rank| value(rank, to, e)).reduce(combine).unwrap()).collect()
    }

    /// A grid of two dimensions, of which one closes to a ring.
    fn neighbours(&self, rank: u32) -> Neighbourhood {
        let mut points = [0, 0];
        cartesian::balance(self.case.size as usize, &mut points).unwrap();
        let dimensions = [(points[0], false), (points[1], true)];
        let dimensions = dimensions.map(|(points, periodic)| Dimension { points, periodic });
        Neighbourhood::of_grid(&Grid::new(self.case.size as usize, &dimensions).unwrap(), rank as usize)
    }

    fn part(&self, rank: u32) -> Part {
        let (case, root) = (self.case, self.root);
        let at_root = rank == root;
        let has_root = case.collective.has_root();
        let in_place = if has_root { self.root_in_place && at_root } else { case.in_place };
        let own = |bytes: usize| match case.listed {
            true => Lengths::Bytes(8 * bytes as u64),
            false => Lengths::Alike,
        };
        let mine = self.block(rank, rank);
        let from_all = |filled| self.buffer(|from| self.block(from, rank), filled);
        let to_all = |filled| self.buffer(|to| self.block(rank, to), filled);
        let blank = |like: &Vec<u64>| vec![UNTOUCHED; like.len()];
        let (mut input_lengths, mut output_lengths) = (Lengths::Alike, Lengths::Alike);
        let (mut input, mut output, expected) = match case.collective {
            Collective::Barrier => (vec![], vec![], vec![]),
            Collective::Broadcast => {
                let data = self.block(root, 0);
                (vec![], if at_root { data.clone() } else { blank(&data) }, data)
            }
            Collective::Gather | Collective::AllGather => {
                input_lengths = own(mine.len());
                if case.collective == Collective::Gather && !at_root {
                    (mine, vec![], vec![])
                } else {
                    let expected;
                    (output_lengths, expected) = from_all(true);
                    let mut output = from_all(false).1;
                    if in_place {
                        // Only its own block is there.
                        let only_mine = |from: u32| match from == rank {
                            true => self.block(from, rank),
                            false => vec![UNTOUCHED; self.count(from, 0) as usize],
                        };
                        output = self.buffer(only_mine, true).1;
                    }
                    (mine, output, expected)
                }
            }
            Collective::Scatter => {
                let block = self.block(root, rank);
                output_lengths = own(block.len());
                let input = if at_root {
                    let input;
                    (input_lengths, input) = to_all(true);
                    input
                } else {
                    vec![]
                };
                if in_place { (input, vec![], vec![]) } else { (input, blank(&block), block) }
            }
            Collective::AllToAll => {
                let (input, expected);
                (input_lengths, input) = to_all(true);
                (output_lengths, expected) = from_all(true);
                let output = if in_place { input.clone() } else { from_all(false).1 };
                (input, output, expected)
            }
            Collective::ReduceScatter => {
                let input;
                (input_lengths, input) = to_all(true);
                let result = self.reduced(0..case.size, rank);
                if in_place {
                    output_lengths = input_lengths.clone();
                    (vec![], input, result)
                } else {
                    output_lengths = own(result.len());
                    (input, blank(&result), result)
                }
            }
            Collective::NeighbourAllGather | Collective::NeighbourAllToAll => {
                let neighbours = self.neighbours(rank);
                let coming = |place: u32| match neighbours.sources()[place as usize] {
                    Some(source) => self.block(source.rank, source.place),
                    None => vec![UNTOUCHED; if case.listed { 2 } else { case.elements as usize }],
                };
                let (sources, destinations) = (neighbours.sources().len(), neighbours.destinations().len());
                let (mut input, expected, output);
                (output_lengths, expected) = self.buffer_of(sources as u32, coming, true);
                output = self.buffer_of(sources as u32, coming, false).1;
                input = self.block(rank, 0);
                input_lengths = own(input.len());
                if case.collective == Collective::NeighbourAllToAll {
                    let leaving = |place: u32| self.block(rank, place);
                    (input_lengths, input) = self.buffer_of(destinations as u32, leaving, true);
                }
                (input, output, expected)
            }
            Collective::Reduce | Collective::AllReduce | Collective::Scan | Collective::ExclusiveScan => {
                let end = match case.collective {
                    Collective::Scan => rank + 1,
                    Collective::ExclusiveScan => rank,
                    _ => case.size,
                };
                let output = if in_place { mine.clone() } else { blank(&mine) };
                // Rank 0 of an exclusive scan gets nothing.
                let expected = if end == 0 { output.clone() } else { self.reduced(0..end, 0) };
                match case.collective == Collective::Reduce && !at_root {
                    true => (mine, vec![], vec![]),
                    false => (mine, output, expected),
                }
            }
        };
        if in_place && case.collective != Collective::Scatter {
            input.clear();
        }
        output.shrink_to_fit();
        let neighbours = case.collective.has_neighbours().then(|| Arc::new(self.neighbours(rank)));
        let call = Call {
            neighbours,
            in_place: if has_root { self.root_in_place } else { case.in_place },
            input: input_lengths,
            output: output_lengths,
            ..Call::new(case, rank, root)
        };
        Part { call, input, output, expected }
    }
}

/// A job under way: its parts must stay where they are until it is complete.
struct Running {
    parts: Vec<Part>,
    requests: Vec<(usize, RequestId)>,
    what: String,
}

/// Starts a job at all ranks, in an order that the world's seed decides.
fn start(world: &mut World, algorithm: &'static Algorithm, job: &Job) -> Running {
    let what = format!("{} {} {:?} root {}", algorithm.collective.name(), algorithm.name, job.case, job.root);
    let mut parts: Vec<Part> = (0..job.case.size).map(|rank| job.part(rank)).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    for i in (1..order.len()).rev() {
        order.swap(i, world.chance.below(i + 1));
    }
    let mut requests = Vec::new();
    for rank in order {
        let part = &mut parts[rank];
        let operands = Operands {
            input: Pointer::reading(part.input.as_ptr().cast()),
            output: Pointer::new(part.output.as_mut_ptr().cast()),
            operator: job.case.collective.reduces().then(|| operator(job.case.commutative)),
        };
        requests.push((rank, world.start(&part.call, algorithm, operands).unwrap()));
        // Some are well under way before others start.
        for _ in 0..world.chance.below(20) {
            world.step();
        }
    }
    Running { parts, requests, what }
}

fn finish(world: &mut World, running: Running, seed: u64) {
    for outcome in world.wait_all(&running.requests, &running.what) {
        assert!(outcome.is_ok(), "{}: {outcome:?}, seed {seed}", running.what);
    }
    for (rank, part) in running.parts.iter().enumerate() {
        // Behind its result, a reduce-scatter in place leaves whatever it likes.
        let output = &part.output[..part.expected.len()];
        assert_eq!(output, part.expected, "{} at rank {rank}, seed {seed}", running.what);
    }
}

/// All forms of a collective for a size, with vectors or blocks of these lengths.
fn jobs(collective: Collective, size: u32, lengths: &[u64], board: Option<u64>) -> Vec<Job> {
    let mut jobs = Vec::new();
    let mut push = |case: Case| {
        let roots = if collective.has_root() { size } else { 1 };
        let degree = if collective.has_neighbours() { 4 } else { 0 };
        let job =
            |case: Case, root, root_in_place| Job { case: Case { degree, ..case }, root, root_in_place };
        jobs.extend((0..roots).map(|root| job(case, root, false)));
        match collective {
            Collective::Barrier | Collective::Broadcast => {}
            _ if collective.has_neighbours() => {}
            _ if collective.has_root() => jobs.extend((0..roots).map(|root| job(case, root, true))),
            _ => jobs.push(job(Case { in_place: true, ..case }, 0, false)),
        }
    };
    for commutative in [true, false] {
        if !commutative && !collective.reduces() {
            continue;
        }
        for &elements in lengths {
            push(Case { commutative, board, ..Case::new(collective, size, elements, 8) });
        }
        if collective.by_rank() {
            push(Case { listed: true, commutative, board, ..Case::new(collective, size, 0, 8) });
        }
    }
    jobs
}

/// Runs everything that fits; returns how many collectives that were.
fn check_all(world: &mut World, lengths: &[u64], seed: u64) -> u64 {
    let size = world.ranks.len() as u32;
    for algorithm in table::TABLE {
        for mut job in jobs(algorithm.collective, size, lengths, world.board()) {
            job.case.spread = world.ranks[0].world.hosts().map(|hosts| hosts.spread());
            // Every root of the small worlds, and one of the large, another for each algorithm and form.
            let chosen = world.chance.below(size as usize) as u32;
            if algorithm.fits(&job.case)
                && (size <= 5 || !job.case.collective.has_root() || job.root == chosen)
            {
                let running = start(world, algorithm, &job);
                finish(world, running, seed);
            }
        }
    }
    world.ranks[0].lane.counters().collectives
}

fn check_size(size: u32, lengths: &[u64], seed: u64, config: Config) -> u64 {
    check_all(&mut World::new(size, seed, config), lengths, seed)
}

/// How many seeds to try; many more in the long form, which `cargo xtask soak` runs.
fn seeds(usual: u64) -> u64 {
    let factor = std::env::var("ARCHIPELAGO_SOAK").ok().and_then(|factor| factor.parse().ok());
    usual * factor.unwrap_or(1)
}

#[test]
fn every_algorithm_delivers_at_every_size() {
    let check = |size| check_size(size, &[0, 1, 37], size as u64, Config::default());
    let collectives: u64 = (1..=17).map(check).sum();
    assert!(collectives > 3_000, "{collectives}");
}

#[test]
fn every_algorithm_delivers_over_a_network_that_delays_and_reorders() {
    for seed in 1..=seeds(12) {
        let size = [2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 16, 17][seed as usize % 12];
        check_all(&mut World::simulated(size, seed, Config::default()), &[0, 1, 37], seed);
    }
}

#[test]
fn forms_of_two_levels_deliver_over_a_network() {
    for seed in 1..=seeds(10) {
        let size = [2, 3, 4, 5, 7, 8, 11, 13, 16, 17][seed as usize % 10];
        let mut world = World::simulated(size, seed, Config::default());
        // In rows and not, of one member and of several.
        let ways: [fn(u32) -> u32; 4] = [|rank| rank / 3, |rank| rank % 2, |rank| rank, u32::isqrt];
        world.spread(ways[seed as usize % 4]);
        check_all(&mut world, &[0, 1, 37, 2_011], seed);
    }
}

#[test]
fn large_messages_are_announced_and_streamed() {
    for size in [2, 3, 5] {
        check_size(size, &[20_011], 77 + size as u64, Config::default());
        check_all(&mut World::simulated(size, 7, Config::default()), &[20_011], 7);
    }
}

#[test]
fn no_buffer_is_needed_for_any_of_them() {
    // Nothing goes eagerly: every message of every algorithm waits for its receive.
    let config = Config { eager_bytes: Some(0), pool_bytes: 0, ..Config::default() };
    for size in [2, 3, 4, 7] {
        check_size(size, &[0, 5], 99 + size as u64, config);
        check_all(&mut World::simulated(size, size as u64, config), &[0, 5], size as u64);
    }
}

#[test]
fn many_collectives_at_once_on_one_communicator() {
    for seed in 1..=seeds(20) {
        let size = 2 + (seed % 6) as u32;
        let mut world = match seed % 2 {
            0 => World::new(size, seed, Config::default()),
            _ => World::simulated(size, seed, Config::default()),
        };
        let algorithms: Vec<_> = table::TABLE.iter().collect();
        let mut running = Vec::new();
        for _ in 0..12 {
            let algorithm = algorithms[world.chance.below(algorithms.len())];
            let fitting: Vec<Job> = jobs(algorithm.collective, size, &[0, 3, 600], world.board())
                .into_iter()
                .filter(|job| algorithm.fits(&job.case))
                .collect();
            if fitting.is_empty() {
                continue;
            }
            let job = &fitting[world.chance.below(fitting.len())];
            // All ranks start all collectives in the same order; each is started everywhere before the next.
            running.push(start(&mut world, algorithm, job));
        }
        for running in running {
            finish(&mut world, running, seed);
        }
        assert!(world.ranks.iter().all(|rank| rank.lane.pending() == 0));
    }
}

#[test]
fn a_root_that_is_no_member_is_refused_before_anything_is_sent() {
    let mut world = World::new(2, 3, Config::default());
    let call = Call::new(Case::new(Collective::Broadcast, 2, 0, 1), 0, 2);
    let outcome = world.start(&call, named(Collective::Broadcast, "binomial").unwrap(), Operands::NONE);
    assert_eq!(outcome, Err(Error::NoSuchRank { rank: 2, size: 2 }));
    assert_eq!(world.ranks[0].lane.pending(), 0);
}

#[test]
fn what_ends_a_lane_ends_its_collectives() {
    let mut world = World::new(3, 5, Config::default());
    let algorithm = named(Collective::Barrier, "dissemination").unwrap();
    let call = Call::new(Case::new(Collective::Barrier, 3, 0, 1), 0, 0);
    let request = world.start(&call, algorithm, Operands::NONE).unwrap();
    for _ in 0..100 {
        world.step();
    }
    assert!(!world.ranks[0].lane.is_complete(request));
    world.ranks[0].lane.poison("rank 2 panicked");
    let outcome = world.ranks[0].lane.take(request);
    assert_eq!(outcome, Some(Err(Error::Revoked("rank 2 panicked".to_owned()))));
    assert_eq!(world.ranks[0].lane.pending(), 0);
}

#[test]
fn what_ends_a_lane_ends_a_collective_that_its_caller_moves_on() {
    let mut world = World::new(2, 3, Config::default());
    let algorithm = named(Collective::Barrier, "board").unwrap();
    let case = Case { board: world.board(), ..Case::new(Collective::Barrier, 2, 0, 1) };
    let rank = &mut world.ranks[0];
    let members = rank.world.clone();
    let begun = rank.lane.begin_collective(&members, &Call::new(case, 0, 0), algorithm, &Operands::NONE);
    let Ok(Begun::Inline(mut inline)) = begun else { panic!("nothing stands before it on the board") };
    // It has told rank 1, who does not come.
    assert!(matches!(inline.advance(), Advance::Wait));
    rank.lane.poison("rank 1 panicked");
    let request = rank.lane.adopt(inline, None);
    assert_eq!(rank.lane.take(request), Some(Err(Error::Revoked("rank 1 panicked".to_owned()))));
    assert_eq!(rank.lane.pending(), 0);
}

#[test]
fn a_member_that_dies_is_named_by_those_who_wait_for_it() {
    for seed in 1..=seeds(20) {
        let mut world = World::simulated(4, seed, Config::default());
        let algorithm = named(Collective::Gather, "linear").unwrap();
        let case = Case::new(Collective::Gather, 4, 1000, 8);
        let (input, mut output) = (vec![1u64; 1000], vec![0u64; 4000]);
        let operands = Operands {
            input: Pointer::reading(input.as_ptr().cast()),
            output: Pointer::new(output.as_mut_ptr().cast()),
            operator: None,
        };
        // Rank 2 never calls it.
        let requests: Vec<_> = [0, 1, 3]
            .into_iter()
            .map(|rank| {
                (rank, world.start(&Call::new(case, rank as u32, 0), algorithm, operands.clone()).unwrap())
            })
            .collect();
        for _ in 0..world.chance.below(400) {
            world.step();
        }
        let process = world.ranks[0].world.group.process(2).unwrap();
        let how = "killed by signal 9 (SIGKILL)".to_owned();
        world.network.as_ref().unwrap().strike(Fault::Kill { process, how });
        let outcomes = world.wait_all(&requests, "a gather from the dead");
        let error = outcomes[0].as_ref().expect_err("rank 2 is dead");
        assert!(matches!(error, Error::PeerFailed { rank: Some(2), .. }), "{error:?}, seed {seed}");
        assert_eq!(world.ranks[0].lane.pending(), 0, "seed {seed}");
    }
}

#[test]
fn an_algorithm_that_does_not_fit_is_refused_with_its_needs() {
    let mut world = World::new(3, 3, Config::default());
    let case = Case { commutative: false, ..Case::new(Collective::AllReduce, 3, 4, 8) };
    let ring = named(Collective::AllReduce, "ring").unwrap();
    let error = world.start(&Call::new(case, 0, 0), ring, Operands::NONE).unwrap_err();
    assert_eq!(error, Error::Unfit(ring));
    assert_eq!(error.to_string(), "the all-reduce algorithm \"ring\" needs: commutative");
    assert_eq!(world.ranks[0].lane.pending(), 0);
}

#[test]
fn a_member_that_dies_is_named_by_everybody_even_by_who_comes_later() {
    for seed in 1..=seeds(20) {
        // A ring: rank 2 hears from rank 1 and speaks to rank 3; ranks 0 and 4 never speak to it.
        let mut world = World::simulated(5, seed, Config::default());
        let algorithm = named(Collective::AllGather, "ring").unwrap();
        let case = Case::new(Collective::AllGather, 5, 100, 8);
        let mut buffers: Vec<_> = (0..5).map(|_| (vec![1u64; 100], vec![0u64; 500])).collect();
        let mut start = |world: &mut World, rank: usize| {
            let (input, output) = &mut buffers[rank];
            let operands = Operands {
                input: Pointer::reading(input.as_ptr().cast()),
                output: Pointer::new(output.as_mut_ptr().cast()),
                operator: None,
            };
            (rank, world.start(&Call::new(case, rank as u32, 0), algorithm, operands).unwrap())
        };
        let mut requests = vec![start(&mut world, 1), start(&mut world, 3), start(&mut world, 4)];
        let process = world.ranks[0].world.group.process(2).unwrap();
        let how = "killed by signal 9 (SIGKILL)".to_owned();
        world.network.as_ref().unwrap().strike(Fault::Kill { process, how: how.clone() });
        for _ in 0..world.chance.below(4000) {
            world.step();
        }
        requests.push(start(&mut world, 0));
        for outcome in world.wait_all(&requests, "a ring with a gap") {
            let expected =
                Error::PeerFailed { rank: Some(2), process, cause: fabric::Cause::Died(how.clone()) };
            assert_eq!(outcome, Err(expected), "seed {seed}");
        }
        assert!(world.ranks.iter().all(|rank| rank.lane.pending() == 0), "seed {seed}");
    }
}

/// Runs a job on `size` simulated ranks and compares what their counters say with the algorithm's row.
fn check_traffic(collective: Collective, name: &str, size: u32, elements: u64) {
    let algorithm = named(collective, name).unwrap();
    let degree = if collective.has_neighbours() { 4 } else { 0 };
    let case = Case { degree, ..Case::new(collective, size, elements, 8) };
    let mut world = World::simulated(size, 1, Config::default());
    let job = Job { case, root: 0, root_in_place: false };
    let mut parts: Vec<Part> = (0..size).map(|rank| job.part(rank)).collect();
    for part in &mut parts {
        let operands = Operands {
            input: Pointer::reading(part.input.as_ptr().cast()),
            output: Pointer::new(part.output.as_mut_ptr().cast()),
            operator: collective.reduces().then(|| operator(true)),
        };
        world.start(&part.call, algorithm, operands).unwrap();
    }
    world.run_network();
    let mut found = Traffic::default();
    for (rank, part) in world.ranks.iter().zip(&parts) {
        assert_eq!(part.output, part.expected, "{name}");
        let counters = rank.lane.counters();
        assert_eq!(counters.collectives, 1, "{name}");
        found.messages += counters.peers.messages_sent;
        found.bytes += counters.peers.bytes_sent;
    }
    assert_eq!(found, (algorithm.traffic)(&case), "{} {name} of {size}", collective.name());
}

#[test]
fn what_the_counters_say_is_what_the_table_states() {
    // How many edges an open grid has, the table doesn't know.
    let stated = |algorithm: &&Algorithm| !algorithm.uses_board() && !algorithm.collective.has_neighbours();
    for algorithm in table::TABLE.iter().filter(stated) {
        let elements = if algorithm.collective == Collective::Barrier { 0 } else { 70 };
        for size in [13, 32] {
            if algorithm.fits(&Case::new(algorithm.collective, size, elements, 8)) {
                check_traffic(algorithm.collective, algorithm.name, size, elements);
            }
        }
    }
}

#[test]
fn a_thousand_and_twenty_four_lanes_send_what_the_textbook_says() {
    check_traffic(Collective::Barrier, "dissemination", 1024, 0);
    check_traffic(Collective::Broadcast, "binomial", 1024, 5);
    check_traffic(Collective::AllReduce, "doubling", 1024, 5);
    check_traffic(Collective::AllReduce, "rabenseifner", 1024, 1024);
    check_traffic(Collective::Gather, "binomial", 1024, 1);
    check_traffic(Collective::Scan, "doubling", 1024, 1);
    check_traffic(Collective::ExclusiveScan, "doubling", 1024, 1);
    check_traffic(Collective::ReduceScatter, "butterfly", 1024, 1);
    check_traffic(Collective::AllReduce, "circulant", 1024, 1024);
}
