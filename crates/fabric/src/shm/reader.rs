//! Reading a local peer's private memory.

use std::fmt;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, OnceLock};

use mapped::segment::AreaOwner;
use os::vm_read::{Piece, VmReadError, vm_read};

/// Why a peer's memory could not be read.
pub type ReadError = VmReadError;

/// Reads a peer's private memory: as plain memory when the peer is in this address space, else by `process_vm_readv`.
#[derive(Clone)]
pub struct Reader {
    way: Way,
}

#[derive(Clone)]
enum Way {
    /// The peer is another rank of this process.
    SameSpace,
    /// The pidfd makes sure that the number still means the same process.
    Process { pid: i32, pidfd: Arc<OwnedFd> },
}

impl Reader {
    /// Copies `bytes` bytes at the peer's address `remote` to `into`. On an error an unknown part of `into` was written.
    ///
    /// # Errors
    /// [`ReadError`]; the peer may have ended meanwhile, then nothing that was copied counts.
    ///
    /// # Safety
    /// `into` must be writable for `bytes` bytes that nobody else uses meanwhile. For a peer in this address space `remote`
    /// must be readable for as many: the peer, which is this process, has said so.
    pub unsafe fn read(&self, remote: u64, into: *mut u8, bytes: usize) -> Result<(), ReadError> {
        match &self.way {
            Way::SameSpace => {
                // SAFETY: the caller's contract; the ranges may not be apart if a rank sends to itself in place.
                unsafe { std::ptr::copy(remote as usize as *const u8, into, bytes) };
                Ok(())
            }
            Way::Process { pid, pidfd } => {
                // SAFETY: the caller's contract.
                unsafe { vm_read(*pid, &[Piece { address: remote, bytes }], into) }?;
                // Only a process that still lives cannot have been replaced by another of the same number.
                if os::vm_read::has_ended(pidfd.as_fd()) { Err(ReadError::Gone) } else { Ok(()) }
            }
        }
    }

    /// Whether the peer is in this address space, so that a read is one plain copy.
    pub fn is_same_space(&self) -> bool {
        matches!(self.way, Way::SameSpace)
    }

    /// Finds the way to read `owner`'s memory, and proves it by reading the nonce that it announced. `is_here`: this process
    /// itself has announced the owner. Its words alone don't count for that: any process of the host could copy ours, and
    /// have us follow its addresses.
    ///
    /// # Errors
    /// [`ReadError::Denied`] when there is none.
    pub(crate) fn probe(owner: &AreaOwner, is_here: bool) -> Result<Reader, ReadError> {
        if is_here {
            return Ok(Reader { way: Way::SameSpace });
        }
        let pid = owner.pid as i32;
        let pidfd = os::vm_read::pidfd(pid)?;
        let mut nonce = [0u8; 8];
        let piece = Piece { address: owner.nonce_address, bytes: nonce.len() };
        // SAFETY: the array is as long as the piece.
        unsafe { vm_read(pid, &[piece], nonce.as_mut_ptr()) }?;
        if owner.nonce == 0 || u64::from_ne_bytes(nonce) != owner.nonce {
            // Another process of that number: the peer lives in another pid namespace.
            return Err(ReadError::Denied);
        }
        Ok(Reader { way: Way::Process { pid, pidfd: Arc::new(pidfd) } })
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.way {
            Way::SameSpace => write!(f, "Reader(same address space)"),
            Way::Process { pid, .. } => write!(f, "Reader(process {pid})"),
        }
    }
}

/// What this process announces of itself in its areas. One nonce per process, at one address.
pub(crate) fn announced() -> AreaOwner {
    static NONCE: OnceLock<Box<u64>> = OnceLock::new();
    let nonce = NONCE.get_or_init(|| {
        let mut bytes = [0; 8];
        // Without random numbers others can't read us, no more: 0 is nobody's nonce.
        let _ = os::random::fill(&mut bytes);
        Box::new(u64::from_ne_bytes(bytes))
    });
    AreaOwner {
        process: [0, 0],
        pid: std::process::id(),
        nonce: **nonce,
        nonce_address: std::ptr::from_ref(&**nonce) as usize as u64,
    }
}

/// Whether a native read of another process costs less than streaming the bytes through a ring, where both sides' copies
/// overlap. Measured once, on this process's own memory, in well under a millisecond.
pub fn read_is_cheaper() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| {
        const BYTES: usize = 64 << 10;
        let source = vec![1u8; BYTES];
        let mut target = vec![0u8; BYTES];
        let piece = [Piece { address: source.as_ptr() as u64, bytes: BYTES }];
        let me = std::process::id() as i32;
        let (mut read_ns, mut copy_ns) = (u64::MAX, u64::MAX);
        for _ in 0..5 {
            let start = os::Time::now();
            // SAFETY: the target is as long as the piece.
            if unsafe { vm_read(me, &piece, target.as_mut_ptr()) }.is_err() {
                return false;
            }
            let middle = os::Time::now();
            std::hint::black_box(&mut target).copy_from_slice(std::hint::black_box(&source));
            read_ns = read_ns.min(middle.since(start));
            copy_ns = copy_ns.min(os::Time::now().since(middle));
        }
        // Streaming costs a copy on each side, which overlap but for the first and the last piece.
        read_ns < copy_ns + copy_ns / 4
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_copies_our_announcement_is_read_through_the_kernel() {
        let Ok(reader) = Reader::probe(&announced(), false) else { return };
        assert!(!reader.is_same_space());
        let mut into = [0u8; 8];
        // SAFETY: the array is writable for its length, and only this test uses it.
        let outcome = unsafe { reader.read(1, into.as_mut_ptr(), into.len()) };
        assert!(outcome.is_err(), "nothing is mapped at address 1");
        assert!(Reader::probe(&announced(), true).is_ok_and(|reader| reader.is_same_space()));
    }
}
