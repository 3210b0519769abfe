//! What must not be left by a panic.

/// Runs a wait, or what a wait runs, that must not be left by a panic: an operation would still have its buffer. (Wakers and
/// the drops of other operations' buffers are users' code that may run in it.) A panic ends the process.
#[inline]
pub fn undisturbed<R>(wait: impl FnOnce() -> R) -> R {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            eprintln!(
                "archipelago: a panic in the midst of an operation: its buffer can't be saved, the process ends"
            );
            std::process::abort();
        }
    }
    let bomb = Bomb;
    let result = wait();
    std::mem::forget(bomb);
    result
}
