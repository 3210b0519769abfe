//! At what the threads of this process look now: who wants to drop something asks, and who looks pays for no atomic addition.
//!
//! Each thread has a place, found by its number, and writes there what it looks at, before it checks whether that is still valid.
//! Who has made something invalid has all threads pass a barrier, and reads the places: either it finds the look there, and
//! leaves the drop to whoever ends it, or that thread's check comes later, and finds what was made invalid. So the threads that look need
//! no barrier of the processor's. (Michael, Hazard Pointers, 2004; the barrier is `membarrier`.)

use crate::sync::{AtomicU64, Ordering, light_fence};

/// Places: threads that share one count instead.
const PLACES_LOG2: u32 = if cfg!(loom) { 1 } else { 8 };

/// A place of a thread. Apart from others', which their threads write all the time.
#[repr(align(64))]
struct Place {
    /// Whose it is. 0: nobody's yet. It stays with the number: a later thread of this number goes on with it.
    thread: AtomicU64,
    /// The address of what it looks at, or 0.
    at: AtomicU64,
}

/// The places of all threads.
pub struct Looks([Place; 1 << PLACES_LOG2]);

/// A look: what it is at stays while this lives.
pub struct Look<'l>(&'l Place);

impl Looks {
    /// Nobody looks.
    #[cfg(not(loom))]
    pub const fn new() -> Looks {
        Looks([const { Place { thread: AtomicU64::new(0), at: AtomicU64::new(0) } }; 1 << PLACES_LOG2])
    }

    /// Nobody looks.
    #[cfg(loom)]
    pub fn new() -> Looks {
        Looks(std::array::from_fn(|_| Place { thread: AtomicU64::new(0), at: AtomicU64::new(0) }))
    }

    /// The calling thread, of this number (not 0), looks at what is at this address (not 0). The caller checks *afterwards* that it is valid.
    /// None: it looks at something already, or another thread has its place.
    #[inline]
    pub fn begin(&self, thread: u64, at: u64) -> Option<Look<'_>> {
        // The upper bits of the product depend on all of the number.
        let place = &self.0[(thread.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - PLACES_LOG2)) as usize];
        // Relaxed: only a thread of this number has written it.
        if place.thread.load(Ordering::Relaxed) != thread && !place.claim(thread) {
            return None;
        }
        // Relaxed: only this thread writes it.
        if place.at.load(Ordering::Relaxed) != 0 {
            return None;
        }
        // Release: who reads this one's address has read that the look before it has ended.
        place.at.store(at, Ordering::Release);
        // Pairs with the barrier of `is_at`.
        light_fence();
        Some(Look(place))
    }

    /// Whether a thread looks at what is at this address, which was made invalid before. `barrier` has all threads of the process pass a
    /// barrier; if it can't, the answer is yes. Of two who ask, and who have ended their looks before, one is told no.
    pub fn is_at(&self, at: u64, barrier: impl FnOnce() -> bool) -> bool {
        // Acquire: what who has ended its look has read is read before it is dropped.
        !barrier() || self.0.iter().any(|place| place.at.load(Ordering::Acquire) == at)
    }
}

impl Default for Looks {
    fn default() -> Looks {
        Looks::new()
    }
}

impl Place {
    #[cold]
    fn claim(&self, thread: u64) -> bool {
        // Relaxed: nothing else comes with it.
        self.thread.compare_exchange(0, thread, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

impl Drop for Look<'_> {
    /// Whoever ends it looks *afterwards* whether what it was at was made invalid meanwhile: then the drop may be left to it.
    #[inline]
    fn drop(&mut self) {
        // Release: pairs with the Acquire in `is_at`.
        self.0.at.store(0, Ordering::Release);
        // Pairs with the barrier of `is_at`.
        light_fence();
    }
}
