//! A buffer in equal parts, and where the two sides meet.

use std::sync::Arc;

use engine::{Pointer, TypeTag};
use layout::Partible;
use wire::{ContextId, Form, Wire};

use crate::error::Spot;
use crate::kept::Held;
use crate::raw;
use crate::transfer::{laid_out_of, type_of};
use crate::{Comm, Result};

/// Tells the contexts of partitioned requests from all others that are derived from a communicator's.
const PARTITIONED: u64 = u64::from_be_bytes(*b"partsend");

/// What the sender says when the two meet: its context, the bytes of the buffer, the bytes of a message.
pub(super) type Opening = [u64; 3];

/// A buffer in equal parts.
pub(super) struct Parts<B: Partible> {
    /// There until it is taken.
    keep: Option<Arc<Held<B>>>,
    row: Row<B::Item>,
    /// What is sent.
    pub of: TypeTag,
    pub partitions: usize,
    pub each: usize,
}

/// Where values lie, and which bytes of them are sent.
pub(super) struct Row<T> {
    items: *mut T,
    pub count: usize,
    /// Values of a part.
    pub each: usize,
    /// The message of all parts, and how many bytes of it a part has.
    message: Pointer,
    pub part_bytes: usize,
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

    /// How many bytes all parts have.
    pub fn bytes(&self) -> usize {
        self.count.checked_div(self.each).unwrap_or(0) * self.part_bytes
    }

    /// The bytes of the message from one on.
    pub fn from(&self, byte: usize) -> Pointer {
        self.message.offset(byte)
    }
}

// SAFETY: it owns a B, whose memory the row leads to.
unsafe impl<B: Partible> Send for Parts<B> {}
// SAFETY: through a shared reference it gives out addresses only.
unsafe impl<B: Partible> Sync for Parts<B> {}

impl<B: Partible> Parts<B> {
    pub fn new(buffer: B, partitions: usize, spot: Spot, comm: &Comm) -> Result<Parts<B>> {
        const {
            assert!(
                matches!(<B::Item as Wire>::FORM, Form::Plain),
                "parts of a plain type: one that is sent where it lies"
            )
        };
        let mut held = Held::new(buffer);
        let items = held.get_mut().values();
        let (count, items) = (items.len(), items.as_mut_ptr());
        // All of a message are of one element each, or of as many.
        let (element, element_bytes, message, of) = match held.get().elements() {
            None => (1, size_of::<B::Item>(), Pointer::new(items.cast()), type_of::<B::Item>()),
            Some((placed, signature, values)) => {
                let bytes = placed.bytes() / (count / values).max(1);
                (values, bytes, raw::pointer(placed), laid_out_of::<B::Item>(signature))
            }
        };
        let elements = count / element;
        if partitions == 0 || !elements.is_multiple_of(partitions) || partitions > i32::MAX as usize {
            let unit = if element == 1 { "values" } else { "elements" };
            let what = format!("{elements} {unit} can't be sent in {partitions} equal parts");
            return Err(spot.refuse::<B::Item>(&comm.untyped, what));
        }
        let part = elements / partitions;
        let (each, part_bytes) = (part * element, part * element_bytes);
        let row = Row { items, count, each, message, part_bytes };
        Ok(Parts { keep: Some(Arc::new(held)), row, of, partitions, each })
    }

    pub fn row(&self) -> Row<B::Item> {
        self.row
    }

    pub fn bytes(&self) -> usize {
        self.row.bytes()
    }

    pub fn part_bytes(&self) -> usize {
        self.row.part_bytes
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
