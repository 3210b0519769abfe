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
//! | 43 | *marked*: more than the value has to be seen to when its name goes | set by `mark`, cleared by `insert` |
//! | 44..64 | epoch: no part of the name, so that a word comes again after half a milliard of objects | raised by `insert` |
//!
//! While the program has promised that one thread at a time calls ([`set_alone`]), counting is a load and a store, which cost a
//! tenth of an atomic addition; but for objects whose functions any thread may call whatever was promised ([`ALWAYS`]).
//!
//! Who looks adds one and sees in the same access whether the name is current: while it looks the value stays. Whoever brings
//! the number of lookers of a closed, full slot to nothing drops the value and gives the slot back.
//!
//! Objects of some tables can be looked at without being counted, where more than one thread calls: a thread writes what it looks at to a
//! place of its own ([`mapped::Looks`]), and who drops a value asks those places first. Only dropping costs more.
//!
//! A slot has a *face* too: a few words that say of an object what never changes and is asked often. They are read without being counted,
//! and believed if the name was current before and after.

mod looked;

pub use looked::Looked;

use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::sync::{Mutex, OnceLock, PoisonError};

const OPEN: u64 = 1 << 32;
const FULL: u64 = 1 << 33;
const GENERATION_SHIFT: u32 = 34;
const MARKED: u64 = 1 << 43;
const EPOCH: u64 = 1 << 44;
/// All of it.
const EPOCHS: u64 = EPOCH.wrapping_neg();

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
    looked::permit(!alone);
}

/// Whether the program promises that one thread at a time calls.
#[cfg(test)]
pub(crate) fn is_alone() -> bool {
    ALONE.load(Ordering::Relaxed)
}

/// Of a table whose objects any number of threads may use at any thread level, and before the beginning: info objects, error handlers,
/// sessions (MPI 5.0 §11.4.1).
pub const ALWAYS: bool = true;

/// Objects of one kind, with faces of so many words.
pub struct Table<T, const SHARED: bool = false, const FACE: usize = 0> {
    chunks: [OnceLock<Box<[Slot<T, FACE>]>>; CHUNKS],
    free: Mutex<Free>,
    /// Whether there may be looks at its objects.
    is_looked_at: bool,
}

struct Slot<T, const FACE: usize> {
    word: AtomicU64,
    face: [AtomicU64; FACE],
    value: UnsafeCell<MaybeUninit<T>>,
}

struct Free {
    /// First in, first out: a name is valid again as late as can be.
    slots: VecDeque<usize>,
    made: usize,
}

// SAFETY: values are shared by reference between threads (T: Sync) and dropped by any (T: Send); a value is written only while
// nobody else can see its slot, as the module's documentation says.
unsafe impl<T: Send + Sync, const FACE: usize> Sync for Slot<T, FACE> {}

/// An object in use: it stays while this lives.
pub struct Ref<'t, T, const SHARED: bool = false, const FACE: usize = 0> {
    table: &'t Table<T, SHARED, FACE>,
    slot: &'t Slot<T, FACE>,
    index: usize,
}

/// Whether this word's name is the one of this generation.
#[inline]
fn is_current(word: u64, generation: u64) -> bool {
    word & !(u64::from(u32::MAX) | MARKED | EPOCHS) == plain(generation)
}

/// The word of an object of this generation that is not marked and that nobody looks at.
#[inline]
fn plain(generation: u64) -> u64 {
    generation << GENERATION_SHIFT | FULL | OPEN
}

/// The generation in a word.
fn generation_of(word: u64) -> u64 {
    word >> GENERATION_SHIFT & (GENERATIONS - 1)
}

impl<T, const SHARED: bool, const FACE: usize> Table<T, SHARED, FACE> {
    /// Without objects.
    pub const fn new() -> Table<T, SHARED, FACE> {
        Table::without_objects(false)
    }

    /// Without objects, at which there can be looks.
    pub const fn looked_at() -> Table<T, SHARED, FACE> {
        Table::without_objects(true)
    }

