//! A board in the segment.

use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64 as OwnAtomicU64, Ordering as OwnOrdering};

use super::{BoardPool, CELL_BYTES, CELLS, ENTRY_BYTES, PAYLOAD_BYTES, Place, Words};
use crate::sync::{AtomicU64, Ordering};
use crate::{ProcessState, Segment};

const _: () = assert!(size_of::<Words>() <= 4096 && ENTRY_BYTES.is_multiple_of(4096));

/// One member's view of a communicator's board.
#[derive(Debug)]
pub struct Board {
    pool: Arc<BoardPool>,
    me: usize,
    lane: u16,
    members: Arc<[Place]>,
    /// The last epoch that this member has begun; its own memory.
    begun: OwnAtomicU64,
    /// Everybody is done with the epochs up to this one: saves looking at all their words.
    settled: OwnAtomicU64,
}

/// What is left of a board whose owner has dropped it.
#[derive(Debug)]
pub(super) struct Remains {
    segment: Arc<Segment>,
    members: Arc<[Place]>,
    me: usize,
}

impl Remains {
    /// Whether no other member looks at the owner's entry any more: each has left the board as well, or its process is over. That
    /// it has read all that was published is not enough: it may have begun, or begin, an epoch of which it waits for the owner,
    /// which has left without its knowledge, and would take what is published there on the next board for that.
    pub(super) fn are_left(&self) -> bool {
        let is_over = |place: &Place| {
            !matches!(self.segment.state(place.slot), ProcessState::Empty | ProcessState::Running)
        };
        let has_left = |place: &Place| words(&self.segment, *place).has_left(place.generation);
        let left = |place: &Place| has_left(place) || is_over(place);
        (0..self.members.len()).all(|member| member == self.me || left(&self.members[member]))
    }
}

impl Board {
    /// The board whose members' entries are `members`, for the member `me`, whose lane `lane` is woken when something it
    /// waits for has been published. `None` if a place is outside of the pools or `me`'s is not in `pool`.
    ///
    /// Every member has cleared its entry before any member makes its view.
    pub fn new(pool: Arc<BoardPool>, lane: u16, members: Arc<[Place]>, me: usize) -> Option<Board> {
        let segment = pool.segment();
        let exists = |place: &Place| {
            place.slot < segment.slots()
                && (place.entry as usize + 1) * ENTRY_BYTES <= segment.board_pool(place.slot).1
        };
        let mine = members.get(me).is_some_and(|place| place.slot == pool.slot());
        (mine && members.iter().all(exists)).then(|| Board {
            me,
            lane,
            members,
            begun: OwnAtomicU64::new(0),
            settled: OwnAtomicU64::new(0),
            pool,
        })
    }

    /// How many members.
    pub fn size(&self) -> usize {
        self.members.len()
    }

    /// Begins the next epoch, and returns its number: all members begin the same epochs in the same order.
    pub fn begin(&self) -> u64 {
        self.begin_many(1)
    }

    /// Begins the next `epochs` epochs at once, and returns the first one's number.
    pub fn begin_many(&self, epochs: u64) -> u64 {
        // Relaxed: this process's own, under its lane's lock.
        self.begun.fetch_add(epochs, OwnOrdering::Relaxed) + 1
    }

    /// The last epoch that this member has finished.
    pub fn finished(&self) -> u64 {
        self.words(self.me).done()
    }

    /// A member that is not done with what the cell of this epoch holds, if there is one: before that nothing can be
    /// published.
    pub fn reader_behind(&self, epoch: u64) -> Option<usize> {
        let before = epoch.saturating_sub(CELLS);
        // Relaxed: as `begun`.
        if before <= self.settled.load(OwnOrdering::Relaxed) {
            return None;
        }
        let mut settled = u64::MAX;
        for member in 0..self.members.len() {
            let done = self.words(member).done();
            if done < before {
                return Some(member);
            }
            settled = settled.min(done);
        }
        self.settled.store(settled, OwnOrdering::Relaxed);
        None
    }

    /// Where this member writes what it publishes in an epoch: [`PAYLOAD_BYTES`] bytes. Only when nobody is behind.
    pub fn room(&self, epoch: u64) -> *mut u8 {
        self.payload(self.me, epoch)
    }

    /// Publishes the `bytes` bytes that were written to the room, with a mark for others to compare, and wakes who sleeps
    /// for it.
    pub fn publish(&self, epoch: u64, bytes: usize, mark: u32) {
        let word = (mark as u64) << 32 | bytes as u64;
        self.length_word(self.me, epoch).store(word, Ordering::Relaxed);
        // Release: pairs with the Acquire in `is_published`.
        self.cell_word(self.me, epoch).store(epoch, Ordering::Release);
        self.tell();
    }

    /// Whether a member has published in an epoch that this member is not done with.
    #[inline]
    pub fn is_published(&self, member: usize, epoch: u64) -> bool {
        // Acquire: pairs with the Release in `publish`.
        self.cell_word(member, epoch).load(Ordering::Acquire) == epoch
    }

    /// How many bytes a member has published in an epoch, by its own word: for comparing, not for bounds.
    pub fn published_bytes(&self, member: usize, epoch: u64) -> u64 {
        self.length_word(member, epoch).load(Ordering::Relaxed) & u32::MAX as u64
    }

    /// The mark with which a member has published in an epoch, by its own word.
    pub fn published_mark(&self, member: usize, epoch: u64) -> u32 {
        (self.length_word(member, epoch).load(Ordering::Relaxed) >> 32) as u32
    }

