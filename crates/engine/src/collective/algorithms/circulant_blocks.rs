//! Which block goes where on a circulant graph, so that all blocks of a root reach everybody in the fewest rounds.
//!
//! In round k everybody sends to the member `skip(k)` further on, where the skips are n halved again and again, rounded
//! up. A path from the root to a member is a sum of skips, and the smallest of its greedy sum names the member's *base
//! block*: the first that comes straight down that path. In every q = ⌈log2 n⌉ rounds a member gets q blocks that follow
//! one another but for its base block; which one in which round is found by a search over sums of skips that takes each skip
//! once, in O(log n) steps.
//!
//! J. L. Träff: Optimal broadcast schedules in logarithmic time with applications to broadcast, all-broadcast, reduction
//! and all-reduction, 2024.

use super::tree::ceil_log2;

/// More than the rounds of any phase: numbers of members are u32.
const ROUNDS_MAX: usize = 33;

/// The graph of so many members.
#[derive(Clone, Copy, Debug)]
pub struct Graph {
    size: u32,
    /// q: rounds of a phase.
    phase: u32,
    /// The skips, and behind them one that no sum reaches.
    skips: [u64; ROUNDS_MAX + 1],
}

impl Graph {
    /// That of `size` members, more than one.
    pub fn new(size: u32) -> Graph {
        let phase = ceil_log2(size);
        let mut skips = [u64::MAX / 4; ROUNDS_MAX + 1];
        skips[phase as usize] = size as u64;
        for k in (0..phase as usize).rev() {
            skips[k] = skips[k + 1].div_ceil(2);
        }
        Graph { size, phase, skips }
    }

    /// How far messages go in a round.
    pub fn distance(&self, round: u32, blocks: u32) -> u32 {
        self.skips[((round + self.skipped(blocks)) % self.phase) as usize] as u32
    }

    /// Rounds by which the first phase is shorter, so that the last one ends with a whole phase.
    fn skipped(&self, blocks: u32) -> u32 {
        (self.phase - self.rounds(blocks) % self.phase) % self.phase
    }

    /// The block that `rank` gets in each round of a phase, as it is numbered in the first one: negative ones stem from the
    /// phase before. That of the root, rank 0, means nothing.
    fn coming(&self, rank: u32) -> [i64; ROUNDS_MAX] {
        let base = self.base(rank);
        let mut search = Search {
            skips: &self.skips,
            target: self.size as u64 + rank as u64,
            below: 2 * self.size as u64,
            free: (1u64 << (self.phase + 1)) - 1,
            found: [0; ROUNDS_MAX],
        };
        if rank > 0 {
            search.free &= !(1 << base);
        }
        search.from(0, self.phase as i64, 0);
        // The whole circle stands for the root itself, straight from which a member gets its base block.
        search
            .found
            .map(|skip| if skip == self.phase as i64 { base as i64 } else { skip - self.phase as i64 })
    }

    fn base(&self, rank: u32) -> u32 {
        let mut rest = rank as u64;
        for k in (0..self.phase).rev() {
            let skip = self.skips[k as usize];
            if rest == skip {
                return k;
            }
            rest -= if skip < rest { skip } else { 0 };
        }
        self.phase
    }

    /// Rounds that it takes for `blocks` blocks.
    pub fn rounds(&self, blocks: u32) -> u32 {
        blocks - 1 + self.phase
    }

    /// The block that `rank` gets in round `round`, if it gets one that it doesn't have.
    pub fn arriving(&self, rank: u32, round: u32, blocks: u32) -> Option<u32> {
        if rank == 0 {
            return None;
        }
        let coming = self.coming(rank);
        let skipped = self.skipped(blocks);
        let block = |round: u32| {
            let round = round + skipped;
            coming[(round % self.phase) as usize] + (round / self.phase * self.phase) as i64 - skipped as i64
        };
        let (arriving, last) = (block(round), blocks as i64 - 1);
        if arriving < last {
            return u32::try_from(arriving).ok();
        }
        // Beyond the last block there is only that: it comes once.
        let earlier = round.saturating_sub(2 * self.phase)..round;
        (!earlier.into_iter().any(|round| block(round) >= last)).then_some(blocks - 1)
    }
}

/// A search for the largest sums of skips up to `target` less the round's own skip, of skips that are still free.
struct Search<'a> {
    skips: &'a [u64],
    target: u64,
    /// Sums come in falling order: the next is below this.
    below: u64,
    free: u64,
    found: [i64; ROUNDS_MAX],
}

impl Search<'_> {
    /// Goes on from the sum `from` with skips from number `skip` down, in round `k`; returns the round that is next.
    fn from(&mut self, from: u64, skip: i64, mut k: usize) -> usize {
        for skip in (0..=skip).rev() {
            let sum = from + self.skips[skip as usize];
            let is_near = |sum: u64, k: usize| sum + self.skips[k] <= self.target;
            if self.free >> skip & 1 == 0 || !is_near(sum, k) || sum >= self.below {
                continue;
            }
            if is_near(sum, k + 1) {
                k = self.from(sum, skip - 1, k);
            }
            if from + self.skips[k + 1] > self.target {
                return k;
            }
            self.below = sum;
            self.found[k] = skip;
            self.free &= !(1 << skip);
            k += 1;
        }
        k
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In every number of members everybody gets each block once, from one who had it before.
    fn check(size: u32, blocks: u32) {
        let graph = Graph::new(size);
        let mut has = vec![0u64; size as usize];
        has[0] = (1 << blocks) - 1;
        for round in 0..graph.rounds(blocks) {
            let before = has.clone();
            let distance = graph.distance(round, blocks);
            for to in 0..size {
                if let Some(block) = graph.arriving(to, round, blocks) {
                    let from = (to + size - distance) % size;
                    assert_eq!(before[from as usize] >> block & 1, 1, "{size} {blocks}: {from} to {to}");
                    assert_eq!(has[to as usize] >> block & 1, 0, "{size} {blocks}: twice at {to}");
                    has[to as usize] |= 1 << block;
                }
            }
        }
        assert!(has.iter().all(|has| *has == (1 << blocks) - 1), "{size} {blocks}");
    }

    #[test]
    fn everybody_gets_every_block_once_in_the_fewest_rounds() {
        for size in (2..130).chain([255, 256, 257, 1000]) {
            for blocks in [1, 2, 3, 5, 8, 13] {
                check(size, blocks);
            }
        }
    }
}
