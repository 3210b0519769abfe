//! Memory as a file that several processes can map: a sealed memfd, or an unnamed file where memfds are denied.

use crate::descriptor::apart;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{MemfdFlags, Mode, OFlags, SealFlags};

/// Directories in which an unnamed file is tried, best first. The first is memory; the second may be a disk,
/// where the kernel writes pages back now and then.
const DIRECTORIES: [&str; 2] = ["/dev/shm", "/tmp"];

/// A file without a name, of fixed size, that lives as long as a descriptor or a mapping of it.
#[derive(Debug)]
pub struct SharedFile {
    fd: OwnedFd,
    origin: Origin,
}

/// Where a [`SharedFile`] came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `memfd_create`, sealed: nobody can shrink or grow it.
    Memfd,
    /// An unnamed file in this directory. It cannot be sealed: a process of the same user that gets hold of it
    /// could shrink it under us.
    Unnamed(PathBuf),
    /// Received from another process.
    Received {
        /// Whether it is sealed against shrinking.
        sealed: bool,
    },
}

impl SharedFile {
    /// Makes a file of `bytes` zeros that costs no memory until it is touched. `name` is seen in `/proc/*/maps`
    /// only.
    ///
    /// # Errors
    /// [`Denied`] when neither a memfd nor an unnamed file could be had; it says what was tried.
    pub fn create(name: &str, bytes: u64) -> Result<SharedFile, Denied> {
        let memfd = match create_memfd(name, bytes) {
            Ok(fd) => return Ok(SharedFile { fd, origin: Origin::Memfd }),
            Err(error) => error,
        };
        SharedFile::create_unnamed(bytes).map_err(|mut denied| {
            denied.attempts.insert(0, ("memfd_create".to_owned(), memfd));
            denied
        })
    }

    /// Makes an unnamed file, as [`create`](SharedFile::create) does where memfds are denied.
    pub fn create_unnamed(bytes: u64) -> Result<SharedFile, Denied> {
        let mut attempts = Vec::new();
        for directory in DIRECTORIES {
            match create_in(Path::new(directory), bytes) {
                Ok(fd) => return Ok(SharedFile { fd, origin: Origin::Unnamed(directory.into()) }),
                Err(error) => attempts.push((format!("an unnamed file in {directory}"), error)),
            }
        }
        Err(Denied { attempts })
    }

    /// Takes a file that another process made.
    pub fn received(fd: OwnedFd) -> SharedFile {
        let seals = rustix::fs::fcntl_get_seals(&fd).unwrap_or(SealFlags::empty());
        SharedFile { fd, origin: Origin::Received { sealed: seals.contains(SealFlags::SHRINK) } }
    }

    /// How it came to be.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Its size.
    pub fn bytes(&self) -> io::Result<u64> {
        Ok(rustix::fs::fstat(&self.fd)?.st_size as u64)
    }
}

impl AsFd for SharedFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl From<SharedFile> for OwnedFd {
    fn from(file: SharedFile) -> OwnedFd {
        file.fd
    }
}

fn create_memfd(name: &str, bytes: u64) -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // Kernels before 6.3 don't know NOEXEC_SEAL, kernels with vm.memfd_noexec = 2 want it.
    let fd = match rustix::fs::memfd_create(name, flags | MemfdFlags::NOEXEC_SEAL) {
        Err(rustix::io::Errno::INVAL) => rustix::fs::memfd_create(name, flags),
        other => other,
    }?;
    let fd = apart(fd)?;
    extend(&fd, bytes)?;
    rustix::fs::fcntl_add_seals(&fd, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    Ok(fd)
}

/// Gives a new file its size. A limit on the size of files holds for memfds too, and to pass it costs the process its life
/// (SIGXFSZ), so it is asked first.
fn extend(fd: &OwnedFd, bytes: u64) -> io::Result<()> {
    if crate::limits::file_bytes().is_some_and(|limit| limit < bytes) {
        return Err(rustix::io::Errno::FBIG.into());
    }
    Ok(rustix::fs::ftruncate(fd, bytes)?)
}

fn create_in(directory: &Path, bytes: u64) -> io::Result<OwnedFd> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC | OFlags::EXCL;
    let fd = apart(rustix::fs::open(directory, flags, Mode::RUSR | Mode::WUSR)?)?;
    extend(&fd, bytes)?;
    Ok(fd)
}

/// No file for shared memory could be made: each attempt and why it failed.
#[derive(Debug)]
pub struct Denied {
    /// What was tried, in order, and what the kernel said.
    pub attempts: Vec<(String, io::Error)>,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no shared memory: ")?;
        for (index, (what, error)) in self.attempts.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{what}: {error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Denied {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memfd_is_sealed() {
        let file = SharedFile::create("archipelago-test", 1 << 20).unwrap();
        assert_eq!(file.bytes().unwrap(), 1 << 20);
        if *file.origin() == Origin::Memfd {
            assert!(rustix::fs::ftruncate(&file, 4096).is_err());
            assert!(rustix::fs::ftruncate(&file, 1 << 21).is_err());
            let again = SharedFile::received(file.into());
            assert_eq!(*again.origin(), Origin::Received { sealed: true });
        }
    }

    #[test]
    fn an_unnamed_file_serves_as_well() {
        let file = SharedFile::create_unnamed(1 << 20).unwrap();
        assert_eq!(file.bytes().unwrap(), 1 << 20);
        assert!(matches!(file.origin(), Origin::Unnamed(_)));
    }

    #[test]
    fn a_denial_says_what_was_tried() {
        let denied = Denied {
            attempts: vec![
                ("memfd_create".into(), io::Error::from_raw_os_error(1)),
                ("an unnamed file in /tmp".into(), io::Error::from_raw_os_error(28)),
            ],
        };
        let text = denied.to_string();
        assert!(text.contains("memfd_create: Operation not permitted"), "{text}");
        assert!(text.contains("/tmp: No space left"), "{text}");
    }
}
