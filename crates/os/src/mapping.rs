//! Memory that is mapped into this process and shared with others.

use std::io;
use std::os::fd::AsFd;
use std::ptr::NonNull;

use rustix::mm::{Advice, MapFlags, ProtFlags};

/// A readable and writable mapping, shared with every process that maps the same file. Unmapped when dropped.
///
/// It gives out raw pointers only: another process may write this memory at any time, so no reference to it
/// may exist except to atomics.
#[derive(Debug)]
pub struct SharedMapping {
    start: NonNull<u8>,
    bytes: usize,
}

// SAFETY: a mapping belongs to the process, not to a thread; the type itself never touches the memory.
unsafe impl Send for SharedMapping {}
// SAFETY: as above; `&SharedMapping` gives only addresses.
unsafe impl Sync for SharedMapping {}

impl SharedMapping {
    /// Maps the first `bytes` of a file. They cost no memory until they are touched, are left out of core dumps, and are
    /// not inherited by a forked child, which must not speak for its parent (one that [knows](crate::fork::watch) what it is finds
    /// zeros of its own there).
    ///
    /// # Errors
    /// What `mmap` says: too little address space, a descriptor that can't be mapped for writing. An empty mapping is
    /// `InvalidInput`.
    pub fn of_file(file: impl AsFd, bytes: usize) -> io::Result<SharedMapping> {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a null hint lets the kernel choose an address, so that nothing existing is replaced.
        let start = unsafe {
            rustix::mm::mmap(
                std::ptr::null_mut(),
                bytes,
                protection,
                MapFlags::SHARED | MapFlags::NORESERVE,
                file,
                0,
            )
        }?;
        SharedMapping::adopt(start, bytes)
    }

    /// Maps `bytes` zeros that belong to no file: shared between the threads of this process (and not inherited by
    /// a forked child).
    pub fn anonymous(bytes: usize) -> io::Result<SharedMapping> {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a null hint lets the kernel choose an address, so that nothing existing is replaced.
        let start = unsafe {
            rustix::mm::mmap_anonymous(
                std::ptr::null_mut(),
                bytes,
                protection,
                MapFlags::SHARED | MapFlags::NORESERVE,
            )
        }?;
        SharedMapping::adopt(start, bytes)
    }

    fn adopt(start: *mut std::ffi::c_void, bytes: usize) -> io::Result<SharedMapping> {
        let start = NonNull::new(start.cast::<u8>()).ok_or(io::ErrorKind::InvalidInput)?;
        for advice in [Advice::LinuxDontFork, Advice::LinuxDontDump] {
            // Both only improve manners; a kernel that lacks one still maps correctly.
            // SAFETY: the range was just mapped and neither advice changes its contents.
            let _ = unsafe { rustix::mm::madvise(start.as_ptr().cast(), bytes, advice) };
        }
        crate::fork::SHARED.insert(start.addr().get(), bytes);
        Ok(SharedMapping { start, bytes })
    }

    /// The first byte; aligned to a page.
    #[inline]
    pub fn start(&self) -> NonNull<u8> {
        self.start
    }

    /// How many bytes.
    #[inline]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for SharedMapping {
    fn drop(&mut self) {
        // A copy did not inherit it: something else may lie there.
        if crate::fork::is_copy() {
            return;
        }
        crate::fork::SHARED.remove(self.start.addr().get());
        // SAFETY: the range is exactly what `mmap` gave, and whoever derived pointers from it keeps `self` alive.
        let _ = unsafe { rustix::mm::munmap(self.start.as_ptr().cast(), self.bytes) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared_file::SharedFile;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn two_mappings_of_one_file_are_one_memory() {
        let file = SharedFile::create("archipelago-test", 1 << 16).unwrap();
        let one = SharedMapping::of_file(&file, 1 << 16).unwrap();
        let two = SharedMapping::of_file(&file, 1 << 16).unwrap();
        assert_ne!(one.start(), two.start());
        // SAFETY: page-aligned, inside the mapping, zero-initialised, and an atomic.
        let (a, b) =
            unsafe { (one.start().cast::<AtomicU32>().as_ref(), two.start().cast::<AtomicU32>().as_ref()) };
        a.store(7, Ordering::Release);
        assert_eq!(b.load(Ordering::Acquire), 7);
    }

    #[test]
    fn nothing_is_not_mapped() {
        assert!(SharedMapping::anonymous(0).is_err());
        assert_eq!(SharedMapping::anonymous(4096).unwrap().bytes(), 4096);
    }

    #[test]
    fn a_sparse_mapping_may_be_huge() {
        let file = SharedFile::create("archipelago-test", 1 << 38).unwrap();
        let mapping = SharedMapping::of_file(&file, 1 << 38).unwrap();
        assert_eq!(mapping.bytes(), 1 << 38);
    }
}
