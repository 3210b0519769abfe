//! Messages between launcher, keepers and processes; the handshake and the job's secret.
//!
//! - [`process`]: what a process and its host's keeper say to each other, and [`Welcome`], by which a process
//!   learns who it is; [`claim()`] is the process's side of it.
//! - [`pmi`], [`hosted`], [`foreign`]: the same under launchers of other MPIs.
//! - [`agent`]: what the launcher and a keeper say to each other.
//! - [`diagnosis`]: what processes say of what they wait for, and what follows from it.
//! - [`codec`]: how both become bytes: versioned, bounded, and never a panic on what comes from outside.
//!
//! Refuses to start, watch or end anything: that is `launch`.

pub mod agent;
pub mod claim;
pub mod codec;
pub mod diagnosis;
pub mod ending;
pub mod foreign;
pub mod handshake;
pub mod hosted;
pub mod link;
pub mod pmi;
pub mod process;
pub mod secret;

pub use claim::{ClaimError, Claimed, Place, claim};
pub use codec::DecodeError;
pub use ending::Ending;
pub use link::Link;
pub use process::{FromKeeper, Key, Refusal, Statistic, ToKeeper, Transport, Welcome};
pub use secret::Secret;
