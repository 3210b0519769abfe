//! A buffer in equal parts, and where the two sides meet.

use std::sync::Arc;

use wire::{ContextId, Form, ItemsMut, Wire};

use crate::error::Spot;
use crate::kept::Held;
use crate::{Comm, Result};

/// Tells the contexts of partitioned requests from all others that are derived from a communicator's.
const PARTITIONED: u64 = u64::from_be_bytes(*b"partsend");

/// What the sender says when the two meet: its context, the bytes of the buffer, the bytes of a message.
pub(super) type Opening = [u64; 3];

/// A buffer in equal parts.
pub(super) struct Parts<B: ItemsMut + Send + 'static> {
    /// There until it is taken.
    keep: Option<Arc<Held<B>>>,
    row: Row<B::Item>,
    pub partitions: usize,
    pub each: usize,
}

/// Where values lie.
pub(super) struct Row<T> {
    items: *mut T,
    pub count: usize,
    /// Values of a part.
    pub each: usize,
}

impl<T> Clone for Row<T> {
    fn clone(&self) -> Row<T> {
        *self
    }
}

impl<T> Copy for Row<T> {}

impl<T> Row<T> {
    pub fn part(&self, index: usize) -> *mut T {
        debug_assert!((index + 1) * self.each <= self.count);
        self.items.wrapping_add(index * self.each)
    }

    /// The bytes of `count` values from `first` on, or of those that there are.
    pub fn bytes_of(&self, first: usize, count: usize) -> (*mut u8, usize) {
        let count = count.min(self.count - first);
        (self.items.wrapping_add(first).cast(), count * size_of::<T>())
    }
}

// SAFETY: it owns a B, whose memory the row leads to.
unsafe impl<B: ItemsMut + Send + 'static> Send for Parts<B> {}
// SAFETY: through a shared reference it gives out addresses only.
unsafe impl<B: ItemsMut + Send + 'static> Sync for Parts<B> {}

impl<B: ItemsMut + Send + 'static> Parts<B> {
    pub fn new(buffer: B, partitions: usize, spot: Spot, comm: &Comm) -> Result<Parts<B>> {
        const {
            assert!(
                matches!(<B::Item as Wire>::FORM, Form::Plain),
                "parts of a plain type: one that is sent where it lies"
            )
        };
        let mut held = Held::new(buffer);
        let items = held.get_mut().items_mut();
        let (count, items) = (items.len(), items.as_mut_ptr());
        if partitions == 0 || !count.is_multiple_of(partitions) || partitions > i32::MAX as usize {
            let what = format!("{count} values can't be sent in {partitions} equal parts");
            return Err(spot.refuse::<B::Item>(&comm.untyped, what));
        }
        let each = count / partitions;
        Ok(Parts { keep: Some(Arc::new(held)), row: Row { items, count, each }, partitions, each })
    }

    pub fn row(&self) -> Row<B::Item> {
        self.row
    }

    pub fn bytes(&self) -> usize {
        self.row.count * size_of::<B::Item>()
    }

    pub fn part_bytes(&self) -> usize {
        self.each * size_of::<B::Item>()
    }

    /// The values. Only while no operation has them.
    pub fn items_mut(&mut self) -> &mut [B::Item] {
        // SAFETY: the callers have waited; the memory is that of the buffer, which is held.
        unsafe { std::slice::from_raw_parts_mut(self.row.items, self.row.count) }
    }

    /// What keeps the buffer alive for an operation that nobody waits for.
    pub fn keep(&self) -> Option<Box<dyn Send>> {
        self.keep.clone().map(|keep| Box::new(Alive(keep)) as Box<dyn Send>)
    }

    /// The buffer, after the last wait.
    pub fn take(&mut self) -> B {
        let keep = self.keep.take().and_then(Arc::into_inner);
        let Some(held) = keep else { unreachable!("only operations that nobody waits for keep it as well") };
        held.into_inner()
    }
}

/// Lets a buffer be dropped by whichever thread is last.
struct Alive<B>(#[expect(dead_code, reason = "it is kept, not used")] Arc<Held<B>>);

// SAFETY: the buffer is used by nobody until the last of them drops it, which B: Send allows on any thread.
unsafe impl<B: Send> Send for Alive<B> {}

/// Where the requests of two ranks meet, or where the messages of one pair of them go: the members of `comm` in a context that
/// follows from its own and from `words`. So whatever a peer says there, it names no context but such.
pub(super) fn beside(comm: &Comm, words: &[u64]) -> Comm {
    let context = comm.untyped.inner().context.0;
    Comm::of(
        comm.untyped
            .beside(ContextId::derived([PARTITIONED, context].into_iter().chain(words.iter().copied()))),
    )
}
