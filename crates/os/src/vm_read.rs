//! Reading the private memory of another process.

use std::fmt;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

/// The most bytes that one system call moves; the kernel stops at 2 GiB.
pub const CALL_BYTES_MAX: usize = 1 << 30;
/// The most pieces of one system call. The kernel takes 1,024; this many keep the list small on the stack.
pub const CALL_PIECES_MAX: usize = 64;

/// A range of another process's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its address there.
    pub address: u64,
    /// How many bytes.
    pub bytes: usize,
}

/// Why memory of another process could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VmReadError {
    /// The kernel forbids it (another user, Yama, seccomp, a container). It will go on forbidding it.
    Denied,
    /// There is no such process any more.
    Gone,
    /// The process has no readable memory there.
    BadAddress,
    /// Anything else, as an errno.
    Other(i32),
}

impl fmt::Display for VmReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VmReadError::Denied => write!(f, "process_vm_readv is not permitted here"),
            VmReadError::Gone => write!(f, "the process has ended"),
            VmReadError::BadAddress => write!(f, "the process has no such memory"),
            VmReadError::Other(errno) => {
                write!(f, "process_vm_readv: {}", io::Error::from_raw_os_error(*errno))
            }
        }
    }
}

impl std::error::Error for VmReadError {}

/// Copies the pieces of process `pid`'s memory, one after the other, to `into`. Works through any size and number
/// of pieces; on an error an unknown part of `into` was written.
///
/// # Safety
/// `into` must be writable for the sum of the pieces' bytes, and nobody else may use that range meanwhile.
pub unsafe fn vm_read(pid: i32, pieces: &[Piece], into: *mut u8) -> Result<(), VmReadError> {
    let mut into = into;
    let mut index = 0; // the piece that is being read
    let mut within = 0; // how much of it has been
    while index < pieces.len() {
        let mut remote = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; CALL_PIECES_MAX];
        let (mut count, mut bytes) = (0, 0);
        let mut offset = within;
        for piece in &pieces[index..] {
            if count == remote.len() || bytes == CALL_BYTES_MAX {
                break;
            }
            let length = (piece.bytes - offset).min(CALL_BYTES_MAX - bytes);
            remote[count] = libc::iovec {
                iov_base: (piece.address as usize).wrapping_add(offset) as *mut _,
                iov_len: length,
            };
            bytes += length;
            count += 1;
            offset = 0;
        }
        if bytes > 0 {
            let local = libc::iovec { iov_base: into.cast(), iov_len: bytes };
            // SAFETY: the kernel checks the remote ranges; the local one is the caller's, and `bytes` does not exceed
            // what remains of the sum of the pieces.
            let read = unsafe { libc::process_vm_readv(pid, &local, 1, remote.as_ptr(), count as _, 0) };
            if read < 0 {
                match io::Error::last_os_error().raw_os_error().unwrap_or(0) {
                    libc::EINTR => continue,
                    libc::EPERM | libc::EACCES | libc::ENOSYS => return Err(VmReadError::Denied),
                    libc::ESRCH => return Err(VmReadError::Gone),
                    libc::EFAULT => return Err(VmReadError::BadAddress),
                    errno => return Err(VmReadError::Other(errno)),
                }
            }
            if read == 0 {
                return Err(VmReadError::BadAddress);
            }
            let read = read as usize;
            // SAFETY: `read` is at most `bytes`, which lie in the caller's range.
            into = unsafe { into.add(read) };
            within += read;
        }
        while index < pieces.len() && within >= pieces[index].bytes {
            within -= pieces[index].bytes;
            index += 1;
        }
    }
    Ok(())
}

/// A descriptor that stays with this very process, whatever becomes of its number.
///
/// # Errors
/// [`VmReadError::Gone`] if there is no such process, [`VmReadError::Denied`] if the kernel forbids it.
pub fn pidfd(pid: i32) -> Result<OwnedFd, VmReadError> {
    let pid = rustix::process::Pid::from_raw(pid).ok_or(VmReadError::Gone)?;
    let opened = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty());
    let opened = opened.map_err(|errno| match errno {
        rustix::io::Errno::SRCH => VmReadError::Gone,
        _ => VmReadError::Denied,
    })?;
    crate::descriptor::apart(opened).map_err(|_| VmReadError::Denied)
}

/// Whether the process of a pidfd has ended. When the kernel can't tell, it has.
pub fn has_ended(pidfd: BorrowedFd<'_>) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut polled = [PollFd::new(&pidfd, PollFlags::IN)];
    let no_time = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut polled, Some(&no_time)) != Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> i32 {
        std::process::id() as i32
    }

    #[test]
    fn many_pieces_arrive_in_order() {
        let source: Vec<u8> = (0..100_000u32).map(|i| (i * 7 + i / 251) as u8).collect();
        // Pieces of 0, 1, 2 ... bytes, in reverse order of their addresses.
        let mut pieces = Vec::new();
        let mut expected = Vec::new();
        let mut end = source.len();
        for bytes in 0..300 {
            let start = end - bytes;
            pieces.push(Piece { address: source.as_ptr() as u64 + start as u64, bytes });
            expected.extend_from_slice(&source[start..end]);
            end = start;
        }
        let mut got = vec![0; expected.len()];
        // SAFETY: `got` is as long as the pieces together.
        match unsafe { vm_read(me(), &pieces, got.as_mut_ptr()) } {
            Ok(()) => assert_eq!(got, expected),
            Err(error) => assert_eq!(error, VmReadError::Denied),
        }
    }

    #[test]
    fn bad_addresses_and_the_gone_are_errors() {
        let mut byte = 0u8;
        let piece = |address| [Piece { address, bytes: 1 }];
        // SAFETY: one byte is asked for and there is one.
        let result = unsafe { vm_read(me(), &piece(8), &mut byte) };
        assert!(matches!(result, Err(VmReadError::BadAddress | VmReadError::Denied)), "{result:?}");
        // SAFETY: as above. No process has the largest number.
        let result = unsafe { vm_read(i32::MAX, &piece(8), &mut byte) };
        assert!(matches!(result, Err(VmReadError::Gone | VmReadError::Denied)), "{result:?}");
    }

    #[test]
    fn a_pidfd_tells_of_the_end() {
        use std::os::fd::AsFd;
        let mut child =
            std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let pidfd = pidfd(child.id() as i32);
        assert!(pidfd.as_ref().map_or(true, |pidfd| !has_ended(pidfd.as_fd())));
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(pidfd.as_ref().map_or(true, |pidfd| has_ended(pidfd.as_fd())));
    }

    #[test]
    fn an_empty_read_does_nothing() {
        // SAFETY: no byte is written.
        assert_eq!(unsafe { vm_read(me(), &[], std::ptr::null_mut()) }, Ok(()));
        let pieces = [Piece { address: 0, bytes: 0 }];
        // SAFETY: no byte is written.
        assert_eq!(unsafe { vm_read(me(), &pieces, std::ptr::null_mut()) }, Ok(()));
    }
}
