//! Where a ring lies: its words, its lines, its payload area, as both ends see them.

use crate::sync::{AtomicU32, AtomicU64};
use std::any::Any;
use std::ptr::NonNull;
use std::sync::Arc;

/// Bytes of payload that fit into a line.
pub const INLINE_BYTES: usize = 32;

/// Lines that only [`Producer::push`](super::Producer::push) with `urgent` may use: credits and acknowledgements get through a ring full of data.
pub const RESERVED_LINES: u32 = 4;

/// Payloads start at multiples of this.
pub(super) const PAYLOAD_ALIGN: u32 = 64;

/// A record's payload lies in the payload area.
pub(super) const FLAG_OUTLINE: u8 = 1;

/// 64 bytes, one record.
#[repr(C, align(64))]
#[derive(Debug)]
pub struct Line {
    pub(super) words: [AtomicU64; 8],
}

/// The words beside the lines. 128 bytes; each half has one habitual writer.
#[repr(C)]
#[derive(Debug)]
pub struct Control {
    receiver: ReceiverLine,
    sender: SenderLine,
}

#[repr(C, align(64))]
#[derive(Debug)]
pub(super) struct ReceiverLine {
    /// 1: the consumer polls this ring, no doorbell needed. 0: it doesn't (or will look once more before it stops).
    /// Stored by the consumer; swapped from 0 to 1 by the producer that then rings.
    pub(super) watched: AtomicU32,
    /// How many lines the consumer has given back since the beginning.
    pub(super) lines_released: AtomicU64,
    /// The mark of the last payload that it has given back.
    pub(super) payload_released: AtomicU64,
}

#[repr(C, align(64))]
#[derive(Debug)]
pub(super) struct SenderLine {
    /// 1: the producer waits for room. Stored by the producer; swapped to 0 by the consumer that then rings.
    pub(super) space_wanted: AtomicU32,
}

/// Where a ring lies. Both ends hold one.
#[derive(Clone)]
pub struct RingMemory {
    control: NonNull<Control>,
    lines: NonNull<Line>,
    pub(super) line_count: u32,
    pub(super) payload: NonNull<u8>,
    pub(super) payload_bytes: u32,
    /// Keeps the memory mapped.
    _keep: Arc<dyn Any + Send + Sync>,
}

// SAFETY: the pointers lead to atomics and to bytes that are only copied raw, kept mapped by `_keep`.
unsafe impl Send for RingMemory {}
// SAFETY: as above.
unsafe impl Sync for RingMemory {}

impl RingMemory {
    /// Describes a ring of `line_count` lines and `payload_bytes` bytes of payload.
    ///
    /// # Safety
    /// As long as `keep` lives, the pointers must lead to that much memory, aligned for their types and zeroed before
    /// the first use of the ring, which nobody accesses but the two ends of this ring.
    ///
    /// # Panics
    /// If there are not more lines than the reserve, or the payload area is not a multiple of 64 bytes.
    pub unsafe fn new(
        control: NonNull<Control>,
        lines: NonNull<Line>,
        line_count: u32,
        payload: NonNull<u8>,
        payload_bytes: u32,
        keep: Arc<dyn Any + Send + Sync>,
    ) -> RingMemory {
        assert!(line_count > RESERVED_LINES && payload_bytes.is_multiple_of(PAYLOAD_ALIGN));
        RingMemory { control, lines, line_count, payload, payload_bytes, _keep: keep }
    }

    #[inline]
    pub(super) fn receiver(&self) -> &ReceiverLine {
        // SAFETY: `new`'s contract: the control words are mapped while `self` lives, and are atomics.
        unsafe { &self.control.as_ref().receiver }
    }

    #[inline]
    pub(super) fn sender(&self) -> &SenderLine {
        // SAFETY: as in `receiver`.
        unsafe { &self.control.as_ref().sender }
    }

    #[inline]
    pub(super) fn line(&self, position: u32) -> &Line {
        debug_assert!(position < self.line_count);
        // SAFETY: `new`'s contract; both ends keep their positions below `line_count`.
        unsafe { self.lines.add(position as usize).as_ref() }
    }

    /// The largest payload that always fits into an empty ring: half of the payload area, since a payload is never split.
    #[inline]
    pub fn record_bytes_max(&self) -> usize {
        self.payload_bytes as usize / 2
    }
}

impl std::fmt::Debug for RingMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ring of {} lines and {} bytes", self.line_count, self.payload_bytes)
    }
}

/// Where in the circle of lines one end stands, and in which lap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) generation: u16,
}

impl Position {
    /// Generation 0 is what zeroed memory carries, so the first lap is 1.
    pub(super) const START: Position = Position { line: 0, generation: 1 };

