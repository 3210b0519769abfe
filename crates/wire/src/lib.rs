//! Types that travel: values ([`Wire`] and its derive), type signatures, identities of jobs, processes, contexts.
//!
//! A value travels as a fixed number of bytes, its *encoding*: its scalars in the order of their declaration,
//! without padding, in the byte order of the machine. Where the memory of a value is its encoding it is sent from
//! where it lies, and where moreover every bit pattern is a value it is received where it shall lie
//! ([`Form`] says which). Everything else is packed, and validated before it becomes a value.
//!
//! Refuses to do any I/O.

// The encoding of usize is that of u64, and counts of bytes travel as u64.
#[cfg(not(target_pointer_width = "64"))]
compile_error!("archipelago needs a 64-bit target");

mod compound;
#[doc(hidden)]
pub mod enumeration;
pub mod identity;
mod invalid;
mod items;
pub mod number;
mod scalar;
mod shape;
mod signature;
pub mod slice;
mod value;

pub use identity::{ContextId, JobId, ProcessId};
pub use invalid::Invalid;
pub use items::{Incoming, Items, ItemsMut, Receivable, RowOperand};
pub use number::{BF16, Complex, F16, LongDouble};
pub use scalar::Scalar;
pub use shape::Shape;
pub use signature::Sequence;
pub use value::{Form, Wire, describe};
pub use wire_derive::Wire;
