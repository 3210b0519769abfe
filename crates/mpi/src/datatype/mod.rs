//! Datatypes: predefined ones, those that the program makes, and what is asked of both.

mod object;
mod predefined;

pub use object::Type;
pub(crate) use predefined::{Class, Meaning, size_of_predefined};
