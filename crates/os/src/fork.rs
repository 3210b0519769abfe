//! Copies of a process that `fork` makes. They share descriptors with it but none of the memory that it shares with others, and none
//! of its threads: they must not speak in its name.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

static IS_COPY: AtomicBool = AtomicBool::new(false);

/// From now on copies of this process know that they are.
pub fn watch() {
    static WATCHED: Once = Once::new();
    extern "C" fn in_child() {
        // Relaxed: the copy has one thread, and starts its others after this.
        IS_COPY.store(true, Ordering::Relaxed);
    }
    // SAFETY: the function takes nothing, never goes, and only stores. Refused only for lack of memory: then copies don't know.
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
