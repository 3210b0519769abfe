//! A barrier that all threads of this process pass, so that only the rare side of an agreement pays for it.

/// Commands of `membarrier` (linux/membarrier.h).
const PRIVATE_EXPEDITED: libc::c_int = 1 << 3;
const REGISTER_PRIVATE_EXPEDITED: libc::c_int = 1 << 4;

fn command(command: libc::c_int) -> bool {
    // SAFETY: plain integers.
    unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
}

/// Prepares this process for [`all_threads`]. Whether the kernel has it: before Linux 4.14, and where it is denied, it has not.
pub fn prepare() -> bool {
    command(REGISTER_PRIVATE_EXPEDITED)
}

/// Has each thread of this process pass a full memory barrier between the beginning and the end of this call, which is one for the calling
/// thread too. Whether they have: not where the process isn't prepared. Some microseconds.
pub fn all_threads() -> bool {
    command(PRIVATE_EXPEDITED)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_prepared_process_has_it() {
        assert!(!super::prepare() || super::all_threads());
    }
}
