//! Collective operations: every member of the communicator calls the same ones in the same order.
//!
//! `job` is the one door to the untyped verb: buffers, in a row or as a layout has them, become addresses (`lending`), and what
//! comes goes back into them; `vectors` has the lengths of parts. The operations themselves stand in `reduce` (those that combine),
//! `root` (those with a root), `neighbours`, `each` (parts of any types) and `every` (the others).
//!
//! Those verbs block. `prepare` has them once more, as descriptions with given buffers, which are then run, started in a
//! scope, owned or made persistent by one mechanism for all; `in_place` those of one buffer, `between` those of two sides.

mod between;
mod buffers;
mod each;
mod every;
mod in_place;
mod job;
mod neighbours;
mod owned;
mod parts;
mod persistent;
mod prepare;
mod prepared;
mod reduce;
mod root;
mod vectors;

pub use between::PrepareInter;
pub use buffers::{Apart, Buffers, InPlace, Lendable, Lent};
pub use each::{AllToAllW, LentParts, OwnedParts};
pub use every::AllToAllV;
pub(crate) use job::Described;
pub use neighbours::Neighbours;
pub use owned::CollectiveOwned;
pub use parts::Parts;
pub use persistent::PersistentCollective;
pub use prepare::{Prepare, PrepareNeighbours, PrepareRooted};
pub use prepared::Prepared;
pub use root::Root;

use job::Job;
