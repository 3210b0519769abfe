//! Numbers that are the same at all ranks.

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
#[derive(Clone)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// A generator of its own.
    pub fn fork(&mut self) -> Random {
        Random(self.next())
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn chance(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    /// Small and large, and most of all around the borders at which messages take another way.
    pub fn bytes(&mut self) -> usize {
        const BORDERS: [u64; 12] =
            [0, 32, 64, 256, 4 << 10, 8 << 10, 16 << 10, 32 << 10, 63 << 10, 64 << 10, 252 << 10, 1 << 20];
        let border = BORDERS[self.below(BORDERS.len() as u64) as usize];
        match self.below(4) {
            0 => self.below(200) as usize,
            1 => self.below(100_000) as usize,
            _ => (border + self.below(130)).saturating_sub(65) as usize,
        }
    }

    /// How many values a collective has.
    pub fn count(&mut self) -> usize {
        match self.below(6) {
            0 => 0,
            1 | 2 => 1 + self.below(8) as usize,
            3 => self.below(300) as usize,
            4 => self.below(5_000) as usize,
            _ => self.below(60_000) as usize,
        }
    }
}

/// The value that a rank has at a place; small enough for sums.
pub fn value(key: u64, rank: usize, at: usize) -> u64 {
    mix(key ^ mix(((rank as u64) << 40) ^ at as u64)) >> 40
}

/// The values that a rank has.
pub fn values(key: u64, rank: usize, count: usize) -> Vec<u64> {
    (0..count).map(|at| value(key, rank, at)).collect()
}

pub fn mix(number: u64) -> u64 {
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}
