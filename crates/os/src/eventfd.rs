//! A descriptor that another thread can make readable.

use crate::descriptor::apart;
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use std::io;

/// Readable from [`EventFd::notify`] until [`EventFd::clear`].
#[derive(Debug)]
pub struct EventFd(OwnedFd);

impl EventFd {
    /// One that is not readable.
    ///
    /// # Errors
    /// When descriptors are used up.
    pub fn new() -> io::Result<EventFd> {
        Ok(EventFd(apart(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?)?))
    }

    /// Makes it readable. From any thread.
    pub fn notify(&self) {
        // The only possible failure is a counter at its end: it is readable already.
        let _ = rustix::io::retry_on_intr(|| rustix::io::write(&self.0, &1u64.to_ne_bytes()));
    }

    /// Makes it not readable.
    pub fn clear(&self) {
        // The only possible failure: it was not.
        let _ = rustix::io::retry_on_intr(|| rustix::io::read(&self.0, &mut [0u8; 8]));
    }
}

impl AsFd for EventFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