    const fn without_objects(is_looked_at: bool) -> Table<T, SHARED, FACE> {
        Table {
            chunks: [const { OnceLock::new() }; CHUNKS],
            free: Mutex::new(Free { slots: VecDeque::new(), made: 0 }),
            is_looked_at,
        }
    }

    /// The object of this name.
    #[inline]
    pub fn get(&self, name: usize) -> Option<Ref<'_, T, SHARED, FACE>> {
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
        // What is not current is let go by the drop.
        is_current(before, generation).then_some(found)
    }

    /// Whether the name is valid.
    #[inline]
    pub fn has(&self, name: usize) -> bool {
        self.face(name).is_some()
    }

    /// The face of the object of this name.
    #[inline]
    pub fn face(&self, name: usize) -> Option<[u64; FACE]> {
        let (index, generation) = parts(name)?;
        let slot = self.slot(index)?;
        // Acquire: pairs with the Release in `try_insert`, after which this object's face is there.
        if !is_current(slot.word.load(Ordering::Acquire), generation) {
            return None;
        }
        // Relaxed: words of the slot's next object are noticed below.
        let face = slot.face.each_ref().map(|word| word.load(Ordering::Relaxed));
        // Acquire: pairs with the fence in `try_insert`. Whoever has read a word of the next object sees that this one's name was closed.
        fence(Ordering::Acquire);
        is_current(slot.word.load(Ordering::Relaxed), generation).then_some(face)
    }

    /// Gives an object a name; none when all are taken. Its face, if there are any, says nothing.
    pub fn insert(&self, value: T) -> Option<usize> {
        self.try_insert(value, [0; FACE]).ok()
    }

    /// Gives an object a name, and a face.
    ///
    /// # Errors
    /// All names are taken: the object.
    pub fn try_insert(&self, value: T, face: [u64; FACE]) -> Result<usize, T> {
        let Some((index, slot)) = self.take_free().and_then(|index| Some((index, self.slot(index)?))) else {
            return Err(value);
        };
        // SAFETY: the slot is neither open nor full, and this call took it out of the free ones: nobody else touches the value.
        unsafe { (*slot.value.get()).write(value) };
        // Release: pairs with the fence in `face`. The name of the last object here was closed before this slot was free.
        fence(Ordering::Release);
        for (word, of) in slot.face.iter().zip(face) {
            word.store(of, Ordering::Relaxed);
        }
        // Relaxed: only the holder of the free slot changes these bits.
        let before = slot.word.load(Ordering::Relaxed) & !u64::from(u32::MAX);
        let generation = ((generation_of(before) + 1) % GENERATIONS).max(1);
        let after = plain(generation) | (before & EPOCHS).wrapping_add(EPOCH);
        // Added, since others may look in vain meanwhile. Release: pairs with the Acquire in `get`.
        slot.word.fetch_add(after.wrapping_sub(before), Ordering::Release);
        Ok((generation as usize) << INDEX_BITS | index)
    }

    /// Makes a name invalid; the object goes when nobody looks at it any more. Returns whether the name was valid.
    pub fn remove(&self, name: usize) -> bool {
        self.get(name).is_some_and(Ref::close)
    }

    /// Whether the name is valid, its object is not marked, and nobody looks at it.
    #[inline]
    pub fn is_plain(&self, name: usize) -> bool {
        parts(name).is_some_and(|(index, generation)| {
            // Acquire: pairs with the Release of who looked and has let go.
            let is_plain =
                |slot: &Slot<T, FACE>| slot.word.load(Ordering::Acquire) & !EPOCHS == plain(generation);
            self.slot(index).is_some_and(is_plain)
        })
    }

    /// Makes a name invalid whose object is not marked and that nobody looks at, and drops the object; quicker than to get it. Returns
    /// whether that was so, and else does nothing.
    #[inline]
    pub fn remove_plain(&self, name: usize) -> bool {
        debug_assert!(!self.is_looked_at);
        let Some((index, generation)) = parts(name) else { return false };
        let Some(slot) = self.slot(index) else { return false };
        // Relaxed: what is read is compared below.
        let word = slot.word.load(Ordering::Relaxed);
        let is_plain = word & !EPOCHS == plain(generation);
        let emptied = word & !(OPEN | FULL);
        // Acquire: pairs with the Release of who looked and has let go.
        let removed = is_plain
            && slot.word.compare_exchange(word, emptied, Ordering::AcqRel, Ordering::Relaxed).is_ok();
        if removed {
            // SAFETY: this call made it empty.
            unsafe { self.give_back(slot, index) };
        }
        removed
    }

    /// The names that are valid now.
    pub fn names(&self) -> Vec<usize> {
        let made = self.free.lock().unwrap_or_else(PoisonError::into_inner).made;
        let name = |index: usize| {
            let word = self.slot(index)?.word.load(Ordering::Acquire);
            let generation = generation_of(word) as usize;
            (word & OPEN != 0).then_some(generation << INDEX_BITS | index)
        };
        (0..made).filter_map(name).collect()
    }

    #[inline]
    fn slot(&self, index: usize) -> Option<&Slot<T, FACE>> {
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
            let slot = |_| Slot {
                word: AtomicU64::new(0),
                face: [const { AtomicU64::new(0) }; FACE],
                value: UnsafeCell::new(MaybeUninit::uninit()),
            };
            (0..FIRST_CHUNK << chunk).map(slot).collect()
        });
        free.made += 1;
        Some(index)
    }

    /// Drops the value of a slot that is closed and that nobody looks at, unless somebody else does so.
    #[cold]
    fn empty(&self, slot: &Slot<T, FACE>, index: usize) {
        // Acquire: pairs with the Release of the others who have let go.
        let word = slot.word.load(Ordering::Acquire);
        let unused = word & (u64::from(u32::MAX) | OPEN | FULL) == FULL;
        if !unused || self.is_looked_at && looked::is_looked_at(slot) {
            return;
        }
        // Who counts itself meanwhile, in vain, does this when it lets go. Acquire: as above.
        if slot.word.compare_exchange(word, word & !FULL, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            // SAFETY: this call made it empty.
            unsafe { self.give_back(slot, index) }
        }
    }

    /// Drops the value and makes the slot free.
    ///
    /// # Safety
    /// The caller changed it from full to empty.
    unsafe fn give_back(&self, slot: &Slot<T, FACE>, index: usize) {
        // SAFETY: it was full, and only one call changes it from full to empty; nobody looks at it, and nobody can until it is
        // open again, which happens after it was given back below.
        unsafe { (*slot.value.get()).assume_init_drop() };
        self.free.lock().unwrap_or_else(PoisonError::into_inner).slots.push_back(index);
    }
}

