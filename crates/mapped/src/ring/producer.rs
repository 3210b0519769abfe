//! The sending end of a ring.

use std::sync::Arc;

use super::memory::{FLAG_OUTLINE, INLINE_BYTES, PAYLOAD_ALIGN, Position, RESERVED_LINES, RingMemory, word};
use crate::sync::{Ordering, fence};

/// No room now; nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// The sending end. One per ring.
#[derive(Debug)]
pub struct Producer {
    memory: Arc<RingMemory>,
    position: Position,
    /// Lines written since the beginning, and how many of them are known to be released.
    lines_sent: u64,
    lines_released: u64,
    /// Where the next payload goes, unless it must start over at 0.
    cursor: u32,
    /// The mark of the last payload placed, and the last mark known to be released.
    payload_sent: u64,
    payload_released: u64,
}

/// Whether the consumer must be told of what was just published, by its doorbell, since it doesn't poll this ring.
pub type MustRing = bool;

impl Producer {
    /// The sending end of an unused ring.
    pub fn new(memory: RingMemory) -> Producer {
        Producer {
            memory: Arc::new(memory),
            position: Position::START,
            lines_sent: 0,
            lines_released: 0,
            cursor: 0,
            payload_sent: 0,
            payload_released: 0,
        }
    }

    /// The largest payload of one record.
    pub fn record_bytes_max(&self) -> usize {
        self.memory.record_bytes_max()
    }

    /// Writes a record; `urgent` ones may use the reserved lines.
    ///
    /// # Errors
    /// [`Full`]: no line, or no place for the payload.
    ///
    /// # Panics
    /// If the payload is larger than [`record_bytes_max`](Producer::record_bytes_max).
    #[inline]
    pub fn push(
        &mut self,
        urgent: bool,
        kind: u8,
        header: [u64; 3],
        payload: &[u8],
    ) -> Result<MustRing, Full> {
        if payload.len() > INLINE_BYTES {
            return self.push_outline(urgent, kind, header, payload);
        }
        self.find_line(urgent)?;
        let line = self.memory.line(self.position.line);
        for (target, value) in line.words[1..4].iter().zip(header) {
            target.store(value, Ordering::Relaxed);
        }
        for (target, bytes) in line.words[4..].iter().zip(payload.chunks(8)) {
            let mut value = [0; 8];
            value[..bytes.len()].copy_from_slice(bytes);
            target.store(u64::from_ne_bytes(value), Ordering::Relaxed);
        }
        // Release: pairs with the Acquire in `Consumer::pop`, which then sees words 1 to 7.
        line.words[0].store(word(self.position.generation, kind, 0, payload.len() as u32), Ordering::Release);
        self.advance();
        Ok(must_ring(&self.memory))
    }

    fn push_outline(
        &mut self,
        urgent: bool,
        kind: u8,
        header: [u64; 3],
        payload: &[u8],
    ) -> Result<MustRing, Full> {
        let reservation = self.reserve(urgent, kind, header, payload.len())?;
        let (room, bytes) = reservation.room();
        debug_assert_eq!(bytes, payload.len());
        // SAFETY: the room is ours until it is published, and as long as was asked for.
        unsafe { std::ptr::copy_nonoverlapping(payload.as_ptr(), room, payload.len()) };
        Ok(reservation.publish())
    }

    /// Takes the next record's place and gives the room for a payload of `bytes` bytes, whatever their number. The
    /// consumer stops at this record until it is published; records pushed meanwhile stay behind it.
    ///
    /// # Errors
    /// [`Full`]: no line, or no place for the payload.
    ///
    /// # Panics
    /// If `bytes` is larger than [`record_bytes_max`](Producer::record_bytes_max).
    pub fn reserve(
        &mut self,
        urgent: bool,
        kind: u8,
        header: [u64; 3],
        bytes: usize,
    ) -> Result<Reservation, Full> {
        assert!(bytes <= self.record_bytes_max(), "a record of {bytes} bytes in {:?}", self.memory);
        self.find_line(urgent)?;
        let (offset, mark) = self.find_payload(bytes as u32)?;
        self.cursor = offset + round(bytes as u32);
        self.payload_sent = mark;
        let line = self.memory.line(self.position.line);
        let words = header.into_iter().chain([offset as u64, mark]);
        for (target, value) in line.words[1..].iter().zip(words) {
            target.store(value, Ordering::Relaxed);
        }
        let reservation = Reservation {
            memory: self.memory.clone(),
            line: self.position.line,
            word: word(self.position.generation, kind, FLAG_OUTLINE, bytes as u32),
            offset,
            bytes: bytes as u32,
        };
        self.advance();
        Ok(reservation)
    }

    /// Whether a record with `bytes` bytes of payload finds room; when not, the consumer is asked to ring once it has
    /// released something. Call it again then, or on any later occasion.
    pub fn has_room_or_ask(&mut self, urgent: bool, bytes: usize) -> bool {
        if self.has_room(urgent, bytes) {
            return true;
        }
        let wanted = &self.memory.clone();
        // A swap for the same reason as in `Consumer::arm`.
        wanted.sender().space_wanted.swap(1, Ordering::Relaxed);
        // Pairs with the fence in `Consumer::publish`: either it sees `space_wanted`, or we see its counters.
        fence(Ordering::SeqCst);
        self.refresh();
        let room = self.has_room(urgent, bytes);
        if room {
            wanted.sender().space_wanted.store(0, Ordering::Relaxed);
        }
        room
    }

