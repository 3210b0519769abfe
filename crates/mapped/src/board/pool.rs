//! Which entries of a slot's board pool are in use.

use std::sync::{Arc, Mutex, PoisonError};

use super::ENTRY_BYTES;
use super::shared::Remains;
use crate::Segment;

/// Where a member's entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its slot.
    pub slot: u16,
    /// The number of the entry in the slot's pool.
    pub entry: u16,
    /// How often that entry has been taken.
    pub generation: u32,
}

impl Place {
    /// The place of a member of the world.
    pub fn of_world(slot: u16) -> Place {
        Place { slot, entry: 0, generation: 0 }
    }

    /// As one word, for other members.
    pub fn word(self) -> u64 {
        (self.slot as u64) << 48 | (self.entry as u64) << 32 | self.generation as u64
    }

    /// From another member: may name nothing.
    pub fn from_word(word: u64) -> Place {
        Place { slot: (word >> 48) as u16, entry: (word >> 32) as u16, generation: word as u32 }
    }
}

#[derive(Debug)]
enum Use {
    Free,
    Taken,
    /// Let go by its owner; others may still wait there.
    Left(Remains),
}

/// The board pool of one slot, as its owner sees it. Entry 0 is the world's.
#[derive(Debug)]
pub struct BoardPool {
    segment: Arc<Segment>,
    slot: u16,
    /// How each entry is used, and how often it has been taken.
    entries: Mutex<Vec<(Use, u32)>>,
}

impl BoardPool {
    /// The pool of the caller's own slot.
    pub fn new(segment: Arc<Segment>, slot: u16) -> Arc<BoardPool> {
        let count = (segment.board_pool(slot).1 / ENTRY_BYTES).min(u16::MAX as usize);
        let entries = (0..count).map(|entry| (if entry == 0 { Use::Taken } else { Use::Free }, 0)).collect();
        Arc::new(BoardPool { segment, slot, entries: Mutex::new(entries) })
    }

    /// The segment.
    pub fn segment(&self) -> &Arc<Segment> {
        &self.segment
    }

    /// The slot.
    pub fn slot(&self) -> u16 {
        self.slot
    }

    /// How many entries are in use, as far as their owner knows: those where others may still wait count too.
    pub fn in_use(&self) -> usize {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().filter(|(usage, _)| !matches!(usage, Use::Free)).count()
    }

    /// Takes an entry for a new board and clears it; `None` when all are in use.
    pub fn take(&self) -> Option<Place> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let usable = |entry: &(Use, u32)| match &entry.0 {
            Use::Free => true,
            Use::Taken => false,
            Use::Left(remains) => remains.are_left(),
        };
        let number = entries.iter().position(usable)?;
        let generation = entries[number].1.wrapping_add(1);
        entries[number] = (Use::Taken, generation);
        let place = Place { slot: self.slot, entry: number as u16, generation };
        super::shared::clear(&self.segment, place);
        Some(place)
    }

    /// Gives an entry back of which no other member has a view, or will make one.
    pub fn give_back(&self, place: Place) {
        self.forgo(place);
        self.set(place, Use::Free);
    }

    /// States that the owner of an entry makes no view of the board for which it took it, where others may have made theirs: it
    /// keeps nobody from using theirs again. Nobody gets the entry unless it is given back.
    pub fn forgo(&self, place: Place) {
        super::shared::leave(&self.segment, place);
    }

    pub(super) fn leave(&self, place: Place, remains: Remains) {
        self.set(place, Use::Left(remains));
    }

    fn set(&self, place: Place, to: Use) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = entries.get_mut(place.entry as usize)
            && place.entry > 0
        {
            found.0 = to;
        }
    }
}
