//! What types are called, for errors that name both types when they disagree.
//!
//! A scalar's name is known to all. Any other type is introduced to each peer once, by a frame before the first message
//! that is made of it; so the receiver of a wrong type can name it at once, though its sender be busy or gone.

use std::sync::OnceLock;

use fabric::Peer;
use wire::{Wire, describe};

use crate::collective::Mark;
use crate::envelope::NAME;
use crate::{Error, Lane, Status, TypeName, TypeTag};

/// Types that one process introduces to one peer; those beyond go by their signatures. A program that sends more types
/// than this is rare, and a name costs the receiver memory for as long as it runs.
pub(crate) const NAMES_MAX: usize = 64;

/// Types that one process remembers; those beyond go by their signatures. Layouts that a program makes as it runs may have
/// any number of signatures.
const TYPES_MAX: usize = 256;

/// Bytes of a name; longer ones are cut.
const NAME_BYTES_MAX: usize = 256;

/// The types that this process has used, by signature.
#[derive(Default)]
pub(crate) struct Types {
    last: u64,
    names: Vec<(u64, TypeName)>,
}

impl Types {
    #[inline]
    pub fn note(&mut self, of: TypeTag) {
        if of.signature != self.last {
            self.last = of.signature;
            if self.names.len() < TYPES_MAX
                && self.names.iter().all(|(signature, _)| *signature != of.signature)
            {
                self.names.push((of.signature, of.name));
            }
        }
    }

    fn name(&self, signature: u64) -> Option<String> {
        let known = self.names.iter().find(|(known, _)| *known == signature);
        known.map(|(_, name)| name.words())
    }
}

/// What one peer and this process have told each other of their types.
#[derive(Default)]
pub(crate) struct Introductions {
    /// The type that was sent last: the usual one.
    pub last: u64,
    made: Vec<u64>,
    heard: Vec<(u64, String)>,
}

impl Lane {
    /// Makes sure that a peer can name the type. Returns false when the introduction has found no room: the message waits
    /// behind it.
    #[inline]
    pub(crate) fn introduce(&mut self, peer: Peer, of: TypeTag) -> bool {
        self.peers[peer.0 as usize].types.last == of.signature || self.introduce_new(peer, of)
    }

    #[cold]
    fn introduce_new(&mut self, peer: Peer, of: TypeTag) -> bool {
        self.types.note(of);
        let is_me = self.port.process(peer) == self.port.me();
        let types = &mut self.peers[peer.0 as usize].types;
        types.last = of.signature;
        let is_known = is_me || of.signature == 0 || types.made.contains(&of.signature);
        if is_known || types.made.len() >= NAMES_MAX || scalar(of.signature).is_some() {
            return true;
        }
        types.made.push(of.signature);
        let name = of.name.words();
        let length = name.floor_char_boundary(name.len().min(NAME_BYTES_MAX));
        self.control(peer, NAME, [of.signature, 0, 0], &name.as_bytes()[..length]);
        self.peers[peer.0 as usize].control_backlog.is_empty()
    }

    /// A peer introduces a type. Returns false when it does so oftener than a correct peer.
    pub(crate) fn name_arrived(&mut self, peer: Peer, signature: u64, text: &[u8]) -> bool {
        let heard = &mut self.peers[peer.0 as usize].types.heard;
        if heard.len() >= NAMES_MAX || text.len() > NAME_BYTES_MAX {
            return false;
        }
        heard.push((signature, String::from_utf8_lossy(text).into_owned()));
        true
    }

    /// A message of a peer is not made of what was asked for.
    #[cold]
    pub(crate) fn type_mismatch(&self, peer: Peer, status: &Status, of: TypeTag) -> Error {
        let signature = status.signature;
        let heard = &self.peers[peer.0 as usize].types.heard;
        let introduced = || heard.iter().find(|(known, _)| *known == signature).map(|(_, name)| name.clone());
        let name = scalar(signature).or_else(introduced).or_else(|| self.types.name(signature));
        let found = name.unwrap_or_else(|| format!("a type of signature {signature:#018x}"));
        Error::TypeMismatch { expected: of.name.words(), found, source: status.source, tag: status.tag }
    }
}

impl Lane {
    /// A type's name, as far as it is known here; of no type, "bytes".
    pub(crate) fn type_name(&self, signature: u64) -> String {
        let heard = || {
            let mut heard = self.peers.iter().flat_map(|peer| &peer.types.heard);
            heard.find(|(known, _)| *known == signature).map(|(_, name)| name.clone())
        };
        let known = || scalar(signature).or_else(|| self.types.name(signature)).or_else(heard);
        if signature == 0 {
            "bytes".to_owned()
        } else {
            known().unwrap_or_else(|| format!("{signature:#018x}"))
        }
    }

    /// A member of a collective calls another one, or the same on another type.
    #[cold]
    pub(crate) fn call_mismatch(&self, peer: Peer, status: &Status, mine: Mark) -> Error {
        let heard = &self.peers[peer.0 as usize].types.heard;
        let name = |bits: u16| {
            let is_it = |signature: u64| Mark::type_bits(signature) == bits;
            let heard = || heard.iter().find(|(known, _)| is_it(*known)).map(|(_, name)| name.clone());
            let own =
                || self.types.names.iter().find(|(known, _)| is_it(*known)).map(|(_, name)| name.words());
            own().or_else(heard).or_else(|| scalar_of_mark(bits))
        };
        // A frame without a mark is no correct peer's.
        let theirs = Mark::from_signature(status.signature).unwrap_or(mine);
        Error::OtherCall {
            rank: status.source,
            mine: mine.describe(theirs, name),
            theirs: theirs.describe(mine, name),
        }
    }
}

/// The name of the scalar of whose signature these bits are in a mark.
pub(crate) fn scalar_of_mark(bits: u16) -> Option<String> {
    scalars().iter().find(|(known, _)| Mark::type_bits(*known) == bits).map(|(_, name)| name.clone())
}

/// The name of the scalar with this signature, if it is one's.
fn scalar(signature: u64) -> Option<String> {
    scalars().iter().find(|(known, _)| *known == signature).map(|(_, name)| name.clone())
}

fn scalars() -> &'static [(u64, String)] {
    static SCALARS: OnceLock<Vec<(u64, String)>> = OnceLock::new();
    fn of<T: Wire>() -> (u64, String) {
        (T::SIGNATURE, describe::<T>())
    }
    SCALARS.get_or_init(|| {
        let integers = [of::<i8>(), of::<i16>(), of::<i32>(), of::<i64>(), of::<i128>()];
        let naturals = [of::<u8>(), of::<u16>(), of::<u32>(), of::<u64>(), of::<u128>()];
        let others = [of::<f32>(), of::<f64>(), of::<bool>(), of::<char>()];
        integers.into_iter().chain(naturals).chain(others).collect()
    })
}
