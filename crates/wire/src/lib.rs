//! Types that travel: values (`Wire` and its derive), type signatures, identities of jobs, processes, contexts.
//!
//! Refuses to do any I/O.

pub mod identity;

pub use identity::{ContextId, JobId, ProcessId};
