//! Shared memory: the rings, doorbells and states of one host's segment.
//!
//! A frame is a record of a ring. To connect costs nothing and needs no exchange: a peer's ring lies where its slot
//! says, and may be written before that peer has started.

mod host;
mod link;
mod port;
mod reader;

pub use host::Host;
pub use reader::{ReadError, Reader, read_is_cheaper};

pub(crate) use port::{ShmPort, ShmReserved};

/// The first of the kinds that belong to the transports.
pub(crate) const KIND_TRANSPORT: u8 = 0xf0;
