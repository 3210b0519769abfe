//! How active messages are laid into frames. Their header: context (of an answer: the call), kind and object, signature. In front of
//! the payload, or behind the announcement, stands the head: which call is to be answered, and of a forwarded request by whom it
//! was made.

use crate::envelope::{Announcement, Envelope, STEP_LABEL};

/// An active message with its payload.
pub(crate) const ACTIVE: u8 = 40;
/// An announced active message.
pub(crate) const ACTIVE_RENDEZVOUS: u8 = 41;
/// A frame of control: a call gets no answer. Header: the call, why; payload: text.
pub(crate) const UNANSWERED: u8 = 42;
/// A frame of control: a call was forwarded. Header: the call, how often so far and to which rank.
pub(crate) const MOVED: u8 = 43;

/// In a label: this is an active message. A step's sequence never gets there.
pub(crate) const ACTIVE_LABEL: u64 = STEP_LABEL | 1 << 62;

/// Where the kind is in a label.
const KIND_SHIFT: u32 = 59;

/// The bits of an object's id.
pub(crate) const OBJECT_MASK: u64 = (1 << KIND_SHIFT) - 1;

/// The source in the keys of stored active messages: no rank, so that no receive matches them.
pub(crate) const NO_SOURCE: u32 = u32::MAX;

/// What an active message is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// None: an ordinary message.
    #[default]
    No = 0,
    /// One way.
    Tell = 1,
    /// Wants an answer.
    Request = 2,
    /// Wants an answer, for another than its sender.
    Forwarded = 3,
    /// The answer to a call.
    Answer = 4,
}

impl Kind {
    /// The kind of a label of a frame of active messages.
    #[inline]
    pub fn of_label(label: u64) -> Option<Kind> {
        match label >> KIND_SHIFT & 7 {
            1 => Some(Kind::Tell),
            2 => Some(Kind::Request),
            3 => Some(Kind::Forwarded),
            4 => Some(Kind::Answer),
            _ => None,
        }
    }

    /// Bytes of the head of a message of this kind.
    pub fn head_bytes(self) -> usize {
        match self {
            Kind::Request => 8,
            Kind::Forwarded => 16,
            Kind::No | Kind::Tell | Kind::Answer => 0,
        }
    }

    /// The label of a message of this kind.
    pub fn label(self, object: u64) -> u64 {
        ACTIVE_LABEL | (self as u64) << KIND_SHIFT | object & OBJECT_MASK
    }
}

/// What stands in front of a payload: of an ordinary message nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The bytes.
    pub(crate) bytes: [u8; Head::BYTES_MAX],
    /// How many count.
    pub(crate) length: u8,
}

impl Head {
    pub(crate) const BYTES_MAX: usize = 16;

    pub(crate) const NONE: Head = Head { bytes: [0; Head::BYTES_MAX], length: 0 };

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.length as usize]
    }
}

/// What a stored active message tells besides its envelope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Claim {
    /// The call to be answered.
    pub call: u64,
    /// The rank that asked, of a forwarded request.
    pub asker: u32,
    /// How often it was forwarded.
    pub hops: u16,
    pub kind: Kind,
    /// It is an answer whose space its call reserved: it takes no credit.
    pub reserved: bool,
}

impl Claim {
    pub fn of(kind: Kind) -> Claim {
        Claim { kind, ..Claim::default() }
    }

    pub fn head(&self) -> Head {
        let mut bytes = [0; Head::BYTES_MAX];
        bytes[..8].copy_from_slice(&self.call.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.asker.to_le_bytes());
        bytes[12..14].copy_from_slice(&self.hops.to_le_bytes());
        Head { bytes, length: self.kind.head_bytes() as u8 }
    }

    /// Reads a head; `None` of fewer bytes than the kind has.
    pub fn read(kind: Kind, head: &[u8]) -> Option<Claim> {
        let mut claim = Claim::of(kind);
        if kind.head_bytes() >= 8 {
            claim.call = u64::from_le_bytes(head.get(..8)?.try_into().ok()?);
        }
        if kind.head_bytes() >= 16 {
            claim.asker = u32::from_le_bytes(head.get(8..12)?.try_into().ok()?);
            claim.hops = u16::from_le_bytes(head.get(12..14)?.try_into().ok()?);
            (head.get(14..16)? == [0; 2]).then_some(())?;
        }
        Some(claim)
    }
}

/// Bytes of an announcement in front of its head.
pub(crate) const ANNOUNCEMENT_BYTES: usize = 24;

/// So many bytes of a payload say what it is.
pub(crate) const FIRST_BYTES: usize = ANNOUNCEMENT_BYTES + Head::BYTES_MAX;

