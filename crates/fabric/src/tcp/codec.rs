//! Frames as bytes.
//!
//! ```text
//! 0      4      5      8        16       24       32
//! length kind   zero   header 0 header 1 header 2 payload
//! ```
//! Numbers are little-endian. `length` is the payload's.

use crate::{ACKNOWLEDGE, FAREWELL, Frame, VOID};

/// Bytes before the payload.
pub const HEADER_BYTES: usize = 32;

/// From here on kinds belong to transports.
const TRANSPORT_KINDS: u8 = 0xf0;

/// The largest payload: two such frames fit in a receive buffer.
pub const FRAME_BYTES_MAX: usize = (64 << 10) - HEADER_BYTES;

/// A receiver says at the latest after so many bytes what it has. Not sooner while there is more to read: to hear anything makes
/// the kernel of a process that has just ended forget what it has not sent yet.
pub(super) const ACK_BYTES: usize = 512 << 10;

/// After so many when there is nothing more to read.
pub(super) const ACK_IDLE_BYTES: usize = 128 << 10;

/// And after so many if it sends anyway.
pub(super) const ACK_BESIDE_BYTES: usize = 16 << 10;

/// And after so many bytes of acknowledgements: who sends nothing else must not run out of room. One for two thousand, so that two
/// who answer each other come to an end.
pub(super) const ACK_OF_ACKS_BYTES: usize = 64 << 10;

/// Bytes that no correct peer sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Malformed {
    /// A frame longer than [`FRAME_BYTES_MAX`], or a farewell or an acknowledgement with a payload.
    Length(u32),
    /// A transport's kind that TCP does not have.
    Kind(u8),
    /// Something where zeros must be.
    Reserved,
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Malformed::Length(length) => {
                write!(f, "a frame of {length} bytes, past its limit")
            }
            Malformed::Kind(kind) => write!(f, "a frame of the unknown kind {kind:#x}"),
            Malformed::Reserved => write!(f, "a frame whose reserved bytes are not zero"),
        }
    }
}

impl std::error::Error for Malformed {}

/// The header of a frame with `length` bytes of payload.
#[inline]
pub fn encode(frame: &Frame, length: usize) -> [u8; HEADER_BYTES] {
    debug_assert!(length <= FRAME_BYTES_MAX);
    let mut bytes = [0; HEADER_BYTES];
    bytes[0..4].copy_from_slice(&(length as u32).to_le_bytes());
    bytes[4] = frame.kind;
    for (place, word) in bytes[8..].chunks_exact_mut(8).zip(frame.header) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

/// A frame and its payload's length, both checked.
///
/// # Errors
/// When no correct peer would send this.
#[inline]
pub fn decode(bytes: &[u8; HEADER_BYTES]) -> Result<(Frame, usize), Malformed> {
    let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
    let first = word(0);
    let (length, kind) = (first as u32, (first >> 32) as u8);
    if first >> 40 != 0 {
        return Err(Malformed::Reserved);
    }
    if length as usize > FRAME_BYTES_MAX || (matches!(kind, FAREWELL | ACKNOWLEDGE) && length > 0) {
        return Err(Malformed::Length(length));
    }
    if kind >= TRANSPORT_KINDS && !matches!(kind, VOID | FAREWELL | ACKNOWLEDGE) {
        return Err(Malformed::Kind(kind));
    }
    Ok((Frame { kind, header: [word(8), word(16), word(24)] }, length as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for length in [0, 1, 32, 33, FRAME_BYTES_MAX] {
            let frame = Frame { kind: 17, header: [1, u64::MAX, 0x0123_4567_89ab_cdef] };
            assert_eq!(decode(&encode(&frame, length)), Ok((frame, length)));
        }
    }

    #[test]
    fn nonsense_is_named() {
        let bytes = encode(&Frame { kind: 1, header: [0; 3] }, 5);
        let with = |at: usize, byte: u8| {
            let mut bytes = bytes;
            bytes[at] = byte;
            decode(&bytes)
        };
        assert_eq!(with(2, 1), Err(Malformed::Length(65_541)));
        assert_eq!(with(4, 0xff), Err(Malformed::Kind(0xff)));
        assert_eq!(with(4, FAREWELL), Err(Malformed::Length(5)));
        assert_eq!(with(4, ACKNOWLEDGE), Err(Malformed::Length(5)));
        assert_eq!(with(5, 1), Err(Malformed::Reserved));
        assert_eq!(with(7, 0x80), Err(Malformed::Reserved));
    }
}
