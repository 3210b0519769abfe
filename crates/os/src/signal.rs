//! Signals: their names, sending them, and receiving them as reads from a descriptor instead of in handlers.

use rustix::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::io;

/// Signal numbers that the launcher deals with, on Linux.
pub use libc::{
    SIGABRT, SIGALRM, SIGBUS, SIGCHLD, SIGCONT, SIGFPE, SIGHUP, SIGILL, SIGINT, SIGKILL, SIGPIPE, SIGQUIT,
    SIGSEGV, SIGSTOP, SIGTERM, SIGTRAP, SIGTSTP, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2, SIGWINCH, SIGXCPU,
    SIGXFSZ,
};

/// The signals that have names, with their names.
const NAMES: &[(i32, &str)] = &[
    (libc::SIGHUP, "SIGHUP"),
    (libc::SIGINT, "SIGINT"),
    (libc::SIGQUIT, "SIGQUIT"),
    (libc::SIGILL, "SIGILL"),
    (libc::SIGTRAP, "SIGTRAP"),
    (libc::SIGABRT, "SIGABRT"),
    (libc::SIGBUS, "SIGBUS"),
    (libc::SIGFPE, "SIGFPE"),
    (libc::SIGKILL, "SIGKILL"),
    (libc::SIGUSR1, "SIGUSR1"),
    (libc::SIGSEGV, "SIGSEGV"),
    (libc::SIGUSR2, "SIGUSR2"),
    (libc::SIGPIPE, "SIGPIPE"),
    (libc::SIGALRM, "SIGALRM"),
    (libc::SIGTERM, "SIGTERM"),
    (libc::SIGSTKFLT, "SIGSTKFLT"),
    (libc::SIGCHLD, "SIGCHLD"),
    (libc::SIGCONT, "SIGCONT"),
    (libc::SIGSTOP, "SIGSTOP"),
    (libc::SIGTSTP, "SIGTSTP"),
    (libc::SIGTTIN, "SIGTTIN"),
    (libc::SIGTTOU, "SIGTTOU"),
    (libc::SIGURG, "SIGURG"),
    (libc::SIGXCPU, "SIGXCPU"),
    (libc::SIGXFSZ, "SIGXFSZ"),
    (libc::SIGVTALRM, "SIGVTALRM"),
    (libc::SIGPROF, "SIGPROF"),
    (libc::SIGWINCH, "SIGWINCH"),
    (libc::SIGIO, "SIGIO"),
    (libc::SIGPWR, "SIGPWR"),
    (libc::SIGSYS, "SIGSYS"),
];

/// The signal's name, such as "SIGKILL"; `None` for real-time signals and numbers that are no signal.
pub fn name(signal: i32) -> Option<&'static str> {
    NAMES.iter().find(|(number, _)| *number == signal).map(|(_, name)| *name)
}

/// A set of signals.
#[derive(Clone, Copy)]
pub struct SignalSet(libc::sigset_t);

impl SignalSet {
    /// As the C library has it.
    pub(crate) fn raw(&self) -> &libc::sigset_t {
        &self.0
    }

    /// The set of these signals. Numbers that are no signal are left out.
    pub fn of(signals: &[i32]) -> SignalSet {
        // SAFETY: a sigset_t is plain integers, and `sigemptyset` fills it anyway.
        let mut set = unsafe { std::mem::zeroed() };
        // SAFETY: `set` is a live sigset_t of our own.
        unsafe { libc::sigemptyset(&mut set) };
        for &signal in signals {
            // SAFETY: as above; an invalid number is answered by EINVAL and changes nothing.
            unsafe { libc::sigaddset(&mut set, signal) };
        }
        SignalSet(set)
    }
}

/// Blocks every signal for the calling thread: a library's own thread must never run its host program's handlers.
pub fn block_all() {
    // SAFETY: a sigset_t is plain integers, and `sigfillset` fills it.
    let mut set = unsafe { std::mem::zeroed() };
    // SAFETY: `set` is a live sigset_t of our own; the old mask is not asked for.
    unsafe {
        libc::sigfillset(&mut set);
        libc::pthread_sigmask(libc::SIG_BLOCK, &set, std::ptr::null_mut());
    }
}

/// Unblocks every signal for the calling thread. Only system calls: also good between fork and exec.
pub fn unblock_all() {
    let none = SignalSet::of(&[]);
    // SAFETY: reads a live set of our own; the old mask is not asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &none.0, std::ptr::null_mut()) };
}

/// Blocks these signals for the calling thread and gives a descriptor from which they are read instead.
#[derive(Debug)]
pub struct SignalReader(OwnedFd);

