//! The end of this process.

use std::sync::OnceLock;
use std::thread::ThreadId;

/// Has a function called when the process ends in order: `main` has returned, or somebody has called `exit`.
pub fn at_exit(function: extern "C" fn()) {
    // SAFETY: the function takes nothing and never goes. Refused only for lack of memory: then it isn't called.
    let _ = unsafe { libc::atexit(function) };
}

/// The exit status that tells of a failure with this code. Of a status only the low byte is seen: one of 0 would say that all is
/// well.
///
/// ```
/// assert_eq!([0, 7, 256, -1].map(archipelago_os::exit::status), [0, 7, 1, -1]);
/// ```
pub fn status(code: i32) -> i32 {
    if code != 0 && code & 0xff == 0 { 1 } else { code }
}

/// Ends the process with the status of a failure. Exit handlers run, which may fail as well and come here again on the same thread: then
/// it ends at once, with the status of the first failure.
pub fn fail(code: i32) -> ! {
    static FIRST: OnceLock<(ThreadId, i32)> = OnceLock::new();
    let here = std::thread::current().id();
    let mut is_first = false;
    let (thread, first) = FIRST.get_or_init(|| {
        is_first = true;
        (here, status(code))
    });
    if *thread == here && !is_first {
        // SAFETY: it ends the process and nothing else.
        unsafe { libc::_exit(*first) }
    }
    // One of another thread waits in there for the end.
    std::process::exit(*first)
}
