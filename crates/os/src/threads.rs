//! The threads of this process.

/// How many threads this process has; `None` where the kernel doesn't say.
pub fn count() -> Option<usize> {
    Some(std::fs::read_dir("/proc/self/task").ok()?.count())
}

/// A number that no other thread of this process has while this one lives, and that is not 0: the address of its thread-local storage, which a
/// register holds. `None` on processors for which this is not written.
#[inline(always)]
pub fn number() -> Option<u64> {
    let number: u64;
    #[cfg(all(target_arch = "x86_64", target_pointer_width = "64"))]
    // SAFETY: the first word there is its own address (the ABI for thread-local storage).
    unsafe {
        std::arch::asm!("mov {}, fs:0", out(reg) number, options(nostack, preserves_flags, readonly, pure));
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: reads a register that every program may read.
    unsafe {
        std::arch::asm!("mrs {}, tpidr_el0", out(reg) number, options(nostack, preserves_flags, readonly, pure));
    }
    #[cfg(not(any(all(target_arch = "x86_64", target_pointer_width = "64"), target_arch = "aarch64")))]
    {
        number = 0;
    }
    (number != 0).then_some(number)
}

#[cfg(test)]
mod tests {
    #[test]
    fn threads_have_numbers_of_their_own() {
        let mine = super::number();
        assert_eq!(mine, super::number());
        let theirs = std::thread::spawn(super::number).join().unwrap();
        assert!(mine.is_none() || mine != theirs);
    }

    #[test]
    fn a_new_thread_counts() {
        let (begun, go) = (std::sync::Barrier::new(2), std::sync::Barrier::new(2));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                begun.wait();
                go.wait();
            });
            begun.wait();
            assert!(super::count().is_some_and(|threads| threads >= 2));
            go.wait();
        });
    }
}
