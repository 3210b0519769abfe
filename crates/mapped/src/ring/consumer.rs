//! The receiving end of a ring.

use super::memory::{FLAG_OUTLINE, INLINE_BYTES, Position, RingMemory};
use crate::sync::{Ordering, fence};

/// The receiving end. One per ring.
#[derive(Debug)]
pub struct Consumer {
    memory: RingMemory,
    position: Position,
    /// Lines read since the beginning; how many of them the producer was told of.
    lines_taken: u64,
    lines_published: u64,
    /// The mark of the last payload given back; the last that the producer was told of.
    payload_released: u64,
    payload_published: u64,
}

/// A record as the producer wrote it: from another process, hence to be believed in nothing but the bounds of its body.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// The kind.
    pub kind: u8,
    /// Three words of header.
    pub header: [u64; 3],
    /// The payload.
    pub body: Body,
}

/// A record's payload.
#[derive(Clone, Copy, Debug)]
pub enum Body {
    /// Copied out of the line.
    Inline {
        /// The bytes.
        bytes: [u8; INLINE_BYTES],
        /// How many count; at most [`INLINE_BYTES`].
        length: u8,
    },
    /// In the payload area, until [`Consumer::release`] of its mark.
    Outline {
        /// First byte; raw reads only.
        pointer: *const u8,
        /// How many; inside the area.
        length: u32,
        /// What to give to [`Consumer::release`].
        mark: u64,
    },
}

/// The producer wrote what no correct producer writes. The ring is of no use any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt {
    /// What was wrong.
    pub what: &'static str,
}

impl Consumer {
    /// The receiving end of an unused ring. It starts unwatched.
    pub fn new(memory: RingMemory) -> Consumer {
        Consumer {
            memory,
            position: Position::START,
            lines_taken: 0,
            lines_published: 0,
            payload_released: 0,
            payload_published: 0,
        }
    }

    /// Whether a record is there.
    #[inline]
    pub fn is_ready(&self) -> bool {
        let word = self.memory.line(self.position.line).words[0].load(Ordering::Relaxed);
        (word >> 48) as u16 == self.position.generation
    }

    /// Takes the next record, if one is there.
    ///
    /// # Errors
    /// [`Corrupt`]: a payload outside the ring. The record is not taken.
    #[inline]
    pub fn pop(&mut self) -> Result<Option<Record>, Corrupt> {
        let line = self.memory.line(self.position.line);
        // Acquire: pairs with the Release in `Producer::push` and `Reservation::publish`.
        let word = line.words[0].load(Ordering::Acquire);
        if (word >> 48) as u16 != self.position.generation {
            return Ok(None);
        }
        let (kind, flags, length) = ((word >> 40) as u8, (word >> 32) as u8, word as u32);
        let load = |index: usize| line.words[index].load(Ordering::Relaxed);
        let header = [load(1), load(2), load(3)];
        let body = if flags & FLAG_OUTLINE == 0 {
            if length as usize > INLINE_BYTES {
                return Err(Corrupt { what: "an inline payload longer than a line" });
            }
            let mut bytes = [0; INLINE_BYTES];
            for (index, chunk) in bytes.chunks_exact_mut(8).enumerate().take(length.div_ceil(8) as usize) {
                chunk.copy_from_slice(&load(4 + index).to_ne_bytes());
            }
            Body::Inline { bytes, length: length as u8 }
        } else {
            let (offset, mark) = (load(4), load(5));
            let end = offset.checked_add(length as u64);
            if end.is_none_or(|end| end > self.memory.payload_bytes as u64) {
                return Err(Corrupt { what: "a payload outside its ring" });
            }
            // SAFETY: offset + length is inside the payload area.
            let pointer = unsafe { self.memory.payload.add(offset as usize) };
            Body::Outline { pointer: pointer.as_ptr(), length, mark }
        };
        self.lines_taken += 1;
        self.position.advance(self.memory.line_count);
        Ok(Some(Record { kind, header, body }))
    }

    /// Gives a payload's room back. In the order in which the records were taken. The producer learns of it by
    /// [`publish`](Consumer::publish).
    #[inline]
    pub fn release(&mut self, mark: u64) {
        self.payload_released = mark;
    }

    /// Whether so much was given back that the producer should learn of it now: a quarter of the lines or of the payload area.
    #[inline]
    pub fn publish_is_due(&self) -> bool {
        let lines = self.lines_taken - self.lines_published;
        let payload = self.payload_released.wrapping_sub(self.payload_published);
        lines >= self.memory.line_count as u64 / 4 || payload >= self.memory.payload_bytes as u64 / 4
    }

    /// Whether something was given back of which the producer hasn't learned.
    #[inline]
    pub fn has_unpublished(&self) -> bool {
        self.lines_taken != self.lines_published || self.payload_released != self.payload_published
    }

    /// Tells the producer what was given back. Returns whether it waits for that, so that its doorbell must be rung.
    pub fn publish(&mut self) -> bool {
        let receiver = self.memory.receiver();
        // Release (both): pairs with the Acquire in `Producer::refresh`: our reads of lines and payload are over.
        receiver.lines_released.store(self.lines_taken, Ordering::Release);
        receiver.payload_released.store(self.payload_released, Ordering::Release);
        self.lines_published = self.lines_taken;
        self.payload_published = self.payload_released;
        // Pairs with the fence in `Producer::has_room_or_ask`.
        fence(Ordering::SeqCst);
        let wanted = &self.memory.sender().space_wanted;
        wanted.load(Ordering::Relaxed) != 0 && wanted.swap(0, Ordering::Relaxed) != 0
    }

    /// States that this ring is polled: its producer needn't ring.
    #[inline]
    pub fn watch(&self) {
        self.memory.receiver().watched.store(1, Ordering::Relaxed);
    }

    /// States that this ring is not polled any more. After a sequentially consistent fence ([`full_fence`], one for any number of
    /// rings) [`is_ready`](Consumer::is_ready) must be asked once more; from then on the producer rings.
    #[inline]
    pub fn arm(&self) {
        // A swap, not a store: it reads what the producer's swap wrote, so that a model orders the two (which the
        // hardware does in any case).
        self.memory.receiver().watched.swap(0, Ordering::Relaxed);
    }

    #[cfg(all(test, not(loom)))]
    pub(super) fn line(&self) -> u32 {
        self.position.line
    }

    #[cfg(all(test, not(loom)))]
    pub(super) fn generation(&self) -> u16 {
        self.position.generation
    }
}

/// The fence between [`Consumer::arm`] and the last look.
#[inline]
pub fn full_fence() {
    // Pairs with the fence in `must_ring`.
    fence(Ordering::SeqCst);
}
