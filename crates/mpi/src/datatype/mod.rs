//! Datatypes: predefined ones, those that the program makes, and what is asked of both.

mod attached;
mod contents;
mod face;
mod object;
mod predefined;
mod stated;

pub(crate) use contents::{Contents, Lengths, List as ContentsList, Part, Parts};
pub(crate) use face::Bounds;
pub use object::Type;
pub(crate) use object::names;
pub(crate) use predefined::{Class, Meaning, pair_of, size_of_predefined, value_of_predefined};