    #[inline]
    pub(super) fn advance(&mut self, line_count: u32) {
        self.line += 1;
        if self.line == line_count {
            self.line = 0;
            self.generation = self.generation.wrapping_add(1);
        }
    }
}

/// Packs word 0.
#[inline]
pub(super) fn word(generation: u16, kind: u8, flags: u8, length: u32) -> u64 {
    (generation as u64) << 48 | (kind as u64) << 40 | (flags as u64) << 32 | length as u64
}

/// A ring in ordinary memory: for models and tests.
#[doc(hidden)]
pub mod private {
    use super::*;

    struct Owned {
        control: Box<Control>,
        lines: Box<[Line]>,
        payload: Box<[std::cell::UnsafeCell<u64>]>,
    }

    // SAFETY: the payload is accessed only through the ring's raw copies.
    unsafe impl Send for Owned {}
    // SAFETY: as above.
    unsafe impl Sync for Owned {}

    /// Makes a ring of this size.
    pub fn ring(line_count: u32, payload_bytes: u32) -> RingMemory {
        let control = Control {
            receiver: ReceiverLine {
                watched: AtomicU32::new(0),
                lines_released: AtomicU64::new(0),
                payload_released: AtomicU64::new(0),
            },
            sender: SenderLine { space_wanted: AtomicU32::new(0) },
        };
        let line = |_| Line { words: std::array::from_fn(|_| AtomicU64::new(0)) };
        let owned = Arc::new(Owned {
            control: Box::new(control),
            lines: (0..line_count).map(line).collect(),
            payload: (0..payload_bytes / 8).map(|_| std::cell::UnsafeCell::new(0)).collect(),
        });
        let control = NonNull::from(&*owned.control);
        let lines = NonNull::from(&*owned.lines).cast();
        let payload = NonNull::from(&*owned.payload).cast();
        // SAFETY: `owned` holds that much, zeroed, and nobody else knows of it.
        unsafe { RingMemory::new(control, lines, line_count, payload, payload_bytes, owned) }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::ring::{Body, Consumer, Producer, Record};
    use crate::sync::Ordering;
    use proptest::prelude::*;

    proptest! {
        /// Whatever a hostile producer writes, a record's body lies inside the ring, or the ring is reported as corrupt.
        #[test]
        fn hostile_words_stay_inside(words in proptest::collection::vec(any::<[u64; 8]>(), 1..20), plausible: bool) {
            let memory = private::ring(8, 4096);
            let mut consumer = Consumer::new(memory.clone());
            for mut words in words {
                words[0] = words[0] & 0xffff_ffff_ffff | (consumer.generation() as u64) << 48;
                if plausible {
                    words[0] &= 0xffff_ff03_0000_1fff;
                    words[4] &= 0x1fff;
                }
                let line = memory.line(consumer.line());
                for (target, word) in line.words.iter().zip(words) {
                    target.store(word, Ordering::Relaxed);
                }
                match consumer.pop() {
                    Err(_) => break,
                    Ok(None) => prop_assert!(false, "its generation was right"),
                    Ok(Some(Record { body: Body::Inline { length, .. }, .. })) => {
                        prop_assert!(length as usize <= INLINE_BYTES);
                    }
                    Ok(Some(Record { body: Body::Outline { pointer, length, mark }, .. })) => {
                        let offset = pointer as usize - memory.payload.as_ptr() as usize;
                        prop_assert!(offset + length as usize <= memory.payload_bytes as usize);
                        consumer.release(mark);
                    }
                }
                let _ = consumer.publish_is_due();
                consumer.publish();
            }
        }

        /// Whatever a hostile consumer writes, the producer's payloads lie inside the ring, and it never panics.
        #[test]
        fn hostile_counters_stay_inside(counters in proptest::collection::vec(any::<(u64, u64)>(), 1..50), small: bool) {
            let memory = private::ring(8, 4096);
            let mut producer = Producer::new(memory.clone());
            for (lines, payload) in counters {
                let (lines, payload) = if small { (lines % 64, payload % 8192) } else { (lines, payload) };
                memory.receiver().lines_released.store(lines, Ordering::Relaxed);
                memory.receiver().payload_released.store(payload, Ordering::Relaxed);
                if let Ok(reservation) = producer.reserve(true, 0, [0; 3], payload as usize % 2049) {
                    let (room, bytes) = reservation.room();
                    let offset = room as usize - memory.payload.as_ptr() as usize;
                    prop_assert!(offset + bytes <= memory.payload_bytes as usize);
                    reservation.publish();
                }
            }
        }
    }
}
