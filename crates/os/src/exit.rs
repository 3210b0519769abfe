//! The end of this process.

/// Has a function called when the process ends in order: `main` has returned, or somebody has called `exit`.
pub fn at_exit(function: extern "C" fn()) {
    // SAFETY: the function takes nothing and never goes. Refused only for lack of memory: then it isn't called.
    let _ = unsafe { libc::atexit(function) };
}
