//! Tables of objects under names that are checked: stale and invented ones find nothing.
//!
//! A table is a list of chunks of slots that only grows. A slot's word says everything about it:
//!
//! | bits | what | who changes it |
//! |---|---|---|
//! | 0..32 | how many calls look at it now | everybody, by one |
//! | 32 | *open*: its name is valid | set by `insert`, cleared by `remove` |
//! | 33 | *full*: there is a value | set by `insert`, cleared by the last who looks at a slot that is closed |
//! | 34..43 | generation, a part of the name | raised by `insert` |
//!
//! While the program has promised that one thread at a time calls ([`set_alone`]), counting is a load and a store, which cost a
//! tenth of an atomic addition; but for objects whose functions any thread may call whatever was promised ([`ALWAYS`]).
//!
//! Who looks adds one and sees in the same access whether the name is current: while it looks the value stays. Whoever brings
//! the number of lookers of a closed, full slot to nothing takes the value out, drops it, and gives the slot back.

use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

const OPEN: u64 = 1 << 32;
const FULL: u64 = 1 << 33;
const GENERATION_SHIFT: u32 = 34;

/// Bits of a name: index, then generation. A generation is never 0, so that no name is predefined.
const INDEX_BITS: u32 = 22;
const GENERATIONS: u64 = 1 << (31 - INDEX_BITS);

/// Slots of the first chunk; each has twice as many as the one before.
const FIRST_CHUNK: usize = 256;
const CHUNKS: usize = 14;

/// Whether one thread at a time calls.
static ALONE: AtomicBool = AtomicBool::new(false);

/// The program promises that one thread at a time calls, or that no longer.
pub fn set_alone(alone: bool) {
    // Relaxed: the promise orders the calls.
    ALONE.store(alone, Ordering::Relaxed);
}

/// Of a table whose objects any number of threads may use at any thread level, and before the beginning: info objects, error handlers,
/// sessions (MPI 5.0 §11.4.1).
pub const ALWAYS: bool = true;

/// Objects of one kind.
pub struct Table<T, const SHARED: bool = false> {
    chunks: [OnceLock<Box<[Slot<T>]>>; CHUNKS],
    free: Mutex<Free>,
}

struct Slot<T> {
    word: AtomicU64,
    value: UnsafeCell<MaybeUninit<T>>,
}

struct Free {
    /// First in, first out: a name is valid again as late as can be.
    slots: VecDeque<usize>,
    made: usize,
}

// SAFETY: values are shared by reference between threads (T: Sync) and dropped by any (T: Send); a value is written only while
// nobody else can see its slot, as the module's documentation says.
unsafe impl<T: Send + Sync> Sync for Slot<T> {}

/// An object in use: it stays while this lives.
pub struct Ref<'t, T, const SHARED: bool = false> {
    table: &'t Table<T, SHARED>,
    slot: &'t Slot<T>,
    index: usize,
}

impl<T, const SHARED: bool> Table<T, SHARED> {
    /// Without objects.
    pub const fn new() -> Table<T, SHARED> {
        Table {
            chunks: [const { OnceLock::new() }; CHUNKS],
            free: Mutex::new(Free { slots: VecDeque::new(), made: 0 }),
        }
    }

