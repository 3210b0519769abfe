//! The message-passing engine: groups and communicators, matching, point-to-point protocols, flow control,
//! collectives.
//!
//! An engine is a value: one [`Lane`] is a single-threaded state machine without lock, thread, clock or socket.
//! Bytes go through a [`fabric::Port`], time comes in as `poll(now)`. A lane never touches users' memory: it hands
//! out [`Work`] (copy these bytes, reduce those, wake that waiter), which its progress owner runs without holding
//! the lane's lock and gives back with [`Lane::finish`].
//!
//! Nothing here is indexed by world rank or sized by the world: a peer's state exists from first contact on.
#![deny(unsafe_code)]

pub mod active;
pub mod agreement;
mod backlog;
pub mod cartesian;
pub mod check;
pub mod collective;
mod communicator;
mod config;
pub mod counters;
pub mod credit;
mod direct;
pub mod envelope;
pub mod error;
mod failure;
pub mod graph;
pub mod group;
mod holdings;
mod lane;
pub mod mapping;
pub mod matching;
mod mitigation;
mod names;
mod offer;
mod pointer;
mod probe;
mod receive;
pub mod request;
mod retract;
mod send;
pub mod split;
mod stored;
pub mod topology;
mod transfer;
mod type_tag;
mod unexpected;
pub mod waiting;
pub mod work;

pub use communicator::Communicator;
pub use config::Config;
pub use counters::{Counters, PeerCounters};
pub use direct::{Direct, DirectPattern};
pub use error::Error;
pub use group::{Comparison, Group};
pub use holdings::Holdings;
pub use lane::{Lane, Polled};
pub use mitigation::agree::Agreed;
pub use probe::{Message, Probed};
pub use receive::{Received, Source, TagPattern};
pub use request::{RequestId, Status, Waiter};
pub use send::{Data, Mode, Sent};
pub use type_tag::{TypeName, TypeTag, Unit};
pub use work::{Finished, Pointer, Work};
