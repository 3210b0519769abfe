//! What a member says it calls: a word in every frame and every cell of a collective, so that members who call different
//! things are told instead of taking each other's data.
//!
//! It costs nothing: a frame has room beside the sender's rank, and a cell beside its length.

use super::case::{Call, Collective};
use super::table::{self, Algorithm};

/// Operation, algorithm, root and type of the elements, in 32 bits; of the root the lowest eight, of the type's signature
/// sixteen (0: untyped). Never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(u32);

/// In the place of a type's signature, what tells a mark from one.
const IN_SIGNATURE: u64 = 0x636f_6c6c << 32;

impl Mark {
    /// Of nothing.
    pub(crate) const NONE: Mark = Mark(u32::MAX);

    /// The mark of a call.
    pub fn of(call: &Call, algorithm: &'static Algorithm) -> Mark {
        let operation =
            Collective::ALL.iter().position(|one| *one == call.case.collective).unwrap_or(0) as u32;
        let root = if call.case.collective.has_root() { call.root & 0xff } else { 0 };
        // A barrier has no elements, whatever its caller names.
        let is_barrier = call.case.collective == Collective::Barrier;
        let of = if is_barrier { 0 } else { Mark::type_bits(call.of.signature) as u32 };
        Mark((operation + 1) << 28 | (table::number(algorithm) & 15) << 24 | root << 16 | of)
    }

    /// From a frame or a cell; none if there is none.
    pub fn from_bits(bits: u32) -> Option<Mark> {
        (bits != 0).then_some(Mark(bits))
    }

    /// As it stands in a frame or a cell.
    pub fn bits(self) -> u32 {
        self.0
    }

    /// In the place of a type's signature.
    pub(crate) fn signature(self) -> u64 {
        IN_SIGNATURE | self.0 as u64
    }

    /// From the place of a type's signature.
    pub(crate) fn from_signature(signature: u64) -> Option<Mark> {
        (signature & !(u32::MAX as u64) == IN_SIGNATURE).then_some(Mark(signature as u32))
    }

    /// What of a type's signature is in a mark.
    pub(crate) fn type_bits(signature: u64) -> u16 {
        let folded = signature ^ signature >> 32;
        let folded = (folded ^ folded >> 16) as u16;
        if signature == 0 { 0 } else { folded.max(1) }
    }

    /// The operation and its root, in words.
    pub(crate) fn words(self) -> String {
        match Collective::ALL.get((self.0 >> 28).wrapping_sub(1) as usize) {
            Some(collective) if collective.has_root() => {
                format!("{} with root {}", collective.name(), self.0 >> 16 & 0xff)
            }
            Some(collective) => collective.name().to_owned(),
            None => "collective".to_owned(),
        }
    }

    /// In words, with the type's name where it is known; `other` is the mark that it isn't.
    pub(crate) fn describe(self, other: Mark, name: impl Fn(u16) -> Option<String>) -> String {
        let Some(&collective) = Collective::ALL.get((self.0 >> 28).wrapping_sub(1) as usize) else {
            return "something that isn't known here".to_owned();
        };
        let mut text = collective.name().to_owned();
        if collective.has_root() {
            text += &format!(" with root {}", self.0 >> 16 & 0xff);
        }
        let of = self.0 as u16;
        if collective != Collective::Barrier && of != 0 {
            text += " of ";
            text += &name(of).unwrap_or_else(|| "another type".to_owned());
        }
        // The name of an algorithm tells something only when all else is the same.
        if (self.0 ^ other.0) & !(15 << 24) == 0
            && let Some(algorithm) = table::of(collective).nth((self.0 >> 24 & 15) as usize)
        {
            text += &format!(" by the algorithm for other lengths or options, \"{}\"", algorithm.name);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collective::{Case, named};
    use crate::{TypeName, TypeTag};

    fn mark(collective: Collective, algorithm: &str, root: u32, signature: u64) -> Mark {
        let of = TypeTag { signature, name: TypeName::Made(String::new), ..TypeTag::BYTES };
        let call = Call { of, ..Call::new(Case::new(collective, 300, 1, 8), 0, root) };
        Mark::of(&call, named(collective, algorithm).unwrap())
    }

    #[test]
    fn marks_differ_in_everything_that_matters() {
        let first = mark(Collective::Broadcast, "binomial", 1, 77);
        for other in [
            mark(Collective::Gather, "linear", 1, 77),
            mark(Collective::Broadcast, "chain", 1, 77),
            mark(Collective::Broadcast, "binomial", 2, 77),
            mark(Collective::Broadcast, "binomial", 1, 78),
        ] {
            assert_ne!(first, other);
        }
        let barrier = |signature| mark(Collective::Barrier, "linear", 0, signature);
        assert_eq!(barrier(77), barrier(0), "a barrier is of no type");
        assert_eq!(Mark::from_signature(first.signature()), Some(first));
        assert_eq!((Mark::from_bits(first.bits()), Mark::from_bits(0)), (Some(first), None));
        // Whatever a peer sends is told in some words.
        for bits in [1, u32::MAX, 0xf000_0000, 0x5500_0000] {
            assert!(!Mark(bits).describe(first, |_| None).is_empty());
        }
    }

    #[test]
    fn every_algorithm_has_its_bits() {
        for algorithm in table::TABLE {
            assert!(table::number(algorithm) < 16, "{algorithm:?}");
        }
        assert!(Collective::ALL.len() < 16);
    }

    #[test]
    fn words() {
        let check = |mine: Mark, theirs: Mark, expected: &str| {
            let name = |of| (of == Mark::type_bits(77)).then(|| "f64".to_owned());
            assert_eq!(mine.describe(theirs, name), expected);
        };
        let (broadcast, barrier) = (Collective::Broadcast, Collective::Barrier);
        let typed = mark(broadcast, "binomial", 1, 77);
        check(typed, mark(barrier, "board", 0, 0), "broadcast with root 1 of f64");
        check(mark(barrier, "board", 0, 0), typed, "barrier");
        check(mark(broadcast, "binomial", 1, 78), typed, "broadcast with root 1 of another type");
        let chain = mark(broadcast, "chain", 1, 77);
        let text = "broadcast with root 1 of f64 by the algorithm for other lengths or options, \"chain\"";
        check(chain, typed, text);
    }
}
