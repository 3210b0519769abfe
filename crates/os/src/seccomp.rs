//! Denying system calls, as container runtimes do: for tests of what happens then.

use std::io;

/// A system call that can be denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `process_vm_readv`
    ProcessVmReadv,
    /// `process_vm_writev`
    ProcessVmWritev,
    /// `memfd_create`
    MemfdCreate,
    /// `membarrier`
    Membarrier,
    /// `pidfd_open`
    PidfdOpen,
}

impl Call {
    /// All of them, with the names that the kernel's manual gives them.
    pub const ALL: [(&'static str, Call); 5] = [
        ("process_vm_readv", Call::ProcessVmReadv),
        ("process_vm_writev", Call::ProcessVmWritev),
        ("memfd_create", Call::MemfdCreate),
        ("membarrier", Call::Membarrier),
        ("pidfd_open", Call::PidfdOpen),
    ];

    fn number(self) -> libc::c_long {
        match self {
            Call::ProcessVmReadv => libc::SYS_process_vm_readv,
            Call::ProcessVmWritev => libc::SYS_process_vm_writev,
            Call::MemfdCreate => libc::SYS_memfd_create,
            Call::Membarrier => libc::SYS_membarrier,
            Call::PidfdOpen => libc::SYS_pidfd_open,
        }
    }
}

/// Denies these calls (EPERM) to the calling thread and to all that it starts, for good.
///
/// # Errors
/// When the kernel has no seccomp filters.
pub fn deny(calls: &[Call]) -> io::Result<()> {
    let program = filter(calls);
    let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_ptr().cast_mut() };
    // SAFETY: plain integers.
    if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel reads the program, which lives until the end of this function, and copies it.
    match unsafe {
        libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program as *const libc::sock_fprog)
    } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Loads the call's number (the first word of `seccomp_data`), compares it with each denied one, and answers.
/// The architecture is not looked at: this is no fence against anyone, it only plays one.
fn filter(calls: &[Call]) -> Vec<libc::sock_filter> {
    let step = |code: u32, jt: u8, jf: u8, k: u32| libc::sock_filter { code: code as u16, jt, jf, k };
    let mut program = vec![step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0)];
    for call in calls {
        program.push(step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, call.number() as u32));
        let denied = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
        program.push(step(libc::BPF_RET | libc::BPF_K, 0, 0, denied));
    }
    program.push(step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW));
    program
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denied_call_fails_and_others_go_on() {
        std::thread::spawn(|| {
            let make = || rustix::fs::memfd_create(c"x", rustix::fs::MemfdFlags::CLOEXEC);
            make().unwrap();
            deny(&[Call::Membarrier, Call::MemfdCreate]).unwrap();
            assert_eq!(make().unwrap_err(), rustix::io::Errno::PERM);
            assert!(crate::spawn::pidfd(std::process::id()).is_ok());
        })
        .join()
        .unwrap();
    }
}
