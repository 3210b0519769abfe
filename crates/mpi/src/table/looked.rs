//! Looks at objects that are not counted: two writes to a place of the thread's own, where counting is two atomic additions.
#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::atomic::{AtomicU8, Ordering};

use mapped::{Look, Looks};

use super::{OPEN, Slot, Table, is_current, parts};

/// At what threads look now.
static LOOKS: Looks = Looks::new();

/// Who knows of looks.
static LOOKING: AtomicU8 = AtomicU8::new(NOBODY);
const NOBODY: u8 = 0;
/// Who drops values, and nobody begins to look.
const DROPPERS: u8 = 1;
const EVERYBODY: u8 = 2;

/// Has threads look, if the system can have them all pass a barrier; or count, since that costs less while one of them calls at a time.
pub(super) fn permit(looks: bool) {
    if !looks {
        // Who looks now is still found.
        let _ = LOOKING.compare_exchange(EVERYBODY, DROPPERS, Ordering::Relaxed, Ordering::Relaxed);
    } else if os::threads::number().is_some() && os::membarrier::prepare() {
        let before = LOOKING.fetch_max(DROPPERS, Ordering::Relaxed);
        // Behind it no thread drops a value whose name it has closed, and doesn't know that it has to ask.
        let after = if os::membarrier::all_threads() { EVERYBODY } else { before };
        LOOKING.store(after, Ordering::Release);
    }
}

/// Whether a slot is looked at, whose name was closed before.
pub(super) fn is_looked_at<T, const FACE: usize>(slot: &Slot<T, FACE>) -> bool {
    LOOKING.load(Ordering::Relaxed) != NOBODY && LOOKS.is_at(address(slot), os::membarrier::all_threads)
}

fn address<T, const FACE: usize>(slot: &Slot<T, FACE>) -> u64 {
    (&raw const *slot).addr() as u64
}

/// An object that is looked at: it stays while this lives, on the thread that looks.
pub struct Looked<'t, T, const SHARED: bool = false, const FACE: usize = 0> {
    /// Some but in the drop.
    look: Option<Look<'static>>,
    table: &'t Table<T, SHARED, FACE>,
    slot: &'t Slot<T, FACE>,
    index: usize,
    /// The place is a thread's.
    on_its_thread: PhantomData<*const ()>,
}

impl<T, const SHARED: bool, const FACE: usize> Table<T, SHARED, FACE> {
    /// A look at the object of this name. None: the name isn't valid, or there can be no look, and to [`get`](Table::get) it shows which: one
    /// thread at a time calls, or this one looks at something already, or shares its place with another.
    #[inline(always)]
    pub fn look(&self, name: usize) -> Option<Looked<'_, T, SHARED, FACE>> {
        debug_assert!(self.is_looked_at);
        // Acquire: the word is read after it.
        if LOOKING.load(Ordering::Acquire) != EVERYBODY {
            return None;
        }
        let (index, generation) = parts(name)?;
        let slot = self.slot(index)?;
        let look = LOOKS.begin(os::threads::number()?, address(slot))?;
        let looked = Looked { look: Some(look), table: self, slot, index, on_its_thread: PhantomData };
        // Acquire: pairs with the Release in `try_insert`, after which the value is there. What is not current is let go by the drop.
        is_current(slot.word.load(Ordering::Acquire), generation).then_some(looked)
    }
}

impl<T, const SHARED: bool, const FACE: usize> Deref for Looked<'_, T, SHARED, FACE> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: it was open and full after the look began, and whoever makes it empty asks first who looks.
        unsafe { (*self.slot.value.get()).assume_init_ref() }
    }
}

impl<T, const SHARED: bool, const FACE: usize> Drop for Looked<'_, T, SHARED, FACE> {
    #[inline]
    fn drop(&mut self) {
        self.look = None;
        // Relaxed: `empty` looks again. Who has closed it before the look ended has left it to this.
        if self.slot.word.load(Ordering::Relaxed) & OPEN == 0 {
            self.table.empty(self.slot, self.index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::set_alone;
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn what_is_looked_at_without_being_counted_stays_too() {
        set_alone(false);
        let table: Table<_> = Table::looked_at();
        let counted = Arc::new(());
        let name = table.insert(counted.clone()).unwrap();
        let Some(looked) = table.look(name) else { return };
        // A thread has one look.
        assert!(table.look(name).is_none() && table.get(name).is_some());
        assert!(table.remove(name) && table.look(name).is_none() && table.get(name).is_none());
        assert_eq!(Arc::strong_count(&counted), 2);
        drop(looked);
        assert_eq!(Arc::strong_count(&counted), 1);
        for invented in [0, 1, 4096, usize::MAX, name] {
            assert!(table.look(invented).is_none(), "{invented}");
        }
        let next = table.insert(counted.clone()).unwrap();
        drop(table.look(next));
        assert!(table.remove(next));
        assert_eq!(Arc::strong_count(&counted), 1);
    }

    #[test]
    fn threads_that_free_look_and_count_at_once() {
        static DROPPED: AtomicUsize = AtomicUsize::new(0);
        struct Value(AtomicUsize);
        impl Drop for Value {
            fn drop(&mut self) {
                DROPPED.fetch_add(1, Ordering::Relaxed);
                self.0.store(0, Ordering::Relaxed);
            }
        }
        set_alone(false);
        let table: Table<Value> = Table::looked_at();
        let current = AtomicUsize::new(0);
        let is_whole = |value: &Value| assert_eq!(value.0.load(Ordering::Relaxed), 7);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..20_000 {
                        let name = current.load(Ordering::Relaxed);
                        if let Some(value) = table.look(name) {
                            is_whole(&value);
                            table.get(name).iter().for_each(|value| is_whole(value));
                            is_whole(&value);
                        }
                        table.get(name).iter().for_each(|value| is_whole(value));
                    }
                });
            }
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..5_000 {
                        let name = table.insert(Value(AtomicUsize::new(7))).unwrap();
                        current.store(name, Ordering::Relaxed);
                        std::hint::spin_loop();
                        assert!(table.remove(name));
                    }
                });
            }
        });
        assert_eq!(DROPPED.load(Ordering::Relaxed), 10_000);
    }
}