    /// A word of what a member has published in an epoch, `at` bytes from its start: for comparing, not for bounds.
    ///
    /// # Panics
    /// If the word is not aligned or not in the cell.
    pub fn word(&self, member: usize, epoch: u64, at: u64) -> u64 {
        self.payload_word(member, epoch, at).load(Ordering::Relaxed)
    }

    /// Writes a word into the room of an epoch.
    ///
    /// # Panics
    /// As [`word`](Board::word).
    pub fn set_word(&self, epoch: u64, at: u64, word: u64) {
        // Relaxed: `publish` orders it.
        self.payload_word(self.me, epoch, at).store(word, Ordering::Relaxed);
    }

    /// What a member has published in an epoch: up to [`PAYLOAD_BYTES`] bytes of another process's memory, to be read by
    /// raw copies between [`is_published`](Board::is_published) and [`finish`](Board::finish).
    ///
    /// # Panics
    /// If there is no such member.
    pub fn payload(&self, member: usize, epoch: u64) -> *mut u8 {
        // SAFETY: a cell is larger than its words.
        unsafe { self.cell(member, epoch).add(16).as_ptr() }
    }

    /// States that this member needs nothing more of this epoch, and wakes who sleeps for that.
    pub fn finish(&self, epoch: u64) {
        self.words(self.me).set_done(epoch);
        self.tell();
    }

    /// States, before a sleep, that this member waits for `member`. The caller looks once more after this, and calls
    /// [`disarm`](Board::disarm) before it states anything else.
    pub fn arm(&self, member: usize) {
        self.words(self.me).arm(self.words(0), member as u32);
    }

    /// After a sleep.
    pub fn disarm(&self) {
        self.words(self.me).disarm(self.words(0));
    }

    /// Whom this member has stated that it waits for.
    pub fn is_armed_for(&self) -> Option<usize> {
        self.words(self.me).wanted().map(|member| member as usize)
    }

    fn tell(&self) {
        if self.words(0).anybody_sleeps() {
            self.wake_sleepers();
        }
    }

    #[cold]
    fn wake_sleepers(&self) {
        for member in 0..self.members.len() {
            if self.words(member).wants(self.me as u32) {
                self.pool.segment().nudge(self.members[member].slot, self.lane);
            }
        }
    }

    fn words(&self, member: usize) -> &Words {
        words(self.pool.segment(), self.members[member])
    }

    fn cell(&self, member: usize, epoch: u64) -> NonNull<u8> {
        let at = 4096 + (epoch % CELLS) as usize * CELL_BYTES;
        // SAFETY: inside the entry, which `new` has found to be in the pool.
        unsafe { entry(self.pool.segment(), self.members[member]).add(at) }
    }

    fn cell_word(&self, member: usize, epoch: u64) -> &AtomicU64 {
        // SAFETY: a cell begins with its word, aligned to 64 bytes, in mapped memory that lives as long as the pool.
        unsafe { self.cell(member, epoch).cast().as_ref() }
    }
}

impl Board {
    fn payload_word(&self, member: usize, epoch: u64, at: u64) -> &AtomicU64 {
        assert!(at.is_multiple_of(8) && at <= PAYLOAD_BYTES as u64 - 8, "a word outside of the cell");
        // SAFETY: aligned like the cell, and within it; mapped memory that lives as long as the pool.
        unsafe { self.cell(member, epoch).add(16 + at as usize).cast().as_ref() }
    }

    fn length_word(&self, member: usize, epoch: u64) -> &AtomicU64 {
        // SAFETY: the second word of a cell, as in `cell_word`.
        unsafe { self.cell(member, epoch).add(8).cast().as_ref() }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        // A copy that `fork` has made leaves nothing in its parent's name, and has not inherited the memory.
        if os::fork::is_copy() {
            return;
        }
        let (segment, members) = (self.pool.segment().clone(), self.members.clone());
        self.words(self.me).leave();
        self.pool.leave(members[self.me], Remains { segment, members, me: self.me });
    }
}

/// The owner of an entry makes no view of the board for which it took it.
pub(super) fn leave(segment: &Segment, place: Place) {
    words(segment, place).leave();
}

/// The first byte of an entry. The caller has found the place to be in the pool.
fn entry(segment: &Segment, place: Place) -> NonNull<u8> {
    let (pool, bytes) = segment.board_pool(place.slot);
    let at = place.entry as usize * ENTRY_BYTES;
    assert!(at + ENTRY_BYTES <= bytes);
    // SAFETY: inside the pool.
    unsafe { pool.add(at) }
}

fn words(segment: &Segment, place: Place) -> &Words {
    // SAFETY: an entry begins with its words, aligned to a page; they are atomics, and zeroed memory is a valid state.
    unsafe { entry(segment, place).cast().as_ref() }
}

/// Clears an entry that is used again.
pub(super) fn clear(segment: &Segment, place: Place) {
    words(segment, place).clear(place.generation);
    for cell in 0..CELLS as usize {
        // SAFETY: as in `Board::cell_word`.
        let word: &AtomicU64 = unsafe { entry(segment, place).add(4096 + cell * CELL_BYTES).cast().as_ref() };
        // Relaxed: other members hear of the entry by a message, which orders this before.
        word.store(0, Ordering::Relaxed);
    }
}

// A view is used from any thread of its process: its own counters are atomics, the shared words are atomics, and the
// payloads are handed out as addresses whose use the caller orders.
const _: () = {
    const fn check<T: Send + Sync>() {}
    check::<Board>();
};

const _: () = assert!(PAYLOAD_BYTES.is_multiple_of(8));
