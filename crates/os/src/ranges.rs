//! Ranges of addresses that this process shares with others, as the copy of it finds them that `fork` makes: known without a lock,
//! which another thread might hold at that moment.

use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use rustix::mm::{MapFlags, ProtFlags};

/// What an entry holds that has no range; and one that is being filled. No range starts there.
const FREE: usize = 0;
const FILLING: usize = 1;

/// A list that only grows: entries are used again, and never go.
pub(crate) struct Ranges {
    first: AtomicPtr<Entry>,
}

struct Entry {
    start: AtomicUsize,
    bytes: AtomicUsize,
    next: AtomicPtr<Entry>,
}

impl Ranges {
    pub(crate) const fn new() -> Ranges {
        Ranges { first: AtomicPtr::new(ptr::null_mut()) }
    }

    /// A range begins to be shared.
    pub(crate) fn insert(&self, start: usize, bytes: usize) {
        let is_mine = |entry: &&'static Entry| {
            // Relaxed (all in this method but the last store): whoever has taken an entry alone writes to it.
            entry.start.compare_exchange(FREE, FILLING, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        };
        let entry = self.entries().find(is_mine).unwrap_or_else(|| self.grow());
        entry.bytes.store(bytes, Ordering::Relaxed);
        // Release: pairs with the Acquire in `replace_all`.
        entry.start.store(start, Ordering::Release);
    }

    /// A range is about to be shared no more.
    pub(crate) fn remove(&self, start: usize) {
        let entry = self.entries().find(|entry| entry.start.load(Ordering::Relaxed) == start);
        if let Some(entry) = entry {
            entry.start.store(FREE, Ordering::Relaxed);
        }
    }

    /// In a copy: puts private memory where these ranges were, which the copy has not inherited. What lies there already stays.
    pub(crate) fn replace_all(&self) {
        for entry in self.entries() {
            // Acquire: pairs with the Release in `insert`.
            let start = entry.start.load(Ordering::Acquire);
            if start > FILLING {
                let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED_NOREPLACE;
                let protection = ProtFlags::READ | ProtFlags::WRITE;
                let bytes = entry.bytes.load(Ordering::Relaxed);
                // SAFETY: nothing that lies there is replaced. Where it fails the range stays as it is: nowhere.
                let _ = unsafe {
                    rustix::mm::mmap_anonymous(ptr::without_provenance_mut(start), bytes, protection, flags)
                };
            }
        }
    }

    /// An entry more, which is being filled.
    fn grow(&self) -> &'static Entry {
        let entry = Box::leak(Box::new(Entry {
            start: AtomicUsize::new(FILLING),
            bytes: AtomicUsize::new(0),
            next: AtomicPtr::new(ptr::null_mut()),
        }));
        let pushed = |first| {
            entry.next.store(first, Ordering::Relaxed);
            Some(ptr::from_ref(entry).cast_mut())
        };
        // Release: pairs with the Acquire in `following`. Relaxed: another look.
        let _ = self.first.fetch_update(Ordering::Release, Ordering::Relaxed, pushed);
        entry
    }

    fn entries(&self) -> impl Iterator<Item = &'static Entry> {
        std::iter::successors(following(&self.first), |entry| following(&entry.next))
    }
}

fn following(next: &AtomicPtr<Entry>) -> Option<&'static Entry> {
    // Acquire: pairs with the Release in `grow`.
    // SAFETY: entries are leaked, and nobody has them otherwise than shared.
    unsafe { next.load(Ordering::Acquire).as_ref() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(ranges: &Ranges) -> Vec<usize> {
        let mut all: Vec<usize> = ranges.entries().map(|entry| entry.start.load(Ordering::Relaxed)).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn entries_are_used_again() {
        let ranges = Ranges::new();
        for start in [0x3000, 0x1000, 0x2000] {
            ranges.insert(start, 0x1000);
        }
        ranges.remove(0x1000);
        assert_eq!(starts(&ranges), [FREE, 0x2000, 0x3000]);
        ranges.insert(0x8000, 0x1000);
        assert_eq!(starts(&ranges), [0x2000, 0x3000, 0x8000]);
        ranges.remove(0x4000);
        assert_eq!(starts(&ranges).len(), 3);
    }
}
