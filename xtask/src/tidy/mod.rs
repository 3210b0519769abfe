//! `cargo xtask tidy`: rules of the house that no compiler checks.
//!
//! - [`layering`]: arrows between crates point down, and what a message passes through depends on little;
//! - [`sources`]: what a source file may contain, by where it stands.
//!
//! Every rule has a planted violation in [`planted`] that it must find. Nothing here changes a file.

mod layering;
#[cfg(test)]
mod planted;
mod report;
mod sources;

pub use report::run;
