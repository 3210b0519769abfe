//! One process of a job: bootstrap, progress and waiting, news of failures, leaving.
//!
//! [`Process`] joins the job ([`join`]) or is made for a thread ([`harness`]); [`Comm`] has the untyped verbs that the
//! typed API and the C ABI stand on. Refuses to know of types beyond their signature.

pub mod active;
mod agree;
mod blocked;
mod bytes;
mod cell;
mod checked;
pub mod clock;
mod collective;
mod comm;
mod create;
mod examine;
pub mod harness;
mod house;
pub mod inter;
mod join;
mod line;
mod mitigation;
mod named;
pub mod patience;
pub mod place;
mod process;
mod rest;
mod rota;
mod seats;
pub mod settings;
mod steward;
mod topology;
mod undisturbed;
mod waiters;
mod waits;

pub use comm::{Comm, Started};
pub use examine::{OVERDUE_NS, WATCHDOG_VARIABLE, parse_watchdog};
pub use join::{JoinError, join};
pub use process::{Process, Surroundings};
pub use undisturbed::undisturbed;
pub use waits::Waits;