    /// The object of this name.
    #[inline]
    pub fn get(&self, name: usize) -> Option<Ref<'_, T, SHARED>> {
        let (index, generation) = parts(name)?;
        let slot = self.slot(index)?;
        // Acquire: pairs with the Release in `insert`, after which the value is there.
        let before = match !SHARED && ALONE.load(Ordering::Relaxed) {
            true => {
                let before = slot.word.load(Ordering::Acquire);
                slot.word.store(before + 1, Ordering::Relaxed);
                before
            }
            false => slot.word.fetch_add(1, Ordering::Acquire),
        };
        let found = Ref { table: self, slot, index };
        let current = before & !u64::from(u32::MAX) == generation << GENERATION_SHIFT | FULL | OPEN;
        // What is not current is let go by the drop.
        current.then_some(found)
    }

    /// Gives an object a name; none when all are taken.
    pub fn insert(&self, value: T) -> Option<usize> {
        self.try_insert(value).ok()
    }

    /// Gives an object a name.
    ///
    /// # Errors
    /// All names are taken: the object.
    pub fn try_insert(&self, value: T) -> Result<usize, T> {
        let Some((index, slot)) = self.take_free().and_then(|index| Some((index, self.slot(index)?))) else {
            return Err(value);
        };
        // SAFETY: the slot is neither open nor full, and this call took it out of the free ones: nobody else touches the value.
        unsafe { (*slot.value.get()).write(value) };
        // Relaxed: only the holder of the free slot changes these bits.
        let before = slot.word.load(Ordering::Relaxed) >> GENERATION_SHIFT;
        let generation = (before + 1) % GENERATIONS;
        let generation = generation.max(1);
        let change = (generation << GENERATION_SHIFT).wrapping_sub(before << GENERATION_SHIFT);
        // Release: pairs with the Acquire in `get`.
        slot.word.fetch_add(change.wrapping_add(OPEN | FULL), Ordering::Release);
        Ok((generation as usize) << INDEX_BITS | index)
    }

    /// Makes a name invalid; the object goes when nobody looks at it any more. Returns whether the name was valid.
    pub fn remove(&self, name: usize) -> bool {
        let Some((found, (_, generation))) = self.get(name).zip(parts(name)) else { return false };
        let close = |word: u64| {
            let current = word & !u64::from(u32::MAX) == generation << GENERATION_SHIFT | FULL | OPEN;
            current.then_some(word & !OPEN)
        };
        // The drop of what was found is the first that may empty the slot.
        found.slot.word.fetch_update(Ordering::AcqRel, Ordering::Acquire, close).is_ok()
    }

    /// The names that are valid now.
    pub fn names(&self) -> Vec<usize> {
        let made = self.free.lock().unwrap_or_else(PoisonError::into_inner).made;
        let name = |index: usize| {
            let word = self.slot(index)?.word.load(Ordering::Acquire);
            let generation = (word >> GENERATION_SHIFT) as usize;
            (word & OPEN != 0).then_some(generation << INDEX_BITS | index)
        };
        (0..made).filter_map(name).collect()
    }

    #[inline]
    fn slot(&self, index: usize) -> Option<&Slot<T>> {
        let chunk = (index / FIRST_CHUNK + 1).ilog2() as usize;
        let first = FIRST_CHUNK * ((1 << chunk) - 1);
        self.chunks.get(chunk)?.get()?.get(index - first)
    }

    fn take_free(&self) -> Option<usize> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = free.slots.pop_front() {
            return Some(index);
        }
        let (index, chunk) = (free.made, (free.made / FIRST_CHUNK + 1).ilog2() as usize);
        self.chunks.get(chunk)?.get_or_init(|| {
            let slot = |_| Slot { word: AtomicU64::new(0), value: UnsafeCell::new(MaybeUninit::uninit()) };
            (0..FIRST_CHUNK << chunk).map(slot).collect()
        });
        free.made += 1;
        Some(index)
    }

    /// Drops the value of a slot that is closed and that nobody looks at, unless somebody else does so.
    #[cold]
    fn empty(&self, slot: &Slot<T>, index: usize) {
        let empty = |word: u64| {
            let unused = word & (u64::from(u32::MAX) | OPEN | FULL) == FULL;
            unused.then_some(word & !FULL)
        };
        // Acquire: pairs with the Release of the others who have let go.
        if slot.word.fetch_update(Ordering::AcqRel, Ordering::Acquire, empty).is_ok() {
            // SAFETY: it was full, and only one call changes it from full to empty; nobody looks at it, and nobody can until it is
            // open again, which happens after it was given back below.
            drop(unsafe { (*slot.value.get()).assume_init_read() });
            self.free.lock().unwrap_or_else(PoisonError::into_inner).slots.push_back(index);
        }
    }
}

impl<T, const SHARED: bool> Default for Table<T, SHARED> {
    fn default() -> Table<T, SHARED> {
        Table::new()
    }
}

fn parts(name: usize) -> Option<(usize, u64)> {
    let generation = (name >> INDEX_BITS) as u64;
    (1..GENERATIONS).contains(&generation).then_some((name & ((1 << INDEX_BITS) - 1), generation))
}

