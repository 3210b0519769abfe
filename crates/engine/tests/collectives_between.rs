//! Collectives between two groups, on real lanes and real bytes over simulated networks whose orders seeds decide: every row of the
//! table for that, every root, sides of all sizes, operators that don't commute, parts of any lengths.

mod values;
#[allow(dead_code, reason = "other tests use the rest")]
mod world;

use std::ops::Range;
use std::sync::Arc;

use archipelago_engine::collective::{
    Algorithm, Blocks, Call, Case, Collective, Lengths, Need, Operands, table,
};
use archipelago_engine::{Config, Pointer};
use values::{compose, operator, value};
use world::World;

/// What fills buffers that nothing may write to.
const UNTOUCHED: u64 = 0xeeee_eeee_eeee_eeee;

/// A collective of all ranks of both sides: the first `case.sides` of them and the others.
struct Job {
    case: Case,
    root: u32,
}

/// One rank's part: its buffers, and what its output must be in the end.
struct Part {
    call: Call,
    input: Vec<u64>,
    output: Vec<u64>,
    expected: Vec<u64>,
}

fn values(from: u32, to: u32, count: u64) -> Vec<u64> {
    (0..count).map(|element| value(from, to, element)).collect()
}

/// Blocks behind one another, with gaps.
fn spread(blocks: &[Vec<u64>]) -> (Lengths, Vec<u64>) {
    let (mut places, mut data) = (Vec::new(), Vec::new());
    for (number, block) in blocks.iter().enumerate() {
        data.resize(data.len() + number % 3, UNTOUCHED);
        places.push(data.len() as u64);
        data.extend(block);
    }
    let counts: Vec<u64> = blocks.iter().map(|block| block.len() as u64).collect();
    (Lengths::Listed(Arc::new(Blocks::displaced(&counts, &places, 8))), data)
}

impl Job {
    /// A rank's own side and the other.
    fn sides(&self, rank: u32) -> (Range<u32>, Range<u32>) {
        let (first, second) = (0..self.case.sides, self.case.sides..self.case.size);
        if first.contains(&rank) { (first, second) } else { (second, first) }
    }

    /// Elements of what `from` has for `to`; for nobody in particular `to` is 0.
    fn count(&self, from: u32, to: u32) -> u64 {
        if self.case.listed { ((from ^ to) % 4).saturating_sub(1) as u64 * 3 } else { self.case.elements }
    }

    /// The blocks, and how they are cut.
    fn cut(&self, blocks: Vec<Vec<u64>>) -> (Lengths, Vec<u64>) {
        if self.case.listed { spread(&blocks) } else { (Lengths::Alike, blocks.concat()) }
    }

    /// One block, and how long it is.
    fn one(&self, block: Vec<u64>) -> (Lengths, Vec<u64>) {
        let length = Lengths::Bytes(8 * block.len() as u64);
        (if self.case.listed { length } else { Lengths::Alike }, block)
    }

    /// What the other side's vectors are together, from element `first` on.
    fn combined(&self, of: Range<u32>, first: u64, count: u64) -> Vec<u64> {
        let combine = |left: u64, right: u64| match self.case.commutative {
            true => left.wrapping_add(right),
            false => compose(left, right),
        };
        let element = |e| of.clone().map(|rank| value(rank, 0, e)).reduce(combine).unwrap();
        (first..first + count).map(element).collect()
    }

