//! Collectives as schedules.
//!
//! An algorithm is a pure function of (rank, size, shape) that yields *rounds* of unordered *steps*, one round at
//! a time into a buffer that the caller keeps, so that the longest schedule costs no memory. Offsets are in
//! blocks and ranks are relative to the root, so one schedule serves all counts and all roots; an [`Area`] turns
//! blocks into bytes.
//!
//! One [`table`] names every algorithm with its conditions and its cost. It drives the choice, the listing of
//! `archi info --collectives`, the forcing of an algorithm by name, and the tests. The [`check`]er executes
//! schedules symbolically, the [`simulate`]d network counts and prices them, the executor runs them.
//!
//! Nothing here touches memory of a user; only the executor knows lanes and communicators.
#![forbid(unsafe_code)]

mod algorithms;
mod area;
mod begin;
mod board;
mod case;
pub mod check;
pub(crate) mod choices;
mod cost;
pub(crate) mod early;
pub(crate) mod executor;
pub(crate) mod failing;
mod forced;
mod hosts;
mod inline;
mod listing;
mod mark;
mod neighbourhood;
mod schedule;
pub mod simulate;
mod step;
pub mod table;

/// Bytes that a member can publish on a board at once.
pub const CELL_BYTES: u64 = mapped::board::PAYLOAD_BYTES as u64;

pub use area::{Area, Blocks, Span};
pub use case::{Call, Case, Collective, Lengths};
pub use cost::{Cost, Near, Price, Traffic};
pub use executor::Operands;
pub use forced::Forced;
pub use hosts::{Hosts, Spread};
pub use inline::{Advance, Begun, Inline};
pub use listing::{choices, listing};
pub use mark::Mark;
pub use neighbourhood::{Neighbourhood, Source};
pub use schedule::{Plan, Role, SLOT_WORD_BYTES, Schedule, Scratch};
pub use step::{Buffer, Order, Publication, Range, Step, Within};
pub use table::{Algorithm, Need, NoSuchAlgorithm, TABLE, choose, named};
