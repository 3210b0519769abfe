//! What the engine's frames mean: their kinds, and how an envelope is laid into three words of header.

use fabric::Frame;

use crate::active::frames::{ACTIVE, ACTIVE_LABEL, ACTIVE_RENDEZVOUS};
use crate::collective::Mark;
use crate::matching::Key;
use crate::{Communicator, TypeTag};

/// A message with its payload behind it. Header: an envelope.
pub const EAGER: u8 = 1;
/// An announced message: payload stays with the sender until asked for. Header: an envelope; payload: [`Announcement`].
pub const RENDEZVOUS: u8 = 2;
/// A collective's message with its payload. Header: a step envelope.
pub const STEP_EAGER: u8 = 3;
/// A collective's announced message. Header: a step envelope; payload: [`Announcement`].
pub const STEP_RENDEZVOUS: u8 = 4;
/// Receiver to sender: stream the announced message. Header: send id, receive id.
pub const PULL: u8 = 5;
/// A piece of an announced message. Header: receive id, offset.
pub const DATA: u8 = 6;
/// Receiver to sender: the announced message was read, its buffer is free. Header: send id.
pub const DONE: u8 = 7;
/// Receiver to sender: more credit. Header: bytes.
pub const CREDIT: u8 = 8;
/// Sender to receiver: forget an announced message unless it is matched. Header: send id, 1 if the sender leaves.
pub const RETRACT: u8 = 9;
/// Receiver to sender: the answer to RETRACT. Header: send id, 0 if it was matched before, 1 if forgotten; 2 is no answer:
/// what had been matched by a probe was given back, and is forgotten.
pub const RETRACTED: u8 = 10;
/// Receiver to sender: the announced message will not be received, this process leaves. Header: send id.
pub const REFUSED: u8 = 11;
/// Sender to receiver: what a type is called, as text in the payload; comes before its first message. Header: signature.
pub const NAME: u8 = 12;
/// This process is leaving: no message of it follows.
pub const FAREWELL: u8 = 13;
/// A member of a collective ended it with an error. Header: context, the collective's label, what failed; payload: text.
pub const STEP_FAILED: u8 = 14;
/// A member has revoked a communicator; told by everybody to everybody. Header: context, the revoker's job, its number and
/// incarnation.
pub const REVOKE: u8 = 32;
/// A message of an agreement. Header: context, the agreement's number, what kind of message; payload: a proposal, or nothing.
pub const AGREE: u8 = 33;

/// Member to member: what it calls, before a collective begins. Header: context, the collective's label; payload: the call.
pub const CALL: u8 = 0x40;
/// A ready message found no receive that waited for it, where programs are checked: context, tag, the message's number among the
/// ready ones of its sender.
pub const UNREADY: u8 = 0x41;

/// Set in a label that belongs to a collective's step; never set in a tag.
pub const STEP_LABEL: u64 = 1 << 63;

/// Where in the word of source and tag a message says that it was sent in ready mode: tags have 31 bits.
const READY_BIT: u32 = 31;

/// Whom a message is for: (context, source, label), the key of matching, and the signature of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The communicator's context.
    pub context: u64,
    /// The sender's rank in the communicator.
    pub source: u32,
    /// A tag (0..2^31), or a collective's sequence and step with [`STEP_LABEL`].
    pub label: u64,
    /// The type's signature; of a step, the [`Mark`] of its collective.
    pub signature: u64,
    /// Whether its sender relies on a receive that waits for it.
    pub ready: bool,
}

impl Envelope {
    /// The envelope of a message of values `of` with a tag, from this member of the communicator.
    #[inline]
    pub(crate) fn of_message(communicator: &Communicator, tag: i32, of: TypeTag) -> Envelope {
        Envelope {
            context: communicator.context.0,
            source: communicator.rank as u32,
            label: tag as u64,
            signature: of.signature,
            ready: false,
        }
    }

    /// The frame of this envelope: eager (payload behind it) or announced.
    #[inline]
    pub fn frame(&self, eager: bool) -> Frame {
        if self.label & STEP_LABEL == 0 {
            let word = (self.source as u64) << 32 | (self.ready as u64) << READY_BIT | self.label;
            Frame {
                kind: if eager { EAGER } else { RENDEZVOUS },
                header: [self.context, word, self.signature],
            }
        } else if self.label & ACTIVE_LABEL == ACTIVE_LABEL {
            let kind = if eager { ACTIVE } else { ACTIVE_RENDEZVOUS };
            Frame { kind, header: [self.context, self.label & !ACTIVE_LABEL, self.signature] }
        } else {
            let kind = if eager { STEP_EAGER } else { STEP_RENDEZVOUS };
            let mark = Mark::from_signature(self.signature).map_or(0, Mark::bits);
            Frame { kind, header: [self.context, (mark as u64) << 32 | self.source as u64, self.label] }
        }
    }

    /// What is matched exactly.
    #[inline]
    pub fn key(&self) -> Key {
        Key { context: self.context, source: self.source, label: self.label }
    }

    /// Reads the envelope of a frame of one of the four message kinds.
    #[inline]
    pub fn of(frame: &Frame) -> Envelope {
        let [context, second, third] = frame.header;
        match frame.kind {
            EAGER | RENDEZVOUS => Envelope {
                context,
                source: (second >> 32) as u32,
                label: second & 0x7fff_ffff,
                signature: third,
                ready: second >> READY_BIT & 1 == 1,
            },
            _ => {
                let signature = Mark::from_bits((second >> 32) as u32).map_or(0, Mark::signature);
                Envelope {
                    context,
                    source: second as u32,
                    label: third | STEP_LABEL,
                    signature,
                    ready: false,
                }
            }
        }
    }
}

/// What an announced message's frame carries: how long it is, where it lies in the sender's memory (0: not readable
/// there), and the sender's name for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Length of the message in bytes.
    pub bytes: u64,
    /// Address in the sender's memory, or 0.
    pub address: u64,
    /// The sender's request.
    pub send: u64,
}

impl Announcement {
    /// As it stands behind the frame.
    pub fn encode(&self) -> [u8; 24] {
        let mut out = [0; 24];
        out[..8].copy_from_slice(&self.bytes.to_le_bytes());
        out[8..16].copy_from_slice(&self.address.to_le_bytes());
        out[16..].copy_from_slice(&self.send.to_le_bytes());
        out
    }

    /// `None` when the payload isn't an announcement (a broken peer).
    pub fn decode(payload: &[u8]) -> Option<Announcement> {
        let word = |i: usize| Some(u64::from_le_bytes(payload.get(i..i + 8)?.try_into().ok()?));
        Some(Announcement { bytes: word(0)?, address: word(8)?, send: word(16)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelopes_survive_their_frames() {
        for label in [0, 7, 0x7fff_ffff, STEP_LABEL | 5 << 20 | 3] {
            for eager in [false, true] {
                let mark = Mark::from_bits(0x7000_0001).unwrap();
                let signature = if label & STEP_LABEL == 0 { 99 } else { mark.signature() };
                let ready = label == 7;
                let envelope =
                    Envelope { context: 5 << 32 | 1, source: u32::MAX - 1, label, signature, ready };
                assert_eq!(Envelope::of(&envelope.frame(eager)), envelope);
            }
        }
    }

    #[test]
    fn announcements_survive_and_short_ones_are_refused() {
        let announcement = Announcement { bytes: 1 << 40, address: 0x7fff_0000, send: 3 };
        assert_eq!(Announcement::decode(&announcement.encode()), Some(announcement));
        assert_eq!(Announcement::decode(&announcement.encode()[..23]), None);
    }
}
