//! The buffers of a collective at one rank, what goes into them, and what must have come.

use archipelago::Comm;
use engine::collective::Collective;

use crate::collective::ROOT;
use crate::data::{POISON, value};

/// What a collective moves: bytes, or numbers that it adds up.
pub(crate) trait Element: Copy + PartialEq + std::fmt::Debug + From<u8> + Default {}

impl Element for u8 {}
impl Element for f64 {}

/// What is contributed and what comes.
pub(crate) struct Series<T> {
    /// Values of the vector, or of the block of each rank.
    count: usize,
    pub(crate) input: Vec<T>,
    pub(crate) output: Vec<T>,
    /// What an operation in place begins with each time; empty where it keeps its input.
    pub(crate) original: Vec<T>,
}

impl<T: Element> Series<T> {
    /// Buffers as long as the operation wants them here.
    pub(crate) fn new(what: Collective, comm: &Comm, neighbours: usize, count: usize) -> Series<T> {
        let ranks = comm.size();
        let at_root = |length| if comm.rank() == ROOT { length } else { 0 };
        let (input, output) = match what {
            Collective::Barrier => (0, 0),
            Collective::Broadcast => (0, count),
            Collective::Gather => (count, at_root(ranks * count)),
            Collective::Scatter => (at_root(ranks * count), count),
            Collective::AllGather => (count, ranks * count),
            Collective::AllToAll => (ranks * count, ranks * count),
            Collective::Reduce => (count, at_root(count)),
            Collective::AllReduce | Collective::Scan | Collective::ExclusiveScan => (0, count),
            Collective::ReduceScatter => (ranks * count, count),
            Collective::NeighbourAllGather => (count, neighbours * count),
            Collective::NeighbourAllToAll => (neighbours * count, neighbours * count),
        };
        let original = if is_in_place(what) { vec![T::default(); count] } else { Vec::new() };
        Series { count, input: vec![T::default(); input], output: vec![T::default(); output], original }
    }

    /// Puts in what this rank contributes in a batch, and what no rank contributes where something must come.
    pub(crate) fn prepare(&mut self, what: Collective, comm: &Comm, round: u64) {
        let me = comm.rank();
        let fill = |buffer: &mut Vec<T>| {
            buffer.iter_mut().enumerate().for_each(|(index, to)| *to = value(round, me, index).into());
        };
        fill(&mut self.input);
        fill(&mut self.original);
        self.output.fill(POISON.into());
        if what == Collective::Broadcast && me == ROOT {
            fill(&mut self.output);
        }
    }

    /// Before an operation in place: what the last one has overwritten.
    pub(crate) fn refill(&mut self) {
        if !self.original.is_empty() {
            self.output.copy_from_slice(&self.original);
        }
    }

    /// What is wrong with what has come; `sources` are the neighbours.
    pub(crate) fn wrong(
        &self,
        what: Collective,
        comm: &Comm,
        round: u64,
        sources: &[Option<usize>],
    ) -> Option<String> {
        let (me, ranks, count) = (comm.rank(), comm.size(), self.count);
        let sum = |ranks: std::ops::Range<usize>, index| {
            ranks.map(|rank| u32::from(value(round, rank, index))).sum::<u32>()
        };
        let of = |rank, index| u32::from(value(round, rank, index));
        let expected = |at: usize| -> Option<u32> {
            let (block, index) = (at / count, at % count);
            Some(match what {
                Collective::Barrier => return None,
                Collective::Broadcast => of(ROOT, at),
                Collective::Gather | Collective::AllGather => of(block, index),
                Collective::Scatter => of(ROOT, me * count + at),
                Collective::AllToAll => of(block, me * count + index),
                Collective::Reduce | Collective::AllReduce => sum(0..ranks, at),
                Collective::ReduceScatter => sum(0..ranks, me * count + at),
                Collective::Scan => sum(0..me + 1, at),
                // MPI 5.0 §6.11.2: what rank 0 gets is not defined; here it keeps what it has.
                Collective::ExclusiveScan if me == 0 => of(0, at),
                Collective::ExclusiveScan => sum(0..me, at),
                Collective::NeighbourAllGather => of(sources[block]?, index),
                // What comes from the one before us it gave to the one behind it.
                Collective::NeighbourAllToAll => of(sources[block]?, (block ^ 1) * count + index),
            })
        };
        let differs = |at: usize, found: T| match expected(at) {
            Some(expected) => !is(found, expected),
            None => found != POISON.into(),
        };
        let at = self.output.iter().enumerate().position(|(at, found)| differs(at, *found))?;
        let (found, length) = (self.output[at], self.output.len());
        Some(format!("value {at} of {length} is {found:?} and should be {:?}", expected(at)))
    }
}

/// Bytes are never added up, so that every sum is one of them.
fn is<T: Element>(found: T, expected: u32) -> bool {
    // Sums of at most 4096 ranks' values, each below 61: too large for a byte, and exact as two of them.
    match u8::try_from(expected) {
        Ok(expected) => found == expected.into(),
        Err(_) => format!("{found:?}").parse::<f64>() == Ok(f64::from(expected)),
    }
}

/// Whether the operation is measured in place, so that what it combines is overwritten.
fn is_in_place(what: Collective) -> bool {
    matches!(what, Collective::AllReduce | Collective::Scan | Collective::ExclusiveScan)
}

/// Puts buffers back to where they came from, whichever way an operation gives them: one, or both as a pair.
pub(crate) trait Give<To> {
    fn give(self, to: To);
}

/// What every rank has for a barrier.
impl Give<&mut Series<u8>> for &mut [u8] {
    fn give(self, _: &mut Series<u8>) {}
}

macro_rules! give {
    ($($type:ty: $original:tt),*) => {$(
        impl Give<&mut Series<$type>> for Vec<$type> {
            fn give(self, to: &mut Series<$type>) {
                to.output = self;
            }
        }

        impl Give<&mut Series<$type>> for (Vec<$type>, Vec<$type>) {
            fn give(self, to: &mut Series<$type>) {
                (to.input, to.output) = self;
            }
        }

        /// What lies in place begins anew.
        impl Give<(&Vec<u8>, &Vec<f64>)> for &mut [$type] {
            fn give(self, originals: (&Vec<u8>, &Vec<f64>)) {
                if !originals.$original.is_empty() && !self.is_empty() {
                    self.copy_from_slice(originals.$original);
                }
            }
        }

        impl Give<(&Vec<u8>, &Vec<f64>)> for (&mut [$type], &mut [$type]) {
            fn give(self, _: (&Vec<u8>, &Vec<f64>)) {}
        }
    )*};
}

give!(u8: 0, f64: 1);