    /// Whether a record with `bytes` bytes of payload finds room now.
    pub fn has_room(&mut self, urgent: bool, bytes: usize) -> bool {
        self.find_line(urgent).is_ok() && (bytes <= INLINE_BYTES || self.find_payload(bytes as u32).is_ok())
    }

    /// Whether the consumer has released everything.
    pub fn is_drained(&mut self) -> bool {
        self.refresh();
        self.lines_sent == self.lines_released && self.payload_sent == self.payload_released
    }

    #[inline]
    fn advance(&mut self) {
        self.lines_sent += 1;
        self.position.advance(self.memory.line_count);
    }

    #[inline]
    fn find_line(&mut self, urgent: bool) -> Result<(), Full> {
        let usable = self.memory.line_count - if urgent { 0 } else { RESERVED_LINES };
        if self.lines_sent - self.lines_released >= usable as u64 {
            self.refresh();
            if self.lines_sent - self.lines_released >= usable as u64 {
                return Err(Full);
            }
        }
        Ok(())
    }

    /// Where a payload would go, and its mark.
    fn find_payload(&mut self, bytes: u32) -> Result<(u32, u64), Full> {
        // A quarter of the area in use: time to learn what has come back. An area that is found empty is used from its
        // start again, so that small payloads touch little memory and find it in the cache.
        if self.payload_sent - self.payload_released >= self.memory.payload_bytes as u64 / 4 {
            self.refresh();
        }
        self.place_payload(bytes).or_else(|Full| {
            self.refresh();
            self.place_payload(bytes)
        })
    }

    fn place_payload(&self, bytes: u32) -> Result<(u32, u64), Full> {
        let (area, size) = (self.memory.payload_bytes, round(bytes));
        let used = self.payload_sent - self.payload_released;
        if used == 0 && size <= area {
            return Ok((0, self.payload_sent + size as u64));
        }
        let (offset, gap) =
            if area - self.cursor >= size { (self.cursor, 0) } else { (0, area - self.cursor) };
        let after = used + gap as u64 + size as u64;
        if after <= area as u64 { Ok((offset, self.payload_released + after)) } else { Err(Full) }
    }

    /// Reads the consumer's counters. Values that it cannot have reached are ignored: a consumer that writes such
    /// ones gets no more room, nothing else.
    #[cold]
    fn refresh(&mut self) {
        let receiver = self.memory.receiver();
        // Acquire: pairs with the Release in `Consumer::publish`: the consumer has read what it gives back.
        let lines = receiver.lines_released.load(Ordering::Acquire);
        let payload = receiver.payload_released.load(Ordering::Acquire);
        if (self.lines_released..=self.lines_sent).contains(&lines) {
            self.lines_released = lines;
        }
        if (self.payload_released..=self.payload_sent).contains(&payload) {
            self.payload_released = payload;
        }
    }
}

/// A record whose place is taken and whose payload is being written. Publish it soon: all later records wait behind it.
/// Dropping it without that leaves the ring stuck for good.
#[derive(Debug)]
#[must_use = "the ring is stuck until this is published"]
pub struct Reservation {
    memory: Arc<RingMemory>,
    line: u32,
    word: u64,
    offset: u32,
    bytes: u32,
}

impl Reservation {
    /// Where the payload goes, and how many bytes it has. Only raw writes, only before publishing.
    pub fn room(&self) -> (*mut u8, usize) {
        // SAFETY: `find_payload` keeps offset + bytes inside the payload area.
        let pointer = unsafe { self.memory.payload.add(self.offset as usize) };
        (pointer.as_ptr(), self.bytes as usize)
    }

    /// Changes the record's kind.
    pub fn set_kind(&mut self, kind: u8) {
        self.word = self.word & !(0xff << 40) | (kind as u64) << 40;
    }

    /// Makes the record visible.
    pub fn publish(self) -> MustRing {
        // Release: pairs with the Acquire in `Consumer::pop`, which then sees the words and the payload.
        self.memory.line(self.line).words[0].store(self.word, Ordering::Release);
        must_ring(&self.memory)
    }
}

/// After a line was published: does the consumer have to be told?
#[inline]
fn must_ring(memory: &RingMemory) -> MustRing {
    // Pairs with the fence between `Consumer::arm` and `Consumer::is_ready`: either the consumer sees the line, or we
    // see that it doesn't watch.
    fence(Ordering::SeqCst);
    let watched = &memory.receiver().watched;
    watched.load(Ordering::Relaxed) == 0 && watched.swap(1, Ordering::Relaxed) == 0
}

#[inline]
fn round(bytes: u32) -> u32 {
    bytes.next_multiple_of(PAYLOAD_ALIGN)
}
