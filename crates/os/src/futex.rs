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

/// The most words that [`wait_any`] sleeps on.
pub const WORDS_MAX: usize = 64;

/// Sleeps while each word is what stands beside it, at most `timeout_ns`, until [`wake`] is called on any of them. `None`: this
/// kernel can't (Linux before 5.16, some sandboxes), or there are more than [`WORDS_MAX`] words, or none; no sleep happened.
pub fn wait_any<'a>(words: impl IntoIterator<Item = (&'a AtomicU32, u32)>, timeout_ns: u64) -> Option<Woken> {
    let mut waits = [futex::Wait::new(); WORDS_MAX];
    let mut count = 0;
    for (word, expected) in words {
        let wait = waits.get_mut(count)?;
        wait.val = expected.into();
        wait.uaddr = futex::WaitPtr::new(word.as_ptr().cast());
        wait.flags = futex::WaitFlags::SIZE_U32;
        count += 1;
    }
    // This call takes a point in time.
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let ns = now.tv_nsec as u64 + timeout_ns % 1_000_000_000;
    let seconds = (timeout_ns / 1_000_000_000 + ns / 1_000_000_000) as i64;
    let until =
        futex::Timespec { tv_sec: now.tv_sec.saturating_add(seconds), tv_nsec: (ns % 1_000_000_000) as _ };
    let flags = futex::WaitvFlags::empty();
    match futex::waitv(&waits[..count], flags, Some(&until), rustix::time::ClockId::Monotonic) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Some(Woken::Maybe),
        Err(rustix::io::Errno::AGAIN) => Some(Woken::Changed),
        Err(rustix::io::Errno::TIMEDOUT) => Some(Woken::TimedOut),
        Err(_) => None,
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
    fn any_of_several_words_ends_a_sleep() {
        let words = [const { AtomicU32::new(0) }; 3];
        let all = || words.iter().map(|word| (word, 0));
        let Some(woken) = wait_any(all(), 1_000_000) else { return };
        assert_eq!(woken, Woken::TimedOut);
        assert_eq!(wait_any(words.iter().zip([0, 1, 0]), u64::MAX >> 1), Some(Woken::Changed));
        assert_eq!(wait_any([], 0), None);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while words[2].load(Ordering::Acquire) == 0 {
                    wait_any(all(), 250_000_000);
                }
            });
            words[2].store(1, Ordering::Release);
            wake(&words[2], 1);
        });
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