impl SignalReader {
    /// Blocks `signals` for the calling thread (and threads and programs that it starts later, unless they
    /// reset their mask) and opens the descriptor.
    ///
    /// # Errors
    /// When the process is out of descriptors.
    pub fn block(signals: &[i32]) -> io::Result<SignalReader> {
        let set = SignalSet::of(signals);
        // SAFETY: reads a live set of our own; the old mask is not asked for.
        let code = unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &set.0, std::ptr::null_mut()) };
        if code != 0 {
            return Err(io::Error::from_raw_os_error(code));
        }
        // SAFETY: as above; -1 asks for a new descriptor.
        let fd = unsafe { libc::signalfd(-1, &set.0, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel has just made this descriptor.
        Ok(SignalReader(crate::descriptor::apart(unsafe { OwnedFd::from_raw_fd(fd) })?))
    }

    /// The next pending signal; never waits. Several of one kind may have become one.
    pub fn next(&self) -> Option<i32> {
        let mut info = [0u8; size_of::<libc::signalfd_siginfo>()];
        match rustix::io::retry_on_intr(|| rustix::io::read(&self.0, &mut info)) {
            // `ssi_signo` is the first word.
            Ok(length) if length == info.len() => {
                Some(i32::from_ne_bytes([info[0], info[1], info[2], info[3]]))
            }
            _ => None,
        }
    }
}

impl AsFd for SignalReader {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Whether this process ignores a signal, as `nohup` has its program ignore SIGHUP. A signal that is blocked and read
/// from a descriptor is not lost by that: who honours the wish has to ask.
pub fn is_ignored(signal: i32) -> bool {
    // SAFETY: a sigaction is plain integers and a pointer that may be null.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: only asks; writes into the variable of ours.
    let asked = unsafe { libc::sigaction(signal, std::ptr::null(), &mut action) };
    asked == 0 && action.sa_sigaction == libc::SIG_IGN
}

/// Gives signals their default effect again for this process. Only system calls: also good between fork and exec.
pub fn reset(signals: &[i32]) {
    for &signal in signals {
        // SAFETY: installs no handler of ours.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// Sends a signal to a process.
///
/// # Errors
/// `ESRCH` when there is none, `EPERM` when it is someone else's.
pub fn send(pid: u32, signal: i32) -> io::Result<()> {
    kill(checked(pid)?, signal)
}

/// Sends a signal to a process group.
///
/// # Errors
/// As [`send`].
pub fn send_group(group: u32, signal: i32) -> io::Result<()> {
    kill(-checked(group)?, signal)
}

/// Gives a signal its default effect on this process, now: for a stop or a death that the parent should see as
/// the signal's own.
pub fn take_default(signal: i32) {
    let set = SignalSet::of(&[signal]);
    // SAFETY: installs the default disposition (no handler of ours), raises the signal in this thread, and
    // unblocks it so that it is delivered; all three take plain integers or a live set.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &set.0, std::ptr::null_mut());
        // A signal that stops is over when we get here: back to reading it from the descriptor.
        libc::pthread_sigmask(libc::SIG_BLOCK, &set.0, std::ptr::null_mut());
    }
}

/// 0 and 1 address whole groups and init in `kill`: never ours.
fn checked(pid: u32) -> io::Result<i32> {
    match i32::try_from(pid) {
        Ok(pid) if pid > 1 => Ok(pid),
        _ => Err(rustix::io::Errno::SRCH.into()),
    }
}

fn kill(target: i32, signal: i32) -> io::Result<()> {
    // SAFETY: takes plain integers.
    match unsafe { libc::kill(target, signal) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(name(9), Some("SIGKILL"));
        assert_eq!(name(34), None);
        assert_eq!(name(-1), None);
    }

    #[test]
    fn who_ignores_a_signal_is_known() {
        assert!(!is_ignored(SIGUSR2));
        // Rust programs ignore SIGPIPE.
        assert!(is_ignored(SIGPIPE));
    }

    #[test]
    fn a_blocked_signal_is_read() {
        std::thread::spawn(|| {
            let reader = SignalReader::block(&[SIGUSR1]).unwrap();
            assert_eq!(reader.next(), None);
            // SAFETY: raises a signal that this thread has blocked, in this thread.
            unsafe { libc::pthread_kill(libc::pthread_self(), SIGUSR1) };
            assert_eq!(reader.next(), Some(SIGUSR1));
            assert_eq!(reader.next(), None);
        })
        .join()
        .unwrap();
    }

    #[test]
    fn groups_and_init_are_never_addressed_by_accident() {
        assert!(send(0, SIGKILL).is_err());
        assert!(send(1, SIGKILL).is_err());
        assert!(send_group(1, SIGKILL).is_err());
        assert!(send(u32::MAX, SIGKILL).is_err());
    }
}
