//! Starting a process with everything that must hold before its program runs.

use crate::limits::Descriptors;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A process to start. Its signal mask is empty, its standard streams are as given, and of all other
/// descriptors it inherits only those named here (everything in this crate is close-on-exec).
pub struct Spawn {
    command: Command,
    inherited: Vec<OwnedFd>,
    setup: Setup,
}

/// What the child does to itself between fork and exec. Plain data: nothing may be allocated there.
#[derive(Default)]
struct Setup {
    parent: u32,
    dies_with_parent: bool,
    own_group: bool,
    own_session: bool,
    interruptible: bool,
    descriptors: Option<Descriptors>,
    cores: Vec<usize>,
    lifeline: Option<RawFd>,
}

impl Spawn {
    /// The program at `path`, which appears as `name` in its own arguments.
    pub fn new(path: &Path, name: &OsStr) -> Spawn {
        let mut command = Command::new(path);
        command.arg0(name);
        let setup = Setup { parent: std::process::id(), ..Setup::default() };
        Spawn { command, inherited: Vec::new(), setup }
    }

    /// Its arguments after the name.
    pub fn arguments(mut self, arguments: impl IntoIterator<Item = OsString>) -> Spawn {
        self.command.args(arguments);
        self
    }

    /// Its working directory.
    pub fn directory(mut self, directory: &Path) -> Spawn {
        self.command.current_dir(directory);
        self
    }

    /// Begins with an empty environment instead of this process's own.
    pub fn empty_environment(mut self) -> Spawn {
        self.command.env_clear();
        self
    }

