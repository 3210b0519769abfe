//! From messages to bytes and back: two bytes of preamble, then postcard.
//!
//! What is decoded comes from another process: a decoder bounds what it reads, allocates in proportion to what
//! arrived, and answers with an error, never a panic.

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The first byte of every message.
const MAGIC: u8 = 0xa7;
/// The second: raised whenever a message changes its meaning or its shape.
pub const VERSION: u8 = 4;

/// The most bytes of one message between a process and its keeper.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// The most bytes of one message between the launcher and a keeper: command lines and environments are in it.
pub const FRAME_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// They do not begin as a message of ours does.
    Foreign,
    /// They come from another version of Archipelago, which speaks version `theirs`.
    Version {
        /// Their version; ours is [`VERSION`].
        theirs: u8,
    },
    /// They are cut short, too long, or say something that no message says.
    Malformed,
}

impl std::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DecodeError::Foreign => write!(f, "the bytes are no message of Archipelago"),
            DecodeError::Version { theirs } => write!(
                f,
                "the other side speaks version {theirs} of the control messages, this side {VERSION}: \
                 the launcher and the program come from different versions of Archipelago"
            ),
            DecodeError::Malformed => write!(f, "the message is malformed"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Bytes that are copied as a whole, where a `Vec<u8>` would be taken apart into numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        struct Whole;
        impl Visitor<'_> for Whole {
            type Value = Bytes;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Whole)
    }
}

/// The bytes of a message.
pub fn encode<M: Serialize>(message: &M) -> Vec<u8> {
    // Serialising into memory fails only for types without a known length or shape; ours are plain data.
    postcard::to_extend(message, vec![MAGIC, VERSION]).expect("a plain message always has an encoding")
}

/// The message in `bytes`, all of which it must fill.
///
/// # Errors
/// As [`DecodeError`] lists.
pub fn decode<'a, M: Deserialize<'a>>(bytes: &'a [u8]) -> Result<M, DecodeError> {
    let body = match bytes {
        [MAGIC, VERSION, body @ ..] => body,
        [MAGIC, theirs, ..] => return Err(DecodeError::Version { theirs: *theirs }),
        _ => return Err(DecodeError::Foreign),
    };
    match postcard::take_from_bytes(body) {
        Ok((message, [])) => Ok(message),
        _ => Err(DecodeError::Malformed),
    }
}

/// Puts one message into a stream: four bytes of length, then the message.
pub fn encode_frame<M: Serialize>(message: &M, into: &mut Vec<u8>) {
    let bytes = encode(message);
    assert!(bytes.len() <= FRAME_BYTES_MAX, "a control message of {} bytes exceeds its bound", bytes.len());
    into.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    into.extend_from_slice(&bytes);
}

/// Cuts a stream of bytes back into messages. Holds at most one message beyond what it was fed last.
#[derive(Debug, Default)]
pub struct Assembler {
    bytes: Vec<u8>,
    read: usize,
}

impl Assembler {
    /// An assembler at the start of a stream.
    pub fn new() -> Assembler {
        Assembler::default()
    }

    /// Adds what was read from the stream.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.read > 0 {
            self.bytes.drain(..self.read);
            self.read = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole message, if there is one.
    ///
    /// # Errors
    /// When the stream is not one of messages: nothing that follows can be trusted.
    pub fn next_message<M: for<'a> Deserialize<'a>>(&mut self) -> Result<Option<M>, DecodeError> {
        let rest = &self.bytes[self.read..];
        let Some((length, rest)) = rest.split_first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_le_bytes(*length) as usize;
        if length > FRAME_BYTES_MAX {
            return Err(DecodeError::Malformed);
        }
        let Some(message) = rest.get(..length) else { return Ok(None) };
        let message = decode(message)?;
        self.read += 4 + length;
        Ok(Some(message))
    }

    /// Whether the stream ended inside a message.
    pub fn is_midway(&self) -> bool {
        self.read < self.bytes.len()
    }
}
