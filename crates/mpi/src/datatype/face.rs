//! What never changes of a datatype and is asked often, in a few words that are read without a lock or a count.

use std::ffi::c_int;

use layout::Layout;

use super::contents::{Contents, Lengths};
use crate::number::COMBINER_NAMED;

/// How many words a face has.
pub(crate) const WORDS: usize = 10;

/// What is asked of a datatype: size, lower bound, extent, true lower bound, true extent, the [`Lengths`] in their order, and the combiner,
/// with [`SIZED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Face(pub [u64; WORDS]);

/// Whether it has bounds: an optional datatype that this platform doesn't have has none.
const SIZED: u64 = 1 << 32;

/// Bytes of data, bounds, and bounds of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub size: u64,
    pub lower_bound: i64,
    pub extent: i64,
    pub true_lower_bound: i64,
    pub true_extent: i64,
}

impl Face {
    /// Of a datatype of this layout that was made so.
    pub fn new(layout: Option<&Layout>, contents: Option<&Contents>) -> Face {
        let bounds = layout.map_or([0; 5], |of| {
            let bounds = [of.lower_bound(), of.extent(), of.true_lower_bound(), of.true_extent()];
            let [low, extent, true_low, true_extent] = bounds.map(|bound| bound as u64);
            [of.size(), low, extent, true_low, true_extent]
        });
        let lengths = match (layout, contents) {
            (Some(layout), Some(contents)) => contents.lengths(layout),
            _ => Lengths::default(),
        };
        let Lengths { integers, addresses, large_counts, datatypes } = lengths;
        let combiner = contents.map_or(COMBINER_NAMED, |contents| contents.combiner) as u32;
        let last = u64::from(combiner) | if layout.is_some() { SIZED } else { 0 };
        let [size, low, extent, true_low, true_extent] = bounds;
        let [integers, addresses, large, datatypes] =
            [integers, addresses, large_counts, datatypes].map(|length| length as u64);
        Face([size, low, extent, true_low, true_extent, integers, addresses, large, datatypes, last])
    }

    /// Its size and bounds, if it has any.
    #[inline]
    pub fn bounds(&self) -> Option<Bounds> {
        let [size, low, extent, true_low, true_extent, .., last] = self.0;
        (last & SIZED != 0).then_some(Bounds {
            size,
            lower_bound: low as i64,
            extent: extent as i64,
            true_lower_bound: true_low as i64,
            true_extent: true_extent as i64,
        })
    }

    /// How many entries the lists of its contents have.
    #[inline]
    pub fn lengths(&self) -> Lengths {
        let [.., integers, addresses, large_counts, datatypes, _] = self.0.map(|word| word as usize);
        Lengths { integers, addresses, large_counts, datatypes }
    }

    /// Which constructor made it.
    #[inline]
    pub fn combiner(&self) -> c_int {
        let [.., last] = self.0;
        last as c_int
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Datatype;
    use crate::number::{DOUBLE_INT, REAL16};

    #[test]
    fn a_face_says_what_the_layout_says() {
        let pair = Datatype(DOUBLE_INT).face().unwrap();
        let bounds = Bounds { size: 12, lower_bound: 0, extent: 16, true_lower_bound: 0, true_extent: 12 };
        assert_eq!((pair.bounds(), pair.combiner()), (Some(bounds), COMBINER_NAMED));
        let of = Layout::resized(-8, -16, &Layout::of::<[u16; 3]>()).unwrap();
        let bounds = Bounds { size: 6, lower_bound: -8, extent: -16, true_lower_bound: 0, true_extent: 6 };
        assert_eq!(Face::new(Some(&of), None).bounds(), Some(bounds));
        assert_eq!(Datatype(REAL16).face().unwrap().bounds(), None);
    }
}
