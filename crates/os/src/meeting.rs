//! Meeting processes of this host that are no relatives, by a name that no file has (an abstract unix address): it is gone with who
//! listens there.

use crate::descriptor::apart;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use std::io;

use crate::unix::SeqPacket;

/// Where processes of this host can call.
#[derive(Debug)]
pub struct Meeting(OwnedFd);

impl Meeting {
    /// Listens under a name.
    ///
    /// # Errors
    /// `AddrInUse` when somebody else does; what else the system says.
    pub fn open(name: &str) -> io::Result<Meeting> {
        let socket = socket(SocketFlags::NONBLOCK)?;
        rustix::net::bind(&socket, &SocketAddrUnix::new_abstract_name(name.as_bytes())?)?;
        rustix::net::listen(&socket, 4096)?;
        Ok(Meeting(socket))
    }

    /// The next caller, if one has called, and as which user.
    ///
    /// # Errors
    /// When the process is out of descriptors; another call may work.
    pub fn accept(&self) -> io::Result<Option<(SeqPacket, u32)>> {
        let socket = match rustix::net::accept_with(&self.0, SocketFlags::CLOEXEC) {
            Ok(socket) => apart(socket)?,
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR | rustix::io::Errno::CONNABORTED) => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let user = user_of(&socket)?;
        Ok(Some((SeqPacket::adopt(socket)?, user)))
    }
}

impl AsFd for Meeting {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Calls who listens under a name.
///
/// # Errors
/// `ConnectionRefused` when nobody does: perhaps on another host, or in another container.
pub fn call(name: &str) -> io::Result<SeqPacket> {
    let socket = socket(SocketFlags::empty())?;
    let address = SocketAddrUnix::new_abstract_name(name.as_bytes())?;
    rustix::io::retry_on_intr(|| rustix::net::connect(&socket, &address))?;
    SeqPacket::adopt(socket)
}

/// This process's user.
pub fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn socket(flags: SocketFlags) -> io::Result<OwnedFd> {
    apart(rustix::net::socket_with(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        flags | SocketFlags::CLOEXEC,
        None,
    )?)
}

/// The user whose process called.
fn user_of(socket: &OwnedFd) -> io::Result<u32> {
    let mut credentials = libc::ucred { pid: 0, uid: 0, gid: 0 };
    let mut bytes = size_of::<libc::ucred>() as libc::socklen_t;
    let into = (&raw mut credentials).cast();
    // SAFETY: writes at most `bytes` bytes into a variable of that size.
    let code = unsafe {
        libc::getsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_PEERCRED, into, &mut bytes)
    };
    if code == 0 { Ok(credentials.uid) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unix::Received;

    #[test]
    fn strangers_meet_under_a_name() {
        let name = format!("archipelago-test-{}", std::process::id());
        let meeting = Meeting::open(&name).unwrap();
        assert_eq!(Meeting::open(&name).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        assert!(meeting.accept().unwrap().is_none());
        let mine = call(&name).unwrap();
        let (theirs, who) = meeting.accept().unwrap().unwrap();
        assert_eq!(who, user());
        mine.send(b"hello", &[], true).unwrap();
        assert!(matches!(theirs.receive(&mut [0; 16], true).unwrap(), Received::Message(5, _)));
        drop(meeting);
        assert_eq!(call(&name).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    }
}
