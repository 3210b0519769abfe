//! Waiting for several descriptors at once.

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::{AsFd, BorrowedFd};
use std::io;
use std::time::{Duration, Instant};

/// Descriptors to wait for: built anew for each wait, which for some hundreds of them costs less than it would
/// to keep a kernel object in step.
#[derive(Default)]
pub struct PollSet<'fd>(Vec<PollFd<'fd>>);

/// A descriptor's place in a [`PollSet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(usize);

impl<'fd> PollSet<'fd> {
    /// No descriptor.
    pub fn new() -> PollSet<'fd> {
        PollSet(Vec::new())
    }

    /// Waits for bytes, or for the other side's end.
    pub fn readable(&mut self, fd: &'fd impl AsFd) -> Place {
        self.add(fd.as_fd(), PollFlags::IN)
    }

    /// Waits for room, or for the other side's end.
    pub fn writable(&mut self, fd: &'fd impl AsFd) -> Place {
        self.add(fd.as_fd(), PollFlags::OUT)
    }

    fn add(&mut self, fd: BorrowedFd<'fd>, flags: PollFlags) -> Place {
        self.0.push(PollFd::from_borrowed_fd(fd, flags));
        Place(self.0.len() - 1)
    }

    /// Waits until one of them is ready or the time is over (`None`: for ever). A signal ends the wait early.
    ///
    /// # Errors
    /// When the kernel refuses: too many descriptors for the process's limit, no memory.
    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        // Rounded up, so that a caller who waits for a moment does not come back just before it.
        let timeout = timeout.map(|t| Timespec {
            tv_sec: t.as_secs().min(i32::MAX as u64) as i64,
            tv_nsec: t.subsec_nanos() as _,
        });
        match rustix::event::poll(&mut self.0, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether this one became ready in the last wait: readable or writable as asked, or ended, or in error.
    pub fn is_ready(&self, place: Place) -> bool {
        !self.0[place.0].revents().is_empty()
    }
}

/// Whether a read would find something (bytes, the end, or an error) right now.
pub fn has_input(fd: &impl AsFd) -> bool {
    let mut set = PollSet::new();
    let place = set.readable(fd);
    set.wait(Some(Duration::ZERO)).is_ok() && set.is_ready(place)
}

/// Whether a read finds something (bytes, the end, or an error) before this time is over; signals don't end the wait.
pub fn has_input_within(fd: &impl AsFd, time: Duration) -> bool {
    let until = Instant::now() + time;
    loop {
        let mut set = PollSet::new();
        let place = set.readable(fd);
        let left = until.saturating_duration_since(Instant::now());
        if set.wait(Some(left)).is_err() {
            return false;
        }
        if set.is_ready(place) || left.is_zero() {
            return set.is_ready(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn ready_is_told() {
        let (reader, mut writer) = io::pipe().unwrap();
        assert!(!has_input(&reader));
        assert!(!has_input_within(&reader, Duration::from_millis(1)));
        writer.write_all(b"x").unwrap();
        let mut set = PollSet::new();
        let (read, write) = (set.readable(&reader), set.writable(&writer));
        set.wait(None).unwrap();
        assert!(set.is_ready(read) && set.is_ready(write));
        drop(set);
        drop(writer);
        assert!(has_input(&reader) && has_input_within(&reader, Duration::from_secs(1)));
    }
}