impl<T, const SHARED: bool> Deref for Ref<'_, T, SHARED> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: it was open and full when this call began to look, and whoever looks keeps it full.
        unsafe { (*self.slot.value.get()).assume_init_ref() }
    }
}

impl<T, const SHARED: bool> Drop for Ref<'_, T, SHARED> {
    #[inline]
    fn drop(&mut self) {
        // Release: what was read is read before the value is dropped; pairs with the Acquire in `empty`.
        let before = match !SHARED && ALONE.load(Ordering::Relaxed) {
            true => {
                let before = self.slot.word.load(Ordering::Relaxed);
                self.slot.word.store(before - 1, Ordering::Release);
                before
            }
            false => self.slot.word.fetch_sub(1, Ordering::Release),
        };
        if before & (u64::from(u32::MAX) | OPEN | FULL) == FULL | 1 {
            self.table.empty(self.slot, self.index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn a_name_is_valid_from_insert_to_remove() {
        let table: Table<_> = Table::new();
        let name = table.insert("one").unwrap();
        assert!(name > 4095 && name <= i32::MAX as usize);
        assert_eq!(table.get(name).as_deref(), Some(&"one"));
        assert_eq!(table.names(), [name]);
        assert!(table.remove(name) && !table.remove(name));
        assert!(table.get(name).is_none() && table.names().is_empty());
        let other = table.insert("two").unwrap();
        assert!(other != name && table.get(name).is_none());
        for invented in [0, 1, 4095, 4096, usize::MAX, name + 1, 1 << 31, other + (1 << 22)] {
            assert!(table.get(invented).is_none(), "{invented}");
        }
    }

    #[test]
    fn what_is_looked_at_stays() {
        let table: Table<_> = Table::new();
        let counted = Arc::new(());
        let name = table.insert(counted.clone()).unwrap();
        let held = table.get(name).unwrap();
        assert!(table.remove(name) && table.get(name).is_none());
        assert_eq!(Arc::strong_count(&counted), 2);
        drop(held);
        assert_eq!(Arc::strong_count(&counted), 1);
    }

    #[test]
    fn many_names_and_all_generations() {
        let table: Table<_> = Table::new();
        let names: Vec<usize> = (0..10_000).map(|i| table.insert(i).unwrap()).collect();
        assert!(names.iter().enumerate().all(|(i, name)| table.get(*name).as_deref() == Some(&i)));
        assert!(names.iter().all(|name| table.remove(*name)));
        let mut seen = std::collections::HashSet::new();
        for _ in 0..100_000 {
            let name = table.insert(0).unwrap();
            assert!(name > 4095 && name <= i32::MAX as usize);
            seen.insert(name);
            assert!(table.remove(name));
        }
        assert_eq!(seen.len(), 100_000);
    }

    #[test]
    fn a_full_table_gives_the_object_back() {
        let table: Table<Box<usize>> = Table::new();
        let mut names = Vec::new();
        let last = loop {
            match table.try_insert(Box::new(names.len())) {
                Ok(name) => names.push(name),
                Err(last) => break last,
            }
        };
        assert_eq!((*last, names.len()), (names.len(), FIRST_CHUNK * ((1 << CHUNKS) - 1)));
        assert!(table.try_insert(Box::new(0)).is_err());
        assert!(table.remove(names[7]));
        let again = table.try_insert(last).unwrap();
        assert_eq!(table.get(again).as_deref(), Some(&Box::new(names.len())));
    }

    #[test]
    fn threads_that_free_and_look_at_once() {
        static DROPPED: AtomicUsize = AtomicUsize::new(0);
        struct Value(usize);
        impl Drop for Value {
            fn drop(&mut self) {
                DROPPED.fetch_add(1, Ordering::Relaxed);
                self.0 = 0;
            }
        }
        let table: Table<Value> = Table::new();
        let current = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..20_000 {
                        if let Some(value) = table.get(current.load(Ordering::Relaxed)) {
                            assert_eq!(value.0, 7);
                        }
                    }
                });
            }
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..5_000 {
                        let name = table.insert(Value(7)).unwrap();
                        current.store(name, Ordering::Relaxed);
                        assert!(table.remove(name));
                    }
                });
            }
        });
        assert_eq!(DROPPED.load(Ordering::Relaxed), 10_000);
    }
}