    fn part(&self, rank: u32) -> Part {
        let (own, other) = self.sides(rank);
        let (me, root) = (rank - own.start, self.root);
        let (at_root, faces_root) = (rank == root, other.contains(&root));
        let mut case = self.case;
        let nothing = || (Lengths::Alike, Vec::new());
        let (mut given, mut taken) = (nothing(), nothing());
        let mut output = None;
        match case.collective {
            Collective::Broadcast => {
                let data = values(root, 0, case.elements);
                output = at_root.then(|| data.clone());
                taken.1 = if at_root || faces_root { data } else { vec![UNTOUCHED; data.len()] };
            }
            Collective::Gather => {
                if at_root {
                    taken = self.cut(other.map(|from| values(from, 0, self.count(from, 0))).collect());
                } else if faces_root {
                    given = self.one(values(rank, 0, self.count(rank, 0)));
                }
            }
            Collective::Scatter => {
                if at_root {
                    given = self.cut(other.map(|to| values(rank, to, self.count(rank, to))).collect());
                } else if faces_root {
                    taken = self.one(values(root, rank, self.count(root, rank)));
                }
            }
            Collective::AllGather => {
                given = self.one(values(rank, 0, self.count(rank, 0)));
                taken = self.cut(other.map(|from| values(from, 0, self.count(from, 0))).collect());
            }
            Collective::AllToAll => {
                let to = other.clone();
                given = self.cut(to.map(|to| values(rank, to, self.count(rank, to))).collect());
                taken = self.cut(other.map(|from| values(from, rank, self.count(from, rank))).collect());
            }
            Collective::Reduce => {
                if at_root {
                    taken.1 = self.combined(other, 0, case.elements);
                } else if faces_root {
                    given.1 = values(rank, 0, case.elements);
                }
            }
            Collective::AllReduce => {
                given.1 = values(rank, 0, case.elements);
                taken.1 = self.combined(other, 0, case.elements);
            }
            Collective::ReduceScatter => {
                // Vectors are of one length on both sides, so that blocks aren't.
                let vector = case.elements * (own.len() * other.len()) as u64;
                let even = vector / own.len() as u64;
                // In a vector form the first has what the last hasn't.
                let moved = if case.listed { even / 2 } else { 0 };
                let count = |number: u32| match number {
                    _ if own.len() == 1 => even,
                    0 => even + moved,
                    number if number + 1 == own.len() as u32 => even - moved,
                    _ => even,
                };
                let first = (0..me).map(count).sum();
                given.1 = values(rank, 0, vector);
                taken = self.one(self.combined(other, first, count(me)));
                if case.listed {
                    let counts = (0..own.len() as u32).map(count);
                    given.0 = Lengths::Listed(Arc::new(Blocks::packed(counts, 8)));
                }
                case.elements = even;
            }
            _ => {}
        }
        let blank = || taken.1.iter().map(|_| UNTOUCHED).collect();
        let call = Call { input: given.0, output: taken.0, ..Call::new(case, rank, root) };
        Part { call, input: given.1, output: output.unwrap_or_else(blank), expected: taken.1 }
    }
}

/// Starts it at all ranks, in an order that the seed decides, and compares all outputs.
fn check(world: &mut World, algorithm: &'static Algorithm, job: &Job, seed: u64) {
    let what = format!("{algorithm:?} {:?} root {}, seed {seed}", job.case, job.root);
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
    for outcome in world.wait_all(&requests, &what) {
        assert!(outcome.is_ok(), "{what}: {outcome:?}");
    }
    for (rank, part) in parts.iter().enumerate() {
        assert_eq!(part.output, part.expected, "{what} at rank {rank}");
    }
}

/// Everything between the first `low` ranks and the others.
fn check_all(world: &mut World, low: u32, lengths: &[u64], seed: u64) -> usize {
    let (size, mut executions) = (world.ranks.len() as u32, 0);
    for algorithm in table::TABLE.iter().filter(|algorithm| algorithm.needs.contains(&Need::Sides)) {
        let collective = algorithm.collective;
        let plain = lengths.iter().map(|elements| Case::new(collective, size, *elements, 8));
        let listed = Case { listed: true, ..Case::new(collective, size, lengths[0].max(4), 8) };
        let forms = plain.chain(collective.by_rank().then_some(listed));
        for form in forms.flat_map(|form| [true, false].map(|commutative| Case { commutative, ..form })) {
            let case = Case { sides: low, ..form };
            if !algorithm.fits(&case) || (!case.commutative && !collective.reduces()) {
                continue;
            }
            let chosen = world.chance.below(size as usize) as u32;
            let roots = if collective.has_root() { size } else { 1 };
            for root in (0..roots).filter(|root| roots == 1 || size <= 4 || *root == chosen) {
                check(world, algorithm, &Job { case, root }, seed);
                executions += 1;
            }
        }
    }
    executions
}

/// How many seeds to try; many more in the long form, which `cargo xtask soak` runs.
fn seeds(usual: u64) -> u64 {
    let factor = std::env::var("ARCHIPELAGO_SOAK").ok().and_then(|factor| factor.parse().ok());
    usual * factor.unwrap_or(1)
}

#[test]
fn every_form_delivers_over_a_network_that_delays_and_reorders() {
    let mut executions = 0;
    for seed in 1..=seeds(60) {
        let size = [2, 3, 4, 5, 6, 7, 8, 11, 13, 17][seed as usize % 10];
        // Also where members compare their calls first, which differ from side to side.
        let config = Config { check: seed % 4 == 0, ..Config::default() };
        let mut world = World::simulated(size, seed, config);
        let low = 1 + world.chance.below(size as usize - 1) as u32;
        executions += check_all(&mut world, low, &[0, 1, 37], seed);
        assert!(world.ranks.iter().all(|rank| rank.lane.pending() == 0));
    }
    assert!(executions > 1_500, "{executions}");
}

#[test]
fn large_vectors_and_networks_without_buffers() {
    for seed in 1..=seeds(8) {
        let size = 2 + seed as u32 % 4;
        let low = 1 + seed as u32 % (size - 1);
        let config = Config { eager_bytes: Some(0), pool_bytes: 0, ..Config::default() };
        check_all(&mut World::simulated(size, seed, config), low, &[5], seed);
        check_all(&mut World::simulated(size, seed, Config::default()), low, &[5_003], seed);
    }
}