impl<T, const SHARED: bool, const FACE: usize> Default for Table<T, SHARED, FACE> {
    fn default() -> Table<T, SHARED, FACE> {
        Table::new()
    }
}

impl<T, const SHARED: bool, const FACE: usize> Ref<'_, T, SHARED, FACE> {
    /// Notes that more than the value has to be seen to when the name goes: [`remove_plain`](Table::remove_plain) leaves it alone.
    pub fn mark(&self) {
        // Release: who removes it sees what was done before.
        self.slot.word.fetch_or(MARKED, Ordering::Release);
    }

    /// Makes the name invalid; the object goes when nobody looks at it any more. Returns whether the name was valid.
    pub fn close(self) -> bool {
        // While it is looked at the slot stays full, and so of this generation. Relaxed: what is read is compared below.
        let word = self.slot.word.load(Ordering::Relaxed);
        let open = word & OPEN != 0;
        // Nobody else looks at it: it is closed, let go and emptied at once. Acquire: pairs with the Release of the others who have let go.
        let alone = open && word as u32 == 1 && !self.table.is_looked_at;
        let emptied = word.wrapping_sub(1) & !(OPEN | FULL);
        if alone
            && self.slot.word.compare_exchange(word, emptied, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        {
            let (table, slot, index) = (self.table, self.slot, self.index);
            // It has been let go.
            std::mem::forget(self);
            // SAFETY: this call made it empty.
            unsafe { table.give_back(slot, index) };
            return true;
        }
        let close = |word: u64| (word & OPEN != 0).then_some(word & !OPEN);
        // The drop of this is the first that may empty the slot.
        self.slot.word.fetch_update(Ordering::AcqRel, Ordering::Acquire, close).is_ok()
    }
}

