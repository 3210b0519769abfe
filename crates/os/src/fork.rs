//! Copies of a process that `fork` makes. They share descriptors with it but none of the memory that it shares with others, and none
//! of its threads: they must not speak in its name.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::ranges::Ranges;

static IS_COPY: AtomicBool = AtomicBool::new(false);

/// Memory that the process shares with others. A copy finds memory of its own there, all zeros: whatever in it still looks there,
/// or writes, harms nobody.
pub(crate) static SHARED: Ranges = Ranges::new();

/// From now on copies of this process know that they are.
pub fn watch() {
    static WATCHED: Once = Once::new();
    extern "C" fn in_child() {
        // Relaxed: the copy has one thread, and starts its others after this.
        IS_COPY.store(true, Ordering::Relaxed);
        SHARED.replace_all();
    }
    // SAFETY: the function takes nothing, never goes, and only stores and maps memory. Refused only for lack of memory: then copies don't know.
    WATCHED.call_once(|| unsafe {
        libc::pthread_atfork(None, None, Some(in_child));
    });
}

/// Whether this process was copied by `fork` from one that had called [`watch`]. Costs a load.
#[inline]
pub fn is_copy() -> bool {
    // Relaxed: as above.
    IS_COPY.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_finds_zeros_of_its_own_in_what_is_shared() {
        watch();
        let mapping = crate::SharedMapping::anonymous(1 << 16).unwrap();
        // SAFETY: page-aligned, inside the mapping, zero-initialised, and an atomic.
        let word = unsafe { mapping.start().cast::<std::sync::atomic::AtomicU32>().as_ref() };
        word.store(7, Ordering::Relaxed);
        // SAFETY: the child makes no call but to load, to store and to end.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            let found = word.swap(9, Ordering::Relaxed);
            // SAFETY: ends the child at once.
            unsafe { libc::_exit(found as i32) };
        }
        let mut status = 0;
        // SAFETY: writes into a variable of ours.
        let waited = unsafe { libc::waitpid(pid, &mut status, 0) };
        assert_eq!((waited, status, word.load(Ordering::Relaxed)), (pid, 0, 7));
    }

    #[test]
    fn a_copy_knows_that_it_is_one() {
        watch();
        // SAFETY: the child makes no call but to load a byte and to end.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            // SAFETY: ends the child at once.
            unsafe { libc::_exit(if is_copy() { 7 } else { 8 }) };
        }
        let mut status = 0;
        // SAFETY: writes into a variable of ours.
        let waited = unsafe { libc::waitpid(pid, &mut status, 0) };
        assert_eq!((waited, libc::WEXITSTATUS(status)), (pid, 7));
        assert!(!is_copy());
    }
}
