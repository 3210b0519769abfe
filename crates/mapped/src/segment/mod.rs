//! The memory of one job on one host: one file, mapped by all its processes there.
//!
//! ```text
//! control page      what the segment is; abort word; state of each slot's process
//! area of slot 0    header page                     who the process is, how it may be read
//!                   for each lane:
//!                     doorbell page
//!                     small ring from each slot     4 KiB of lines, 128 KiB of payload
//!                     large rings                   64 KiB of lines, 256 KiB of payload (room for busy senders; not used yet)
//!                   board pool
//!                   allocation pool
//! area of slot 1    ...
//! ```
//! It is sparse: only what is touched costs memory. Zeroed memory is a valid state of everything in it, so a process
//! may write into a peer's rings before that peer has started.

mod control;
mod layout;
mod map;

pub use control::{AreaOwner, ProcessState};
pub use layout::{LARGE_RINGS, SLOTS_MAX, Shape};
pub use map::{Segment, SegmentError};