    /// Sets a variable.
    pub fn set(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Spawn {
        self.command.env(name, value);
        self
    }

    /// Removes a variable.
    pub fn unset(mut self, name: impl AsRef<OsStr>) -> Spawn {
        self.command.env_remove(name);
        self
    }

    /// Standard input; without it, an empty one.
    pub fn input(mut self, input: Option<OwnedFd>) -> Spawn {
        self.command.stdin(input.map_or_else(Stdio::null, Stdio::from));
        self
    }

    /// Standard output and standard error; without this, this process's own.
    pub fn outputs(mut self, output: OwnedFd, error: OwnedFd) -> Spawn {
        self.command.stdout(output).stderr(error);
        self
    }

    /// Hands a descriptor on under the number that it has here; returns the number.
    pub fn inherit(&mut self, descriptor: OwnedFd) -> RawFd {
        let number = descriptor.as_raw_fd();
        self.inherited.push(descriptor);
        number
    }

    /// The kernel kills the process (SIGKILL) when the thread that starts it ends. Not inherited by what the
    /// process starts itself.
    pub fn dies_with_parent(mut self) -> Spawn {
        self.setup.dies_with_parent = true;
        self
    }

    /// The process leads a process group of its own, whose number is its process id.
    pub fn own_group(mut self) -> Spawn {
        self.setup.own_group = true;
        self
    }

    /// The process leads a session of its own: no terminal's signals reach it.
    pub fn own_session(mut self) -> Spawn {
        self.setup.own_session = true;
        self
    }

    /// Interrupts (SIGINT, SIGQUIT) have their default effect, although this process may have been started to ignore
    /// them, as shells do in the background.
    pub fn interruptible(mut self) -> Spawn {
        self.setup.interruptible = true;
        self
    }

    /// The process's limit on descriptors, if not this process's own.
    pub fn descriptors(mut self, limit: Descriptors) -> Spawn {
        self.setup.descriptors = Some(limit);
        self
    }

    /// Binds the process to these cores, if there are any.
    pub fn cores(mut self, cores: Vec<usize>) -> Spawn {
        self.setup.cores = cores;
        self
    }

    /// Makes an inherited descriptor of a socket the process group's *lifeline*: when the other end closes, the
    /// kernel kills the whole group (SIGKILL). Nothing may ever be sent to the process on it.
    pub fn lifeline(mut self, inherited: RawFd) -> Spawn {
        self.setup.lifeline = Some(inherited);
        self
    }

    /// Starts it; returns its process id. It is this process's child: someone must wait for it.
    ///
    /// # Errors
    /// What the system says of the fork, the directory or the program.
    pub fn start(mut self) -> io::Result<u32> {
        let Setup {
            parent,
            dies_with_parent,
            own_group,
            own_session,
            interruptible,
            descriptors,
            cores,
            lifeline,
        } = self.setup;
        let numbers: Vec<RawFd> = self.inherited.iter().map(|fd| fd.as_raw_fd()).collect();
        let setup = move || {
            // This process reads its signals from a descriptor; the program wants its own as usual.
            crate::signal::unblock_all();
            if interruptible {
                crate::signal::reset(&[libc::SIGINT, libc::SIGQUIT]);
            }
            if own_session {
                rustix::process::setsid()?;
            } else if own_group {
                rustix::process::setpgid(None, None)?;
            }
            if dies_with_parent {
                rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
                // The parent may have died before the line above.
                if std::os::unix::process::parent_id() != parent {
                    return Err(io::ErrorKind::BrokenPipe.into());
                }
            }
            for &number in &numbers {
                // SAFETY: changes a flag of a descriptor that the parent kept open over the fork.
                if unsafe { libc::fcntl(number, libc::F_SETFD, 0) } < 0 {
                    return Err(io::Error::last_os_error());
                }
            }
            if !cores.is_empty() {
                crate::cores::bind(&cores)?;
            }
            if let Some(number) = lifeline {
                tie_group(number);
            }
            if let Some(limit) = descriptors {
                limit.apply()?;
            }
            Ok(())
        };
        // SAFETY: the closure runs in the child of a fork. It makes system calls, reads copied plain data and the
        // vectors of numbers, and allocates nothing: `io::Error`s made here are an errno or a kind.
        unsafe { self.command.pre_exec(setup) };
        // The handle is dropped without waiting, as documented.
        Ok(self.command.spawn()?.id())
    }
}

/// Sets the signal of `F_SETOWN`'s owner (missing from `libc`; asm-generic/fcntl.h, the same on every Linux).
const F_SETSIG: libc::c_int = 10;

/// Has the kernel send SIGKILL to the calling process's group on any event of this socket. A kernel without
/// this (gVisor) is no error: the tie is the third net, under the parent's death signal and the subreapers.
fn tie_group(number: RawFd) {
    // SAFETY: four calls on a descriptor of ours that take and return plain integers.
    unsafe {
        let flags = libc::fcntl(number, libc::F_GETFL);
        if libc::fcntl(number, F_SETSIG, libc::SIGKILL) == 0
            && libc::fcntl(number, libc::F_SETOWN, -libc::getpgrp()) == 0
        {
            libc::fcntl(number, libc::F_SETFL, flags | libc::O_ASYNC);
        }
    }
}

/// The file that runs this process, for starting it again: by `/proc` where there is one, else by the path that
/// it was started with.
///
/// # Errors
/// When neither is known.
pub fn this_program() -> io::Result<PathBuf> {
    if let Ok(path) = std::fs::read_link("/proc/self/exe")
        && path.exists()
    {
        return Ok(path);
    }
    // SAFETY: reads a word of the auxiliary vector.
    let name = unsafe { libc::getauxval(libc::AT_EXECFN) } as *const libc::c_char;
    if name.is_null() {
        return std::env::current_exe();
    }
    // SAFETY: AT_EXECFN points to a string at the top of the stack that lives as long as the process.
    let name = unsafe { std::ffi::CStr::from_ptr(name) };
    let path = PathBuf::from(<OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(name.to_bytes()));
    std::path::absolute(path)
}

/// Makes this process adopt the orphans among its descendants, so that none of them escapes it.
///
/// # Errors
/// On kernels before 3.4.
pub fn become_subreaper() -> io::Result<()> {
    // Any process id means "yes" to the kernel.
    let yes = rustix::process::Pid::INIT;
    Ok(rustix::process::set_child_subreaper(Some(yes))?)
}

/// Forks this process, which is to have no thread but this one and to own no descriptor: for its first steps only. The
/// parent gets the child's process id and keeps nothing but its standard streams, and no signal disturbs it; the child
/// gets `None` and goes on with everything.
///
/// # Errors
/// When there may be no more processes.
pub fn fork_and_stay_bare() -> io::Result<Option<u32>> {
    // SAFETY: no other thread exists that could hold a lock in the child.
    let pid = unsafe { libc::fork() };
    match pid {
        0 => Ok(None),
        1.. => {
            crate::signal::block_all();
            // SAFETY: nothing in this process owns any of these, as is required above. A kernel before 5.9 has no such
            // call: then the parent holds copies until it ends.
            unsafe { libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, 0u32) };
            Ok(Some(pid as u32))
        }
        _ => Err(io::Error::last_os_error()),
    }
}

/// Names this process in `ps` and `/proc`, at most 15 bytes.
pub fn name_this_process(name: &std::ffi::CStr) {
    let _ = rustix::thread::set_name(name);
}

/// A descriptor of a process, by which its end can be awaited and which never comes to mean another process.
///
/// # Errors
/// `ESRCH` when there is no such process, `ENOSYS` before Linux 5.3.
pub fn pidfd(pid: u32) -> io::Result<OwnedFd> {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    let pid = pid.ok_or(rustix::io::Errno::SRCH)?;
    crate::descriptor::apart(rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty())?)
}

