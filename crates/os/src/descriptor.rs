//! Descriptors: inherited ones, their numbers, and writing without a buffer.

use rustix::fd::{AsFd, FromRawFd, OwnedFd, RawFd};
use std::io;

/// Duplicates (close-on-exec) a descriptor that this process inherited and knows by number only. The original
/// stays as it is.
///
/// # Errors
/// `EBADF` when there is no such descriptor.
pub fn duplicate_inherited(number: RawFd) -> io::Result<OwnedFd> {
    if number < 0 {
        return Err(rustix::io::Errno::BADF.into());
    }
    // SAFETY: `fcntl` reads no memory of ours; a number that names no descriptor is answered by EBADF.
    let copy = unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 3) };
    if copy < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made this descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

/// Duplicates a descriptor under a number of at least `least` (close-on-exec): shells treat the low ones as their own.
///
/// # Errors
/// When the limit on descriptors is too low.
pub fn duplicate_from(descriptor: impl AsFd, least: RawFd) -> io::Result<OwnedFd> {
    Ok(rustix::io::fcntl_dupfd_cloexec(descriptor, least)?)
}

/// A descriptor that is none of the standard streams': whoever lives in a process whose streams are closed must not become one of them,
/// to which the program would write.
///
/// # Errors
/// When the limit on descriptors is too low.
pub fn apart(descriptor: OwnedFd) -> io::Result<OwnedFd> {
    use rustix::fd::AsRawFd;
    if descriptor.as_raw_fd() > 2 { Ok(descriptor) } else { duplicate_from(descriptor, 3) }
}

/// Whether this is a stream of this host's: a unix socket, as launchers give their processes one.
pub fn is_local_stream(fd: impl AsFd) -> bool {
    use rustix::net::{AddressFamily, SocketType, sockopt};
    sockopt::socket_domain(&fd) == Ok(AddressFamily::UNIX)
        && sockopt::socket_type(&fd) == Ok(SocketType::STREAM)
}

/// Makes an inherited descriptor close-on-exec; does nothing when there is none of that number.
pub fn close_on_exec(number: RawFd) {
    if number >= 0 {
        // SAFETY: changes only a flag of the descriptor; EBADF is harmless.
        unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}

/// Writes as much as the kernel takes, past every buffer of this process.
///
/// # Errors
/// What `write` says.
pub fn write(fd: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::io::write(fd, bytes)?)
}

/// Writes to a socket as much as the kernel takes. A peer that is gone is an error, `BrokenPipe`, and no signal.
///
/// # Errors
/// What `send` says.
pub fn send(fd: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::net::send(fd, bytes, rustix::net::SendFlags::NOSIGNAL)?)
}

/// Reads what is there, past every buffer of this process; 0 is the end.
///
/// # Errors
/// What `read` says.
pub fn read(fd: impl AsFd, bytes: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::read(fd, bytes)?)
}

/// Reads and writes by this end fail with `WouldBlock` instead of waiting. Not for descriptors that other processes
/// share: they would be surprised.
///
/// # Errors
/// What `fcntl` says.
pub fn set_nonblocking(fd: impl AsFd) -> io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(&fd)?;
    Ok(rustix::fs::fcntl_setfl(&fd, flags | rustix::fs::OFlags::NONBLOCK)?)
}

/// Whether reading from this terminal would stop this process, because it runs in the background. False for
/// anything that is no terminal.
pub fn would_stop_reader(fd: impl AsFd) -> bool {
    use rustix::fd::AsRawFd;
    let number = fd.as_fd().as_raw_fd();
    // SAFETY: both take and return plain integers; `fd` is open while it is borrowed.
    let (foreground, mine) = unsafe { (libc::tcgetpgrp(number), libc::getpgrp()) };
    foreground > 0 && foreground != mine
}

/// How many columns a terminal has; `None` for anything that is no terminal or does not know.
pub fn terminal_columns(fd: impl AsFd) -> Option<u16> {
    use rustix::fd::AsRawFd;
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: writes into the variable of ours; `fd` is open while it is borrowed.
    let code = unsafe { libc::ioctl(fd.as_fd().as_raw_fd(), libc::TIOCGWINSZ, &raw mut size) };
    (code == 0 && size.ws_col > 0).then_some(size.ws_col)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_terminal_has_no_columns() {
        assert_eq!(terminal_columns(io::pipe().unwrap().0), None);
    }

    #[test]
    fn numbers_without_a_descriptor_are_refused() {
        assert!(duplicate_inherited(-1).is_err());
        assert!(duplicate_inherited(100_000).is_err());
        close_on_exec(-1);
        close_on_exec(100_000);
    }

    #[test]
    fn duplicates_have_high_numbers() {
        use rustix::fd::AsRawFd;
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        let reader = duplicate_from(reader, 50).unwrap();
        assert!(reader.as_raw_fd() >= 50);
        assert_eq!(write(&writer, b"abc").unwrap(), 3);
        assert!(!would_stop_reader(&reader));
    }
}
