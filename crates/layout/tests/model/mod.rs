//! Random nested layouts, and what they mean, spelled out scalar by scalar.

#![allow(dead_code, reason = "each test binary uses its part")]

use archipelago_layout::{Dimension, Distribution, Field, Layout, LayoutError, Order};
use wire::{Scalar, Sequence};

/// A small generator of numbers (splitmix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A count up to `most`; seldom 0.
    pub fn some(&mut self, most: u64) -> u64 {
        if self.below(12) == 0 { 0 } else { 1 + self.below(most) }
    }

    /// From `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as u64) as i64
    }
}

/// A type map: each scalar with its displacement, and the marks of bounds that were set.
#[derive(Clone, Debug, Default)]
pub struct Map {
    pub scalars: Vec<(Scalar, i64)>,
    pub marks: Vec<(i64, i64)>,
    /// What a struct adds at its end; goes with the bounds that were not set.
    pub natural: Option<(i64, i64)>,
}

impl Map {
    pub fn of(scalar: Scalar) -> Map {
        let natural = Some((0, scalar.bytes() as i64));
        Map { scalars: vec![(scalar, 0)], marks: Vec::new(), natural }
    }

    pub fn bounds(&self) -> (i64, i64) {
        match self.marks.is_empty() {
            true => self.natural.unwrap_or((0, 0)),
            false => hull(self.marks.iter().copied()).unwrap(),
        }
    }

    pub fn extent(&self) -> i64 {
        let (low, high) = self.bounds();
        high - low
    }

    pub fn size(&self) -> u64 {
        self.scalars.iter().map(|(scalar, _)| scalar.bytes() as u64).sum()
    }

    pub fn data(&self) -> Option<(i64, i64)> {
        hull(self.scalars.iter().map(|&(scalar, at)| (at, at + scalar.bytes() as i64)))
    }

    pub fn alignment(&self) -> i64 {
        self.scalars.iter().map(|(scalar, _)| scalar.alignment() as i64).max().unwrap_or(1)
    }

    pub fn signature(&self) -> u64 {
        let only_bytes = self.scalars.iter().all(|(scalar, _)| *scalar == Scalar::Byte);
        let all = self.scalars.iter().fold(Sequence::EMPTY, |all, (s, _)| all.then(Sequence::scalar(*s)));
        if only_bytes { 0 } else { all.signature() }
    }

    /// Appends a copy of another map at a displacement.
    pub fn add(&mut self, other: &Map, at: i64) {
        self.scalars.extend(other.scalars.iter().map(|&(scalar, place)| (scalar, place + at)));
        self.marks.extend(other.marks.iter().map(|&(low, high)| (low + at, high + at)));
        if other.marks.is_empty() {
            let natural = other.natural.map(|(low, high)| (low + at, high + at));
            self.natural = hull(self.natural.into_iter().chain(natural));
        }
    }

    /// The numbers of the bytes in memory, in the order of the message.
    pub fn bytes(&self) -> Vec<i64> {
        self.scalars
            .iter()
            .flat_map(|&(scalar, at)| (0..scalar.bytes() as i64).map(move |i| at + i))
            .collect()
    }
}

fn hull(spans: impl Iterator<Item = (i64, i64)>) -> Option<(i64, i64)> {
    spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}

/// `count` copies, one every extent.
pub fn row(map: &Map, count: u64) -> Map {
    let mut all = Map::default();
    (0..count as i64).for_each(|i| all.add(map, i * map.extent()));
    all
}

/// A random layout, at most so deep, of at most about so many scalars.
pub fn random(random: &mut Random, depth: u64, scalars: u64) -> (Layout, Map) {
    loop {
        let (layout, map) = attempt(random, depth, scalars);
        if map.scalars.len() as u64 <= scalars {
            return (layout.unwrap(), map);
        }
    }
}

