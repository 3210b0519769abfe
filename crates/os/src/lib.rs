//! System calls behind safe functions.
//!
//! The only crate that makes raw system calls. One file per concept of the kernel; every function is safe to
//! call or says in its `# Safety` section what its caller must keep. It knows nothing of messages or ranks.
#![deny(unsafe_op_in_unsafe_fn)]

pub mod calendar;
pub mod clock;
pub mod cores;
pub mod descendants;
pub mod descriptor;
