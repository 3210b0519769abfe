//! Which parts of a pool of shared memory are taken. The book is kept in private memory by the pool's owner, so that
//! nobody else can spoil it.

use std::collections::BTreeMap;

/// Everything is given out in multiples of this, at multiples of this.
const GRAIN: u64 = 64;

/// The book of one pool: first fit, neighbours are joined again when they come back.
#[derive(Debug)]
pub struct Pool {
    /// Free ranges: start and size. No two touch.
    free: BTreeMap<u64, u64>,
    /// Taken ranges: start and size.
    taken: BTreeMap<u64, u64>,
}

impl Pool {
    /// A pool of the offsets `start..end`, all free.
    pub fn new(start: u64, end: u64) -> Pool {
        let (start, end) = (start.next_multiple_of(GRAIN), end / GRAIN * GRAIN);
        let free = if start < end { BTreeMap::from([(start, end - start)]) } else { BTreeMap::new() };
        Pool { free, taken: BTreeMap::new() }
    }

    /// Takes `bytes` bytes at a multiple of `align`, a power of two. `None`: there is no such room.
    pub fn take(&mut self, bytes: u64, align: u64) -> Option<u64> {
        let align = align.max(GRAIN);
        let bytes = bytes.max(1).checked_next_multiple_of(GRAIN)?;
        let (start, size, at) = self.free.iter().find_map(|(&start, &size)| {
            let at = start.checked_next_multiple_of(align)?;
            (at.checked_add(bytes)? <= start + size).then_some((start, size, at))
        })?;
        self.free.remove(&start);
        if at > start {
            self.free.insert(start, at - start);
        }
        if at + bytes < start + size {
            self.free.insert(at + bytes, start + size - at - bytes);
        }
        self.taken.insert(at, bytes);
        Some(at)
    }

    /// Gives back what [`take`](Pool::take) gave. False: nothing was taken there.
    pub fn give_back(&mut self, at: u64) -> bool {
        let Some(mut bytes) = self.taken.remove(&at) else { return false };
        let mut start = at;
        if let Some((&before, &size)) = self.free.range(..at).next_back()
            && before + size == at
        {
            self.free.remove(&before);
            (start, bytes) = (before, bytes + size);
        }
        if let Some(size) = self.free.remove(&(start + bytes)) {
            bytes += size;
        }
        self.free.insert(start, bytes);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_taken_never_overlaps(
            steps in proptest::collection::vec((any::<bool>(), 0..2000u64, 0..9u32), 0..200),
        ) {
            let mut pool = Pool::new(100, 20_000);
            let mut taken: Vec<(u64, u64)> = Vec::new();
            for (is_take, number, shift) in steps {
                if is_take {
                    if let Some(at) = pool.take(number, 1 << shift) {
                        prop_assert!(at.is_multiple_of(1 << shift) && at >= 100 && at + number <= 20_000);
                        for &(other, bytes) in &taken {
                            prop_assert!(at + number <= other || other + bytes <= at);
                        }
                        taken.push((at, number.max(1)));
                    }
                } else if !taken.is_empty() {
                    let (at, _) = taken.swap_remove(number as usize % taken.len());
                    prop_assert!(pool.give_back(at));
                    prop_assert!(!pool.give_back(at));
                }
            }
            for (at, _) in taken {
                pool.give_back(at);
            }
            // All came back in one piece.
            prop_assert_eq!(pool.take(20_000 / 64 * 64 - 128, 1), Some(128));
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let mut pool = Pool::new(0, 4096);
        assert_eq!(pool.take(u64::MAX, 1), None);
        assert_eq!(pool.take(4097, 1), None);
        assert_eq!(pool.take(4096, 1), Some(0));
        assert_eq!(pool.take(0, 1), None);
        assert_eq!(Pool::new(10, 10).take(0, 1), None);
    }
}