fn attempt(r: &mut Random, depth: u64, scalars: u64) -> (Result<Layout, LayoutError>, Map) {
    if depth == 0 || r.below(8) == 0 {
        let scalar = Scalar::ALL[r.below(Scalar::ALL.len() as u64) as usize];
        return (Ok(Layout::scalar(scalar)), Map::of(scalar));
    }
    let (of, inner) = random(r, depth - 1, scalars);
    let extent = inner.extent();
    let mut map = Map::default();
    match r.below(12) {
        0 => {
            let count = r.some(4);
            (Layout::contiguous(count, &of), row(&inner, count))
        }
        1 => {
            let (count, block, stride) = (r.some(4), r.some(3), r.between(-3, 6));
            let block_map = row(&inner, block);
            (0..count as i64).for_each(|i| map.add(&block_map, i * stride * extent));
            (Layout::vector(count, block, stride, &of), map)
        }
        2 => {
            let (count, block, stride) = (r.some(4), r.some(3), r.between(-100, 100));
            let block_map = row(&inner, block);
            (0..count as i64).for_each(|i| map.add(&block_map, i * stride));
            (Layout::hvector(count, block, stride, &of), map)
        }
        3 | 4 => {
            let in_bytes = r.below(2) == 0;
            let same = r.below(2) == 0;
            let length = r.some(3);
            let blocks: Vec<(u64, i64)> = (0..r.some(5))
                .map(|_| (if same { length } else { r.below(4) }, r.between(-10, 20)))
                .collect();
            for &(length, at) in &blocks {
                map.add(&row(&inner, length), if in_bytes { at } else { at * extent });
            }
            let layout =
                if in_bytes { Layout::hindexed(&blocks, &of) } else { Layout::indexed(&blocks, &of) };
            (layout, map)
        }
        5 | 6 => {
            let in_bytes = r.below(2) == 0;
            let block = r.some(3);
            let (start, step) = (r.between(-10, 20), r.between(-5, 5));
            let regular = r.below(2) == 0;
            let at: Vec<i64> = (0..r.some(5) as i64)
                .map(|i| if regular { start + i * step } else { r.between(-10, 20) })
                .collect();
            for &at in &at {
                map.add(&row(&inner, block), if in_bytes { at } else { at * extent });
            }
            let layout = if in_bytes {
                Layout::hindexed_block(block, &at, &of)
            } else {
                Layout::indexed_block(block, &at, &of)
            };
            (layout, map)
        }
        7 | 8 => {
            let mut fields = vec![Field { count: r.some(2), displacement: r.between(-20, 20), of }];
            map.add(&row(&inner, fields[0].count), fields[0].displacement);
            for _ in 0..r.below(4) {
                let (of, inner) = random(r, depth - 1, scalars);
                let count = r.some(2);
                // Often where the one before ends.
                let displacement =
                    if r.below(2) == 0 { map.data().map_or(0, |d| d.1) } else { r.between(-40, 40) };
                map.add(&row(&inner, count), displacement);
                fields.push(Field { count, displacement, of });
            }
            if let (true, Some((low, high))) = (map.marks.is_empty(), map.natural) {
                let alignment = map.alignment();
                map.natural = Some((low, low + (high - low + alignment - 1) / alignment * alignment));
            }
            (Layout::structure(&fields), map)
        }
        9 => {
            let (low, wide) = (r.between(-30, 30), r.between(-5, 100));
            let map = Map { marks: vec![(low, low + wide)], ..inner };
            (Layout::resized(low, wide, &of), map)
        }
        10 => {
            let order = if r.below(2) == 0 { Order::C } else { Order::Fortran };
            let sizes: Vec<u64> = (0..1 + r.below(3)).map(|_| r.some(4)).collect();
            let subsizes: Vec<u64> = sizes.iter().map(|&size| r.some(size.max(1)).min(size)).collect();
            let starts: Vec<u64> = sizes.iter().zip(&subsizes).map(|(s, u)| r.below(s - u + 1)).collect();
            let picked = |dimension: usize, index: u64| {
                (starts[dimension]..starts[dimension] + subsizes[dimension]).contains(&index)
            };
            let map = of_array(&inner, &sizes, order, picked);
            (Layout::subarray(&sizes, &subsizes, &starts, order, &of), map)
        }
        _ => {
            let order = if r.below(2) == 0 { Order::C } else { Order::Fortran };
            let dimensions: Vec<Dimension> = (0..1 + r.below(3)).map(|_| dimension(r)).collect();
            let processes: u64 = dimensions.iter().map(|d| d.processes).product();
            let rank = r.below(processes);
            let mut place = rank;
            let mut places = vec![0; dimensions.len()];
            for (place_of, dimension) in places.iter_mut().zip(&dimensions).rev() {
                *place_of = place % dimension.processes;
                place /= dimension.processes;
            }
            let picked = |number: usize, index: u64| {
                let Dimension { size, distribution, processes } = dimensions[number];
                let block = match distribution {
                    Distribution::None => return true,
                    Distribution::Block(block) => block.unwrap_or(size.div_ceil(processes).max(1)),
                    Distribution::Cyclic(block) => block.unwrap_or(1),
                };
                index / block % processes == places[number]
            };
            let sizes: Vec<u64> = dimensions.iter().map(|d| d.size).collect();
            let map = of_array(&inner, &sizes, order, picked);
            (Layout::distributed_array(processes, rank, &dimensions, order, &of), map)
        }
    }
}

fn dimension(r: &mut Random) -> Dimension {
    let (size, processes) = (r.some(6), 1 + r.below(3));
    match r.below(4) {
        0 => Dimension { size, distribution: Distribution::None, processes: 1 },
        1 => Dimension { size, distribution: Distribution::Block(None), processes },
        2 => {
            let block = size.div_ceil(processes).max(1) + r.below(2);
            Dimension { size, distribution: Distribution::Block(Some(block)), processes }
        }
        _ => {
            let block = [None, Some(1), Some(2), Some(3)][r.below(4) as usize];
            Dimension { size, distribution: Distribution::Cyclic(block), processes }
        }
    }
}

/// The elements of an array whose indices are picked in every dimension.
fn of_array(inner: &Map, sizes: &[u64], order: Order, picked: impl Fn(usize, u64) -> bool) -> Map {
    let mut map = Map::default();
    let whole: u64 = sizes.iter().product();
    for number in 0..whole {
        let mut rest = number;
        let mut all_picked = true;
        let mut one = |dimension: usize| {
            all_picked &= picked(dimension, rest % sizes[dimension]);
            rest /= sizes[dimension];
        };
        match order {
            Order::C => (0..sizes.len()).rev().for_each(&mut one),
            Order::Fortran => (0..sizes.len()).for_each(&mut one),
        }
        if all_picked {
            map.add(inner, number as i64 * inner.extent());
        }
    }
    map.marks = vec![(0, whole as i64 * inner.extent())];
    map
}
