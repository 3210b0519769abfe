//! Sleeping on a word of memory that several processes may share.

use std::sync::atomic::AtomicU32;

use rustix::thread::futex;

/// Why [`wait`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// Somebody called [`wake`], or the kernel woke us for a reason of its own (a signal): look again.
    Maybe,
    /// The word was not `expected` any more: no sleep happened.
    Changed,
    /// The time was over.
    TimedOut,
}

/// Sleeps while `word` is `expected`, at most `timeout_ns`, until [`wake`] is called on the same word by any process
/// that maps it.
pub fn wait(word: &AtomicU32, expected: u32, timeout_ns: u64) -> Woken {
    let timeout = futex::Timespec {
        tv_sec: (timeout_ns / 1_000_000_000) as i64,
        tv_nsec: (timeout_ns % 1_000_000_000) as _,
    };
    match futex::wait(word, futex::Flags::empty(), expected, Some(&timeout)) {
        Err(rustix::io::Errno::AGAIN) => Woken::Changed,
        Err(rustix::io::Errno::TIMEDOUT) => Woken::TimedOut,
        _ => Woken::Maybe,
    }
}

/// Wakes up to `count` sleepers of `word`, in every process. Returns how many there were.
pub fn wake(word: &AtomicU32, count: u32) -> usize {
    futex::wake(word, futex::Flags::empty(), count).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    #[test]
    fn a_changed_word_is_not_slept_on() {
        assert_eq!(wait(&AtomicU32::new(1), 0, u64::MAX), Woken::Changed);
    }

    #[test]
    fn time_ends_a_wait() {
        assert_eq!(wait(&AtomicU32::new(0), 0, 1_000_000), Woken::TimedOut);
    }

    #[test]
    fn a_sleeper_is_woken() {
        let word = AtomicU32::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while word.load(Ordering::Acquire) == 0 {
                    wait(&word, 0, 250_000_000);
                }
            });
            word.store(1, Ordering::Release);
            wake(&word, 1);
        });
    }
}
