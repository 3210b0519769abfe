//! Boards: where the members of a communicator that share a host publish a few bytes each, and read the others'.
//!
//! A member writes only its own *entry*, in its own slot's pool: a page of words and [`CELLS`] cells. A board is used in
//! *epochs*, numbered from 1 by every member alike; what a member publishes in an epoch stands in cell epoch mod
//! [`CELLS`], whose first word becomes the epoch once the bytes behind it are there. A member that has read all that it
//! wants of an epoch says so (`done`); a cell is written again only when everybody is done with what it held, and an entry is
//! used for another board only when all members have left this one: until then one may wait there, with nothing but the
//! number of an epoch to tell the two apart. Nobody waits here: the caller looks again, or states what it waits for ([`Board::arm`]) and sleeps on its doorbell.
//!
//! ```text
//! entry   line 0   how many members sleep for the board (only in the entry of member 0)
//!         line 1   done: the last epoch that this member needs nothing more of; the largest number: it has left
//!         line 2   wants: whom this member sleeps for
//!         line 3   how often the entry has been taken
//!         page 1   cells: a word, the number of bytes published, the bytes
//! ```

#[cfg(not(loom))]
mod pool;
mod words;

#[cfg(not(loom))]
pub use pool::{BoardPool, Place};
pub use words::Words;

#[cfg(not(loom))]
mod shared;
#[cfg(not(loom))]
pub use shared::Board;

/// Epochs that a member may be ahead of another's reading.
pub const CELLS: u64 = 4;

/// Bytes of a cell: its two words, and what can be published at once.
const CELL_BYTES: usize = 16 << 10;

/// The most bytes that a member can publish in an epoch.
pub const PAYLOAD_BYTES: usize = CELL_BYTES - 16;

/// Bytes of an entry.
#[cfg(not(loom))]
const ENTRY_BYTES: usize = 4096 + CELLS as usize * CELL_BYTES;
