//! A simulated transport: virtual time, one seed, the same run every time.
//!
//! A [`World`] holds any number of processes, each with one [`Port`] whose verbs are those of the real transports.
//! Frames travel as a [`Network`] says; each pair stays FIFO, everything else may be reordered by the seed's jitter.
//! Links can be cut and healed and processes killed ([`Fault`]). Room is bounded per link, so that senders are refused
//! as they are in life.
//!
//! Two ways to drive it:
//! * **by hand**: one thread owns all ports (and the engines above them) and calls [`World::step`], which moves virtual
//!   time to the next event and names the process that has something to look at. Thousands of processes fit: an idle
//!   port costs [`IDLE_PORT_BYTES`].
//! * **by token**: each process is a blocking thread ([`World::run`]); only the holder of the one token runs, and
//!   [`Sleeper::sleep`] hands it to whoever has the next event. When all sleep and nothing is due for
//!   [`Settings::deadlock_ns`], every sleep ends in a panic with a report, and `run` returns it.
//!
//! It refuses to know what time it really is.

mod agenda;
mod chance;
mod entries;
mod failure;
mod network;
mod port;
mod state;
mod token;
mod world;

pub use chance::Chance;
pub use network::{Journey, Network, Transfer, Uniform};
pub use port::{Port, Reserved};
pub use state::IDLE_PORT_BYTES;
pub use token::{Deadlock, Outcome, Sleeper, Turn};
pub use world::{Fault, Settings, World};
