//! Why a layout can't be, or can't lie in a buffer.

use std::fmt;

/// Why a layout can't be made. Nothing was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayoutError {
    /// Its size, one of its bounds, or the place of an element is beyond 2^63 - 1 bytes.
    Overflow,
    /// It is nested more deeply than [`Layout::DEPTH_MAX`](crate::Layout::DEPTH_MAX).
    TooDeep,
    /// Lists with an entry for each dimension differ in length, or there is no dimension.
    Dimensions {
        /// Entries of the first list.
        expected: usize,
        /// Entries of the other.
        found: usize,
    },
    /// A subarray reaches beyond its array.
    Subarray {
        /// In this dimension.
        dimension: usize,
        /// The array's size there.
        size: u64,
        /// The subarray's.
        subsize: u64,
        /// Where the subarray starts.
        start: u64,
    },
    /// A block of a distributed array is empty, or blocks of this size leave elements to nobody.
    Block {
        /// In this dimension.
        dimension: usize,
        /// The size of a block.
        block: u64,
    },
    /// A dimension that is not distributed has more than one process.
    NotDistributed {
        /// This dimension.
        dimension: usize,
        /// Its processes.
        processes: u64,
    },
    /// A grid of processes of another size than the number of processes, or a rank that is not among them.
    Grid {
        /// Processes in the grid.
        grid: u64,
        /// Processes there are.
        processes: u64,
        /// The rank.
        rank: u64,
    },
    /// An element of a row touches bytes outside of its own extent, or that is no whole number of values.
    Element {
        /// The first byte that it touches.
        from: i64,
        /// The byte behind the last one that it touches.
        to: i128,
        /// Its extent.
        extent: i64,
        /// The bytes of a value.
        value: usize,
    },
    /// A vector is not as long as a whole number of elements.
    Elements {
        /// The bytes of the vector.
        bytes: usize,
        /// The extent of an element.
        extent: i64,
    },
    /// An element that is to be filled in pieces has a byte twice.
    Twice,
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LayoutError::Overflow => f.write_str("the layout reaches beyond 2^63 - 1 bytes"),
            LayoutError::TooDeep => {
                write!(f, "the layout is nested more than {} deep", crate::Layout::DEPTH_MAX)
            }
            LayoutError::Dimensions { expected, found } => {
                write!(
                    f,
                    "{found} entries where there must be one for each of {expected} dimensions, at least one"
                )
            }
            LayoutError::Subarray { dimension, size, subsize, start } => write!(
                f,
                "{subsize} elements from {start} on are no part of the {size} that dimension {dimension} has"
            ),
            LayoutError::Block { dimension, block } => {
                write!(
                    f,
                    "blocks of {block} can't distribute dimension {dimension}: some element would be nobody's"
                )
            }
            LayoutError::NotDistributed { dimension, processes } => {
                write!(
                    f,
                    "dimension {dimension} is not distributed and has {processes} processes instead of 1"
                )
            }
            LayoutError::Grid { grid, processes, rank } => {
                write!(f, "a grid of {grid} processes doesn't fit rank {rank} of {processes} processes")
            }
            LayoutError::Element { from, to, extent, value } => write!(
                f,
                "the bytes {from} to {to} are not within an element of extent {extent} that is made of values of {value} \
                 bytes"
            ),
            LayoutError::Elements { bytes, extent } => {
                write!(f, "{bytes} bytes are no whole number of elements of extent {extent}")
            }
            LayoutError::Twice => f.write_str("the layout has a byte twice"),
        }
    }
}

impl std::error::Error for LayoutError {}

/// A layout doesn't lie within a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfBounds {
    /// The first byte that it touches, counted from the start of the buffer.
    pub from: i128,
    /// The byte behind the last one that it touches.
    pub to: i128,
    /// The buffer's length in bytes.
    pub bytes: usize,
}

impl fmt::Display for OutOfBounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the layout touches the bytes {} to {} of a buffer of {} bytes",
            self.from, self.to, self.bytes
        )
    }
}

impl std::error::Error for OutOfBounds {}
