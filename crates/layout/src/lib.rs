//! Layouts, copy and reduce functions: the only code that touches users' buffers.
//!
//! Everything here works on raw addresses: a source may lie in memory that another process can write, of which no
//! reference may be made, and no address need be aligned. What a message brings is treated as bytes until it has
//! been validated.
//!
//! Refuses to know where bytes come from, to lock, and to wait.

mod copy;
mod reduce;
mod tree;

pub use copy::copy;
pub use reduce::{Failure, Operation, Operator, Pair, ReproducibleSum, reduce};
pub use tree::{
    Buffer, BufferMut, Constructor, Copied, Dimension, Distribution, ExternalError, Field, Layout,
    LayoutError, Leaf, Lend, LendMut, Memory, MemoryMut, Operand, Order, OutOfBounds, OwnedBuffer,
    OwnedElements, OwnedView, Partible, Placed, View, ViewMut,
};