/// Whether the process of this descriptor has ended.
pub fn has_ended(pidfd: &impl AsFd) -> bool {
    let fd: BorrowedFd<'_> = pidfd.as_fd();
    crate::poll::has_input(&fd)
}

/// A child that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reaped {
    /// Its process id, free for others now.
    pub pid: u32,
    /// How it ended.
    pub how: How,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// With this status.
    Exited(i32),
    /// By this signal; and whether a core file was written.
    Signalled(i32, bool),
}

impl How {
    fn of(status: i32) -> How {
        match libc::WIFSIGNALED(status) {
            true => How::Signalled(libc::WTERMSIG(status), libc::WCOREDUMP(status)),
            false => How::Exited(libc::WEXITSTATUS(status)),
        }
    }
}

/// Takes note of one child that ended. `None`: no child has ended that was not yet taken note of; with `wait`,
/// there is no child at all.
pub fn reap(wait: bool) -> Option<Reaped> {
    let mut status = 0;
    let flags = if wait { 0 } else { libc::WNOHANG };
    loop {
        // SAFETY: writes the status into a variable of ours.
        let pid = unsafe { libc::waitpid(-1, &mut status, flags) };
        if pid < 0 && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted {
            continue;
        }
        if pid <= 0 {
            return None;
        }
        return Some(Reaped { pid: pid as u32, how: How::of(status) });
    }
}

/// How a process ended that may be another's child. `None` before that other took note of it, and where the kernel
/// does not say (before Linux 6.15).
pub fn ending_of(pidfd: BorrowedFd<'_>) -> Option<How> {
    /// `struct pidfd_info` of linux/pidfd.h, in its first version.
    #[repr(C)]
    #[derive(Default)]
    struct Info {
        mask: u64,
        control_group: u64,
        numbers: [u32; 11],
        status: i32,
    }
    const PIDFD_INFO_EXIT: u64 = 1 << 3;
    /// `_IOWR(0xff, 11, struct pidfd_info)`
    const PIDFD_GET_INFO: u32 = 3 << 30 | (size_of::<Info>() as u32) << 16 | 0xff << 8 | 11;
    let mut info = Info { mask: PIDFD_INFO_EXIT, ..Info::default() };
    // SAFETY: the kernel writes at most as many bytes as the request names: the size of this variable.
    let code = unsafe { libc::ioctl(pidfd.as_raw_fd(), PIDFD_GET_INFO as _, &raw mut info) };
    (code == 0 && info.mask & PIDFD_INFO_EXIT != 0).then(|| How::of(info.status))
}

/// Waits for the end of one child.
pub fn reap_one(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) {
        let wait = || rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty());
        let _ = rustix::io::retry_on_intr(wait);
    }
}

/// Whether this process has a child, ended or not.
pub fn has_children() -> bool {
    let mut info = std::mem::MaybeUninit::<libc::siginfo_t>::uninit();
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: writes into the variable of ours; WNOWAIT leaves every child as it is.
    unsafe { libc::waitid(libc::P_ALL, 0, info.as_mut_ptr(), flags) == 0 }
}

/// The process group of a process; `None` when there is no such process.
pub fn group_of(pid: u32) -> Option<u32> {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).ok()?)?;
    Some(rustix::process::getpgid(Some(pid)).ok()?.as_raw_nonzero().get() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_starts_with_no_signal_blocked() {
        std::thread::spawn(|| {
            let _blocked = crate::signal::SignalReader::block(&[libc::SIGUSR1, libc::SIGTERM]).unwrap();
            let (mut reader, writer) = io::pipe().unwrap();
            let script = "grep SigBlk /proc/self/status";
            let spawn =
                Spawn::new(Path::new("/bin/sh"), OsStr::new("sh")).arguments(["-c".into(), script.into()]);
            let pid = spawn.outputs(writer.try_clone().unwrap().into(), writer.into()).start().unwrap();
            let mut text = String::new();
            io::Read::read_to_string(&mut reader, &mut text).unwrap();
            reap_one(pid);
            assert_eq!(text.split_whitespace().nth(1).map(|mask| mask.trim_matches('0')), Some(""), "{text}");
        })
        .join()
        .unwrap();
    }

    #[test]
    fn this_program_is_found_and_pidfds_tell_an_end() {
        assert!(this_program().unwrap().exists());
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        let fd = pidfd(child.id()).unwrap();
        assert!(!has_ended(&fd));
        assert!(has_children());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(has_ended(&fd));
        assert!(pidfd(0).is_err());
    }
}
