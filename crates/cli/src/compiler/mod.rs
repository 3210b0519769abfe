//! `mpicc` and `mpicxx`: the system's compilers, told where the header and the library are.
//!
//! Both lie in the `bin` of a prefix, beside `include` and `lib`. What they don't know they pass on.

mod words;
mod wrap;

pub use words::Language;
pub use wrap::main;
