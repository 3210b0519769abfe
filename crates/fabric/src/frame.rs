//! What the fabric carries, and the words in which it speaks with the engine.

use wire::ProcessId;

/// A peer of this port: an index into its table of peers, given at first contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Peer(pub u32);

/// Bytes of payload that travel in the same cache line as the frame's header.
pub const INLINE_BYTES: usize = 32;

/// A frame without its payload. On shared memory a frame is one 64-byte line: a word of the ring (generation,
/// kind, length), three words of header, and up to [`INLINE_BYTES`] of payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The engine's kind of frame. Values from 0xf0 on belong to the transports.
    pub kind: u8,
    /// Three words whose meaning the kind gives.
    pub header: [u64; 3],
}

/// A transport's own kind: a frame that the receiving transport skips (a reserved frame that was never published).
pub const VOID: u8 = 0xf0;

/// A transport's own kind: the sender has left in order and sends nothing more.
pub const FAREWELL: u8 = 0xf1;

/// A transport's own kind: so many bytes of the stream have been received (the header's first word).
pub const ACKNOWLEDGE: u8 = 0xf2;

/// Which room a frame may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Takes any room but the reserve.
    Data,
    /// May use the reserved lines: credits, acknowledgements, farewells are never stuck behind data's lack of
    /// room (though they keep their place in the order).
    Control,
}

/// Why a frame was not taken. Nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No room now: try again after [`Event::Room`], or on any later poll.
    Full,
    /// The peer has failed; its cause was or will be reported by [`Event::Failed`].
    Failed,
}

/// The bytes behind a frame.
#[derive(Debug)]
pub enum Payload {
    /// At most [`INLINE_BYTES`], already copied out of the line.
    Inline {
        /// The bytes; those past `length` are zero.
        bytes: [u8; INLINE_BYTES],
        /// How many count.
        length: u8,
    },
    /// Bytes in the transport's memory, valid until [`Port::release`](crate::Port::release). Another process may still write them:
    /// they are read only by `layout`'s copy functions, once.
    Mapped {
        /// First byte.
        pointer: *const u8,
        /// How many.
        length: usize,
    },
}

// SAFETY: the pointer leads to memory of the transport that belongs to the process, not to a thread, and stays valid until
// the payload is released.
unsafe impl Send for Payload {}

impl Payload {
    /// No bytes.
    pub const EMPTY: Payload = Payload::Inline { bytes: [0; INLINE_BYTES], length: 0 };

    /// How many bytes.
    pub fn len(&self) -> usize {
        match self {
            Payload::Inline { length, .. } => *length as usize,
            Payload::Mapped { length, .. } => *length,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A frame that arrived.
#[derive(Debug)]
pub struct Arrival {
    /// Who sent it.
    pub peer: Peer,
    /// Kind and header, as sent: from another process, hence unchecked.
    pub frame: Frame,
    /// Its bytes. A `Mapped` payload must be handed to [`Port::release`](crate::Port::release) after use, in order of arrival.
    pub payload: Payload,
}

/// What [`Port::next`](crate::Port::next) reports.
#[derive(Debug)]
pub enum Event {
    /// A frame arrived.
    Arrival(Arrival),
    /// A peer is gone; nothing more comes from it and nothing can be sent to it.
    Failed(Peer, Cause),
    /// A peer that had refused a frame as [`Refused::Full`] has room again.
    Room(Peer),
}

/// Why a peer is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its process ended; the text says how ("killed by signal 9 (SIGKILL)").
    Died(String),
    /// Its host or connection could not be reached, or stayed silent past the link timeout.
    Unreachable(String),
    /// It sent bytes that no correct peer sends.
    Protocol(String),
    /// It left in order (finalised) and takes no more messages.
    Left,
    /// This process dropped it.
    Dropped,
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Cause::Died(how) => write!(f, "its process ended: {how}"),
            Cause::Unreachable(why) => write!(f, "it cannot be reached: {why}"),
            Cause::Protocol(what) => write!(f, "it broke the protocol: {what}"),
            Cause::Left => write!(f, "it has left the job"),
            Cause::Dropped => write!(f, "the connection was dropped"),
        }
    }
}

/// What a transport can do for a peer, and what it costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The largest payload of one frame, in bytes.
    pub frame_bytes_max: usize,
    /// Up to this many bytes a message is best sent eagerly (its payload with its envelope).
    pub eager_bytes: usize,
    /// The size of the pieces in which a large message is best streamed.
    pub piece_bytes: usize,
    /// Whether this process can read the peer's memory by itself ([`Port::reader`](crate::Port::reader) gives the way).
    pub reads: bool,
    /// Whether such a read is cheaper than streaming, as measured at start.
    pub read_is_cheaper: bool,
}

/// How a process can be reached: what it publishes of itself, found through the launcher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Who.
    pub process: ProcessId,
    /// Its slot in the host segment, if it shares one with us.
    pub slot: Option<u16>,
    /// TCP addresses of its listener, best first.
    pub addresses: Vec<std::net::SocketAddr>,
}