fn parts(name: usize) -> Option<(usize, u64)> {
    let generation = (name >> INDEX_BITS) as u64;
    (1..GENERATIONS).contains(&generation).then_some((name & ((1 << INDEX_BITS) - 1), generation))
}

impl<T, const SHARED: bool, const FACE: usize> Deref for Ref<'_, T, SHARED, FACE> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: it was open and full when this call began to look, and whoever looks keeps it full.
        unsafe { (*self.slot.value.get()).assume_init_ref() }
    }
}

impl<T, const SHARED: bool, const FACE: usize> Drop for Ref<'_, T, SHARED, FACE> {
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
            match table.try_insert(Box::new(names.len()), []) {
                Ok(name) => names.push(name),
                Err(last) => break last,
            }
        };
        assert_eq!((*last, names.len()), (names.len(), FIRST_CHUNK * ((1 << CHUNKS) - 1)));
        assert!(table.try_insert(Box::new(0), []).is_err());
        assert!(table.remove(names[7]));
        let again = table.try_insert(last, []).unwrap();
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

    #[test]
    fn a_face_is_of_one_object() {
        let table: Table<u64, false, 4> = Table::new();
        let name = table.try_insert(7, [1, 2, 3, 4]).unwrap();
        assert_eq!(table.face(name), Some([1, 2, 3, 4]));
        assert!(table.remove(name) && table.face(name).is_none());
        let current = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..20_000 {
                        if let Some(face) = table.face(current.load(Ordering::Relaxed)) {
                            assert!(face.iter().all(|word| *word == face[0]), "{face:?}");
                        }
                    }
                });
            }
            scope.spawn(|| {
                for value in 0..10_000 {
                    let name = table.try_insert(value, [value; 4]).unwrap();
                    current.store(name, Ordering::Relaxed);
                    assert!(table.remove(name));
                }
            });
        });
    }

    #[test]
    fn who_closes_what_another_looks_at_leaves_it_to_the_other() {
        let table: Table<_> = Table::new();
        let counted = Arc::new(());
        let name = table.insert(counted.clone()).unwrap();
        let (one, other) = (table.get(name).unwrap(), table.get(name).unwrap());
        assert!(one.close());
        assert!(table.get(name).is_none() && Arc::strong_count(&counted) == 2);
        // Closed before: it only lets go.
        assert!(!other.close());
        assert_eq!(Arc::strong_count(&counted), 1);
    }

    #[test]
    fn what_is_marked_or_looked_at_is_not_plain() {
        let table: Table<_> = Table::new();
        let name = table.insert(7).unwrap();
        let held = table.get(name).unwrap();
        assert!(!table.is_plain(name) && !table.remove_plain(name));
        drop(held);
        assert!(table.is_plain(name));
        table.get(name).unwrap().mark();
        assert!(!table.remove_plain(name) && table.get(name).is_some() && table.names() == [name]);
        assert!(table.remove(name));
        let next = table.insert(8).unwrap();
        assert_eq!(next, name + (1 << INDEX_BITS), "the same slot, and its next generation");
        assert!(!table.remove_plain(name) && table.remove_plain(next));
        assert!(table.get(next).is_none() && !table.remove_plain(next));
    }
}
