//! Layouts: which bytes of a buffer make up a message, in which order.
//!
//! A layout is a tree of constructors over scalars, kept as it was made so that it can be read back, and a program
//! that runs over memory, made of the tree when it is first needed ([`Layout::commit`]).

mod array;
mod bounds;
mod buffer;
mod construct;
mod constructor;
mod copied;
mod elements;
mod error;
mod external;
mod kernel;
mod layout;
mod operand;
mod owned;
mod placed;
mod program;
mod view;
mod walk;

pub use buffer::{Buffer, BufferMut, Lend, LendMut, Memory, MemoryMut};
pub use constructor::{Constructor, Dimension, Distribution, Field, Leaf, Order};
pub use copied::Copied;
pub use elements::{OwnedElements, Partible};
pub use error::{LayoutError, OutOfBounds};
pub use external::ExternalError;
pub use layout::Layout;
pub use operand::Operand;
pub use owned::{OwnedBuffer, OwnedView};
pub use placed::Placed;
pub use view::{View, ViewMut};
