//! Waiting for many descriptors at once.

use crate::descriptor::apart;
use rustix::event::{Timespec, epoll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use std::io;
use std::mem::MaybeUninit;

/// What of a descriptor is waited for. The end of a connection is always reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// That it can be read.
    pub read: bool,
    /// That it can be written.
    pub write: bool,
}

impl Interest {
    /// Reading alone.
    pub const READ: Interest = Interest { read: true, write: false };
    /// Both.
    pub const BOTH: Interest = Interest { read: true, write: true };

    fn flags(self) -> epoll::EventFlags {
        let mut flags = epoll::EventFlags::empty();
        flags.set(epoll::EventFlags::IN, self.read);
        flags.set(epoll::EventFlags::OUT, self.write);
        flags
    }
}

/// A descriptor that is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// What was given when it was added.
    pub token: u64,
    /// It can be read, or has ended.
    pub read: bool,
    /// It can be written, or has ended.
    pub write: bool,
}

/// A set of descriptors; level-triggered.
#[derive(Debug)]
pub struct Epoll(OwnedFd);

/// Longer waits return after this time: a day.
const TIMEOUT_NS_MAX: u64 = 86_400_000_000_000;

/// The most events that one call reports; the others stay and come in the next.
pub const READY_MAX: usize = 64;

impl Epoll {
    /// An empty set.
    ///
    /// # Errors
    /// When descriptors are used up.
    pub fn new() -> io::Result<Epoll> {
        Ok(Epoll(apart(epoll::create(epoll::CreateFlags::CLOEXEC)?)?))
    }

    /// Adds a descriptor; closing it removes it.
    ///
    /// # Errors
    /// When it is in the set already, cannot be waited for, or the user's limit of watches is reached.
    pub fn add(&self, fd: impl AsFd, token: u64, interest: Interest) -> io::Result<()> {
        Ok(epoll::add(&self.0, fd, epoll::EventData::new_u64(token), interest.flags())?)
    }

    /// Changes what is waited for.
    ///
    /// # Errors
    /// When the descriptor is not in the set.
    pub fn modify(&self, fd: impl AsFd, token: u64, interest: Interest) -> io::Result<()> {
        Ok(epoll::modify(&self.0, fd, epoll::EventData::new_u64(token), interest.flags())?)
    }

    /// Removes a descriptor that stays open.
    ///
    /// # Errors
    /// When it is not in the set.
    pub fn remove(&self, fd: impl AsFd) -> io::Result<()> {
        Ok(epoll::delete(&self.0, fd)?)
    }

    /// Waits until something is ready or `timeout_ns` are over (0: looks, without waiting), and calls `found` for each
    /// that is. An interrupted call counts as one that found nothing.
    ///
    /// # Errors
    /// What the kernel says of a set that is not one.
    pub fn wait(&self, timeout_ns: u64, mut found: impl FnMut(Ready)) -> io::Result<()> {
        // Where the kernel lacks epoll_pwait2 the time is rounded to milliseconds that must fit into 31 bits.
        let timeout_ns = timeout_ns.min(TIMEOUT_NS_MAX);
        let timeout = Timespec {
            tv_sec: (timeout_ns / 1_000_000_000) as i64,
            tv_nsec: (timeout_ns % 1_000_000_000) as i64,
        };
        let mut space = [const { MaybeUninit::<epoll::Event>::uninit() }; READY_MAX];
        let (ready, _) = match epoll::wait(&self.0, &mut space, Some(&timeout)) {
            Ok(ready) => ready,
            Err(Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        for event in ready {
            let ended = epoll::EventFlags::HUP | epoll::EventFlags::ERR;
            let flags = event.flags;
            found(Ready {
                token: event.data.u64(),
                read: flags.intersects(epoll::EventFlags::IN | ended),
                write: flags.intersects(epoll::EventFlags::OUT | ended),
            });
        }
        Ok(())
    }
}

impl AsFd for Epoll {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eventfd::EventFd;

    #[test]
    fn reports_what_is_ready_until_it_is_not() {
        let (epoll, a, b) = (Epoll::new().unwrap(), EventFd::new().unwrap(), EventFd::new().unwrap());
        epoll.add(&a, 1, Interest::READ).unwrap();
        epoll.add(&b, 2, Interest::READ).unwrap();
        let look = |timeout_ns| {
            let mut found = Vec::new();
            epoll.wait(timeout_ns, |ready| found.push(ready.token)).unwrap();
            found
        };
        assert!(look(0).is_empty() && look(1_000_000).is_empty());
        b.notify();
        b.notify();
        assert_eq!(look(0), [2]);
        assert_eq!(look(u64::MAX), [2]);
        b.clear();
        assert!(look(0).is_empty());
        epoll.modify(&a, 1, Interest::BOTH).unwrap();
        assert_eq!(look(0), [1]);
        epoll.remove(&a).unwrap();
        assert!(look(0).is_empty());
    }
}
