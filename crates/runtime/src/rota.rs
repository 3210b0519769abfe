//! The lanes of a process that are in use.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cell::Cell;

/// The most lanes that a process has: a bit each in a word.
pub(crate) const LANES_MAX: usize = 64;

/// The lanes of one process. A lane is opened by the first communicator that uses it, and stays.
pub(crate) struct Rota {
    cells: [OnceLock<Box<Cell>>; LANES_MAX],
    /// A bit for each lane that is open.
    open: AtomicU64,
}

impl Rota {
    pub fn new() -> Rota {
        Rota { cells: [const { OnceLock::new() }; LANES_MAX], open: AtomicU64::new(0) }
    }

    /// The lane of this number, if it is open.
    #[inline]
    pub fn cell(&self, lane: usize) -> Option<&Cell> {
        self.cells.get(lane)?.get().map(Box::as_ref)
    }

    /// Opens a lane, unless that has been done.
    pub fn open(&self, lane: usize, make: impl FnOnce() -> Cell) -> &Cell {
        let cell = self.cells[lane].get_or_init(|| Box::new(make()));
        // Release: pairs with the Acquire in `cells`.
        self.open.fetch_or(1 << lane, Ordering::Release);
        cell
    }

    /// All lanes that are open, in the order of their numbers.
    pub fn cells(&self) -> impl Iterator<Item = &Cell> {
        // Acquire: pairs with the Release in `open`.
        let open = self.open.load(Ordering::Acquire);
        (0..LANES_MAX).filter(move |lane| open >> lane & 1 != 0).filter_map(|lane| self.cell(lane))
    }

    /// Ends the sleeps of all lanes but this one.
    pub fn wake_others(&self, lane: usize) {
        let lane = self.cell(lane).map(std::ptr::from_ref);
        self.cells().filter(|cell| Some(std::ptr::from_ref(*cell)) != lane).for_each(Cell::wake);
    }
}