/// What a frame says of its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Described {
    pub claim: Claim,
    /// Of an announced one.
    pub announcement: Option<Announcement>,
    /// The length of the message.
    pub bytes: usize,
}

/// Reads a frame's label, and the first bytes of its payload, which is `length` long in all. `None`: no correct peer sends it.
pub(crate) fn describe(is_eager: bool, label: u64, first: &[u8], length: usize) -> Option<Described> {
    let kind = Kind::of_label(label)?;
    if is_eager {
        let bytes = length.checked_sub(kind.head_bytes())?;
        return Some(Described { claim: Claim::read(kind, first)?, announcement: None, bytes });
    }
    (length == ANNOUNCEMENT_BYTES + kind.head_bytes()).then_some(())?;
    let claim = Claim::read(kind, first.get(ANNOUNCEMENT_BYTES..)?)?;
    let announcement = Announcement::decode(first)?;
    // Nothing is longer than memory can be, so that a head can be added to its length.
    let bytes = usize::try_from(announcement.bytes).ok().filter(|bytes| *bytes <= isize::MAX as usize)?;
    Some(Described { claim, announcement: Some(announcement), bytes })
}

/// A frame of active messages as it would be written of what is read in it: what is read of a frame is all that it says. `None` of
/// what no correct peer sends. For tests and fuzzing.
#[doc(hidden)]
pub fn rewritten(kind: u8, header: [u64; 3], payload: &[u8]) -> Option<(u8, [u64; 3], Vec<u8>)> {
    let [first_word, label, signature] = header;
    let is_eager = match kind {
        ACTIVE => true,
        ACTIVE_RENDEZVOUS => false,
        _ => return None,
    };
    let first = &payload[..payload.len().min(FIRST_BYTES)];
    let Described { claim, announcement, bytes } = describe(is_eager, label, first, payload.len())?;
    let frame = envelope(first_word, claim.kind, label & OBJECT_MASK, signature).frame(is_eager);
    let head = claim.head();
    let payload = match announcement {
        None => [head.as_slice(), &payload[payload.len() - bytes..]].concat(),
        Some(announcement) => [&announcement.encode()[..], head.as_slice()].concat(),
    };
    Some((frame.kind, frame.header, payload))
}

/// The envelope of an active message; an answer's first word is the call.
pub(crate) fn envelope(first: u64, kind: Kind, object: u64, signature: u64) -> Envelope {
    Envelope { context: first, source: NO_SOURCE, label: kind.label(object), signature, ready: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_and_announcements_survive() {
        for kind in [Kind::Tell, Kind::Request, Kind::Forwarded, Kind::Answer] {
            let mut claim = Claim::of(kind);
            if kind.head_bytes() > 0 {
                claim.call = 7 << 32 | 5;
            }
            if kind == Kind::Forwarded {
                (claim.asker, claim.hops) = (9, 3);
            }
            let head = claim.head();
            assert_eq!(Claim::read(kind, head.as_slice()), Some(claim));
            if head.length > 0 {
                assert_eq!(Claim::read(kind, &head.as_slice()[..head.length as usize - 1]), None);
            }
            let announcement = Announcement { bytes: 1 << 33, address: 77, send: 4 };
            let bytes = [&announcement.encode()[..], head.as_slice()].concat();
            let read = |bytes: &[u8]| describe(false, kind.label(5), bytes, bytes.len());
            let announced = Described { claim, announcement: Some(announcement), bytes: 1 << 33 };
            assert_eq!(read(&bytes), Some(announced));
            assert_eq!(read(&bytes[..bytes.len() - 1]), None);
            assert_eq!(read(&[&bytes[..], &[0]].concat()), None);
            let eager = [head.as_slice(), &[1; 7]].concat();
            let described = Described { claim, announcement: None, bytes: 7 };
            assert_eq!(describe(true, kind.label(5), &eager, eager.len()), Some(described));
        }
    }

    #[test]
    fn labels_have_kind_and_object() {
        for object in [0, 5, OBJECT_MASK] {
            for kind in [Kind::Tell, Kind::Request, Kind::Forwarded, Kind::Answer] {
                let envelope = envelope(3, kind, object, 99);
                for eager in [true, false] {
                    let frame = envelope.frame(eager);
                    assert_eq!(frame.kind, if eager { ACTIVE } else { ACTIVE_RENDEZVOUS });
                    assert_eq!((frame.header[0], frame.header[2]), (3, 99));
                    assert_eq!(Kind::of_label(frame.header[1]), Some(kind));
                    assert_eq!(frame.header[1] & OBJECT_MASK, object);
                }
            }
        }
        assert!((0..8u64).filter_map(|kind| Kind::of_label(kind << KIND_SHIFT)).count() == 4);
    }
}
