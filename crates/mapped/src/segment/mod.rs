//! The memory of one job on one host: one file, mapped by all its processes there.
//!
//! ```text
//! control page      what the segment is; abort word; state of each slot's process
//! area of slot 0    header page                     who the process is, how it may be read
//!                   for each lane:
//!                     doorbell page
//!                     ring from each slot           4 KiB of lines and control words, 252 KiB of payload
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
pub use layout::{SLOTS_MAX, Shape};
pub use map::{Segment, SegmentError};
