//! Starting a program from a library in somebody else's process, so that the process has no child that it doesn't know: no SIGCHLD, and
//! nothing that its own `wait` could find.

use rustix::fd::{AsRawFd, OwnedFd};
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// `CLOSE_RANGE_CLOEXEC` of linux/close_range.h.
const CLOSE_RANGE_CLOEXEC: libc::c_uint = 1 << 2;

/// Up to which number descriptors are closed one by one, where the kernel knows no way to close them all.
const DESCRIPTORS_MAX: u64 = 1 << 20;

/// Starts a program in a session of its own, as a child of nobody here. It inherits standard error and this descriptor, under the number
/// that it has here, and nothing else; its environment is this process's without the variables named in `unset`.
///
/// # Errors
/// `InvalidInput` for a descriptor below 3, which are the program's own to give. What the system says of the fork. That the program can't be executed is not seen here: the descriptor closes then.
pub fn start(program: &Path, arguments: &[OsString], unset: &[&str], inherited: OwnedFd) -> io::Result<()> {
    let text = |text: &OsStr| {
        CString::new(text.as_bytes()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))
    };
    let path = text(program.as_os_str())?;
    let mut words = vec![path.clone()];
    for argument in arguments {
        words.push(text(argument)?);
    }
    let mut variables = Vec::new();
    for (name, value) in std::env::vars_os().filter(|(name, _)| !unset.iter().any(|unset| name == unset)) {
        let mut pair = name;
        pair.push("=");
        pair.push(value);
        variables.push(text(&pair)?);
    }
    let pointers = |texts: &[CString]| -> Vec<*const libc::c_char> {
        texts.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect()
    };
    let (words, variables) = (pointers(&words), pointers(&variables));
    let nothing = rustix::fs::open(
        "/dev/null",
        rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC,
        rustix::fs::Mode::empty(),
    )?;
    // A program may have closed the first ones, so that anything gets their numbers.
    let nothing = crate::descriptor::duplicate_from(nothing, 3)?;
    let (number, nothing) = (inherited.as_raw_fd(), nothing.as_raw_fd());
    if number < 3 {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let end = limit.unwrap_or(DESCRIPTORS_MAX).min(DESCRIPTORS_MAX) as libc::c_int;
    let none = crate::signal::SignalSet::of(&[]);
    // SAFETY: from here on the child makes system calls on copied plain data and on memory that was prepared above, and allocates
    // nothing: another thread may have held any lock when it was copied. `SYS_clone` with no flag and no stack is `fork` without the
    // signal at the end; all its arguments are 0, so their order doesn't matter.
    let child = unsafe { libc::syscall(libc::SYS_clone, 0, 0, 0, 0, 0) };
    if child < 0 {
        return Err(io::Error::last_os_error());
    }
    if child == 0 {
        // SAFETY: as above; whatever fails ends the child.
        unsafe {
            libc::setsid();
            if libc::syscall(libc::SYS_clone, 0, 0, 0, 0, 0) != 0 {
                libc::syscall(libc::SYS_exit_group, 0);
            }
            libc::pthread_sigmask(libc::SIG_SETMASK, none.raw(), std::ptr::null_mut());
            libc::dup2(nothing, 0);
            libc::dup2(nothing, 1);
            // Linux 5.11 knows this.
            if libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, CLOSE_RANGE_CLOEXEC) != 0 {
                for other in 3..end {
                    libc::fcntl(other, libc::F_SETFD, libc::FD_CLOEXEC);
                }
            }
            libc::fcntl(number, libc::F_SETFD, 0);
            libc::execve(path.as_ptr(), words.as_ptr(), variables.as_ptr());
            libc::syscall(libc::SYS_exit_group, 127);
        }
    }
    let mut status = 0;
    // SAFETY: writes into a variable of ours; `__WCLONE` waits for children that give no signal, and this one ends at once.
    while unsafe { libc::waitpid(child as libc::pid_t, &mut status, libc::__WCLONE) } < 0 {
        if io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            break;
        }
    }
    Ok(())
}

/// The file that this code was loaded from: a shared library, or the program itself.
pub fn this_file() -> Option<PathBuf> {
    // SAFETY: a Dl_info is plain pointers, which may be null.
    let mut info: libc::Dl_info = unsafe { std::mem::zeroed() };
    // SAFETY: reads the address of a function, and writes into the variable of ours.
    let found = unsafe { libc::dladdr(this_file as *const libc::c_void, &mut info) };
    if found == 0 || info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: the loader's own text, which lives as long as the file is loaded; this code is in it.
    let name = unsafe { std::ffi::CStr::from_ptr(info.dli_fname) };
    let name = OsStr::from_bytes(name.to_bytes());
    // Of the program itself the loader knows only how it was called.
    if std::env::args_os().next().is_some_and(|called| called == name) {
        return crate::spawn::this_program().ok();
    }
    std::path::absolute(Path::new(name)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_program_is_started_and_is_no_child() {
        let (mut mine, theirs) = UnixStream::pair().unwrap();
        let number = theirs.as_raw_fd();
        let script =
            format!("echo \"$HOME:$PATH:$PPID\" >&{number}; ls -l /proc/self/fd >&{number}; read line");
        start(Path::new("/bin/sh"), &["-c".into(), script.into()], &["HOME"], theirs.into()).unwrap();
        let mut text = String::new();
        mine.read_to_string(&mut text).unwrap();
        let (first, rest) = text.split_once('\n').unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        assert!(first.starts_with(&format!(":{path}:")), "{first}");
        assert!(!first.ends_with(&format!(":{}", std::process::id())), "{first}");
        assert!(rest.contains("0 -> /dev/null") && rest.contains("1 -> "), "{rest}");
        assert!(start(Path::new("/nonexistent"), &[], &[], UnixStream::pair().unwrap().0.into()).is_ok());
    }

    #[test]
    fn this_file_is_found() {
        assert!(this_file().is_some_and(|path| path.exists()));
    }
}
