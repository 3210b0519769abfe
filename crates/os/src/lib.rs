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
pub mod detached;
pub mod epoll;
pub mod eventfd;
pub mod exit;
pub mod fork;
pub mod futex;
pub mod heap;
pub mod host;
pub mod image;
pub mod interface;
pub mod limits;
pub mod mapping;
pub mod meeting;
pub mod membarrier;
pub mod poll;
pub mod random;
mod ranges;
pub mod seccomp;
pub mod shared_file;
pub mod signal;
pub mod socket;
pub mod spawn;
pub mod threads;
pub mod topology;
pub mod unix;
pub mod vm_read;

pub use clock::Time;
pub use mapping::SharedMapping;
pub use shared_file::SharedFile;
