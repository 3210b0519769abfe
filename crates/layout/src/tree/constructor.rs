//! How a layout was made: what is read back as its envelope and contents.

use wire::{Scalar, Sequence};

use super::Layout;

/// How a layout was made. Strides and displacements are in elements of `of` where nothing else is said.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are the arguments of the constructors of the same names")]
pub enum Constructor {
    /// A value without parts.
    Basic(Leaf),
    /// [`Layout::duplicate`]
    Duplicate { of: Layout },
    /// [`Layout::contiguous`]
    Contiguous { count: u64, of: Layout },
    /// [`Layout::vector`]
    Vector { count: u64, block: u64, stride: i64, of: Layout },
    /// [`Layout::hvector`]; the stride is in bytes.
    HVector { count: u64, block: u64, stride: i64, of: Layout },
    /// [`Layout::indexed`]; length and displacement of each block.
    Indexed { blocks: Box<[(u64, i64)]>, of: Layout },
    /// [`Layout::hindexed`]; length and displacement, in bytes, of each block.
    HIndexed { blocks: Box<[(u64, i64)]>, of: Layout },
    /// [`Layout::indexed_block`]
    IndexedBlock { block: u64, displacements: Box<[i64]>, of: Layout },
    /// [`Layout::hindexed_block`]; displacements are in bytes.
    HIndexedBlock { block: u64, displacements: Box<[i64]>, of: Layout },
    /// [`Layout::structure`]
    Struct { fields: Box<[Field]> },
    /// [`Layout::subarray`]
    Subarray { sizes: Box<[u64]>, subsizes: Box<[u64]>, starts: Box<[u64]>, order: Order, of: Layout },
    /// [`Layout::distributed_array`]
    DistributedArray { processes: u64, rank: u64, dimensions: Box<[Dimension]>, order: Order, of: Layout },
    /// [`Layout::resized`]
    Resized { lower_bound: i64, extent: i64, of: Layout },
}

impl Constructor {
    /// The layouts that it was made of, in the order of its arguments.
    pub fn parts(&self) -> Vec<&Layout> {
        match self {
            Constructor::Basic(_) => Vec::new(),
            Constructor::Struct { fields } => fields.iter().map(|field| &field.of).collect(),
            Constructor::Duplicate { of }
            | Constructor::Contiguous { of, .. }
            | Constructor::Vector { of, .. }
            | Constructor::HVector { of, .. }
            | Constructor::Indexed { of, .. }
            | Constructor::HIndexed { of, .. }
            | Constructor::IndexedBlock { of, .. }
            | Constructor::HIndexedBlock { of, .. }
            | Constructor::Subarray { of, .. }
            | Constructor::DistributedArray { of, .. }
            | Constructor::Resized { of, .. } => vec![of],
        }
    }
}

/// A value without parts: a scalar, or an enum that travels as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// What its bytes are.
    pub scalar: Scalar,
    /// What it adds to the signature.
    pub sequence: Sequence,
    /// How many bytes it has in the external format (see [`Layout::pack_external`]).
    pub external_bytes: u8,
}

/// A field of a struct.
#[derive(Clone, Debug)]
pub struct Field {
    /// How many elements.
    pub count: u64,
    /// Where the first one lies, in bytes from the start of the struct.
    pub displacement: i64,
    /// The elements.
    pub of: Layout,
}

/// Which index of an array runs fastest in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// The last, as in C and Rust.
    C,
    /// The first.
    Fortran,
}

/// A dimension of a distributed array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dimension {
    /// Elements of the whole array.
    pub size: u64,
    /// How they are dealt to the processes.
    pub distribution: Distribution,
    /// How many processes the grid has in this dimension.
    pub processes: u64,
}

/// How the elements of a dimension are dealt to processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Distribution {
    /// Not at all: the dimension has one process.
    None,
    /// One block for each: of this size, or the smallest that leaves no element over.
    Block(Option<u64>),
    /// Blocks of this size (1 without one), dealt in turn.
    Cyclic(Option<u64>),
}
