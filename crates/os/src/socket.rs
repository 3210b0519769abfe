//! Stream sockets over IP that never block.
//!
//! Every descriptor is close-on-exec and non-blocking; no send raises `SIGPIPE`; interrupted calls are repeated.

use crate::descriptor::apart;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SendFlags, SocketFlags, SocketType, sockopt};
use std::cell::Cell;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::time::Duration;

const FLAGS: SocketFlags = SocketFlags::CLOEXEC.union(SocketFlags::NONBLOCK);

/// A socket that takes connections.
#[derive(Debug)]
pub struct Listener(OwnedFd);

impl Listener {
    /// Listens at `address`; port 0 lets the kernel choose. An IPv6 listener takes IPv6 alone.
    ///
    /// # Errors
    /// When the address is not this host's, the port is taken, or descriptors are used up.
    pub fn bind(address: SocketAddr) -> io::Result<Listener> {
        /// The kernel lowers it to `net.core.somaxconn`.
        const BACKLOG: i32 = 4096;
        let socket = stream(address)?;
        if address.is_ipv6() {
            sockopt::set_ipv6_v6only(&socket, true)?;
        }
        net::bind(&socket, &address)?;
        net::listen(&socket, BACKLOG)?;
        Ok(Listener(socket))
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        Ok(net::getsockname(&self.0)?.try_into()?)
    }

    /// The next connection.
    ///
    /// # Errors
    /// `WouldBlock` when there is none; [`is_shortage`] when it has to wait for descriptors or memory; anything else
    /// concerns that one connection.
    pub fn accept(&self) -> io::Result<Socket> {
        loop {
            match net::accept_with(&self.0, FLAGS) {
                Ok(socket) => return Ok(Socket(apart(socket)?)),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Whether an error of opening or accepting says that the process or the system has used up descriptors or memory.
pub fn is_shortage(error: &io::Error) -> bool {
    let shortages = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    Errno::from_io_error(error).is_some_and(|errno| shortages.contains(&errno))
}

fn stream(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
    apart(net::socket_with(family, SocketType::STREAM, FLAGS, None)?)
}

/// A connection.
#[derive(Debug)]
pub struct Socket(OwnedFd);

impl Socket {
    /// Starts to connect; [`Socket::connected`] says how it went, once the socket is writable.
    ///
    /// # Errors
    /// When it fails at once.
    pub fn connect(address: SocketAddr) -> io::Result<Socket> {
        let socket = stream(address)?;
        match net::connect(&socket, &address) {
            // An interrupted connect goes on by itself.
            Ok(()) | Err(Errno::INPROGRESS | Errno::INTR) => Ok(Socket(socket)),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the connection stands.
    ///
    /// # Errors
    /// Why it failed.
    pub fn connected(&self) -> io::Result<bool> {
        sockopt::socket_error(&self.0)??;
        match net::getpeername(&self.0) {
            Ok(_) => Ok(true),
            Err(Errno::NOTCONN) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Prepares a connection for messages: sends at once (`TCP_NODELAY`), and asks a silent peer for a sign of life so
    /// that an unreachable one is noticed after about `timeout` even when nothing is to be sent.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn tune(&self, timeout: Duration) -> io::Result<()> {
        const PROBES: u32 = 5;
        let second = Duration::from_secs(1);
        sockopt::set_tcp_nodelay(&self.0, true)?;
        sockopt::set_socket_keepalive(&self.0, true)?;
        sockopt::set_tcp_keepidle(&self.0, (timeout / 2).max(second))?;
        sockopt::set_tcp_keepintvl(&self.0, (timeout / 2 / PROBES).max(second))?;
        sockopt::set_tcp_keepcnt(&self.0, PROBES)?;
        Ok(())
    }

    /// Sends what fits; how many bytes that were.
    ///
    /// # Errors
    /// `WouldBlock` when nothing fits; otherwise the connection is gone.
    #[inline]
    pub fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match net::send(&self.0, bytes, SendFlags::NOSIGNAL) {
                Ok(count) => return Ok(count),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Sends what fits of several pieces in one call.
    ///
    /// # Errors
    /// As [`Socket::send`].
    pub fn send_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        loop {
            match net::sendmsg(&self.0, pieces, &mut Default::default(), SendFlags::NOSIGNAL) {
                Ok(count) => return Ok(count),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Receives what is there, up to the length of `into`; 0 means that the other side sends no more.
    ///
    /// # Errors
    /// `WouldBlock` when nothing is there; otherwise the connection is gone.
    #[inline]
    pub fn receive(&self, into: &[Cell<u8>]) -> io::Result<usize> {
        loop {
            // SAFETY: the cells may be written through a shared reference, and the borrow keeps them for the call.
            let count =
                unsafe { libc::recv(self.0.as_raw_fd(), into.as_ptr().cast_mut().cast(), into.len(), 0) };
            if let Ok(count) = usize::try_from(count) {
                return Ok(count);
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }

    /// Says to the other side that nothing more will be sent.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn finish(&self) -> io::Result<()> {
        Ok(net::shutdown(&self.0, net::Shutdown::Write)?)
    }

    /// This side's address.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        Ok(net::getsockname(&self.0)?.try_into()?)
    }

    /// Whether both ends are of one host.
    pub fn stays_on_this_host(&self) -> bool {
        let Ok(here) = self.local_address() else { return false };
        let there =
            net::getpeername(&self.0).ok().flatten().and_then(|there| SocketAddr::try_from(there).ok());
        there.is_some_and(|there| there.ip() == here.ip())
    }

    /// Bytes that were taken by [`Socket::send`] and that the kernel of the other side is not known to have.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn unacknowledged(&self) -> io::Result<usize> {
        // linux/sockios.h; the number is that of TIOCOUTQ.
        const SIOCOUTQ: libc::Ioctl = 0x5411;
        let mut bytes: libc::c_int = 0;
        // SAFETY: this request writes one int, to which the pointer leads.
        let result = unsafe { libc::ioctl(self.0.as_raw_fd(), SIOCOUTQ, &raw mut bytes) };
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(bytes.max(0) as usize) }
    }

    /// What the kernel knows of the other side's silence.
    ///
    /// # Errors
    /// When the kernel doesn't tell (a socket that is not TCP).
    pub fn silence(&self) -> io::Result<Silence> {
        // SAFETY: all zeros are a valid value of this structure of numbers.
        let mut info: libc::tcp_info = unsafe { std::mem::zeroed() };
        let mut length = size_of::<libc::tcp_info>() as libc::socklen_t;
        // SAFETY: `info` has room for `length` bytes, and the kernel writes no more.
        let result = unsafe {
            let into = (&raw mut info).cast();
            libc::getsockopt(self.0.as_raw_fd(), libc::IPPROTO_TCP, libc::TCP_INFO, into, &mut length)
        };
        if result != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Silence {
            last_sign_ms: info.tcpi_last_ack_recv,
            retransmissions: info.tcpi_retransmits as u32,
            probes: info.tcpi_probes as u32,
        })
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Cuts a connection as something on its way may: the other side gets a reset, and what neither side has received is lost.
/// For tests of what is to survive that.
///
/// # Errors
/// When it is no TCP connection that stands.
pub fn cut(socket: impl AsFd) -> io::Result<()> {
    let peer = net::getpeername(&socket)?.ok_or(Errno::NOTCONN)?;
    SocketAddr::try_from(peer)?;
    // SAFETY: all zeros are a valid value of this structure of numbers.
    let mut nowhere: libc::sockaddr = unsafe { std::mem::zeroed() };
    nowhere.sa_family = libc::AF_UNSPEC as libc::sa_family_t;
    let length = size_of::<libc::sockaddr>() as libc::socklen_t;
    // SAFETY: the address lives and has the length that is given.
    let result = unsafe { libc::connect(socket.as_fd().as_raw_fd(), &raw const nowhere, length) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// For how long a peer's host has not answered. (A process that is stopped or busy is not silent in this sense: its
/// kernel answers.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// Since the last acknowledgement of any kind.
    pub last_sign_ms: u32,
    /// How often what is sent now was sent again without an answer.
    pub retransmissions: u32,
    /// How many probes of a full or idle connection are unanswered.
    pub probes: u32,
}

impl Silence {
    /// Whether the host counts as unreachable: asked more than once, and silent for so long.
    pub fn exceeds(&self, timeout: Duration) -> bool {
        u128::from(self.last_sign_ms) >= timeout.as_millis()
            && (self.retransmissions >= 2 || self.probes >= 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn until<T>(mut attempt: impl FnMut() -> io::Result<T>) -> T {
        loop {
            match attempt() {
                Ok(value) => return value,
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
        }
    }

    #[test]
    fn connects_sends_receives_and_ends() {
        for ip in [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()] {
            let Ok(listener) = Listener::bind(SocketAddr::new(ip, 0)) else {
                assert!(ip.is_ipv6(), "a host without IPv6");
                continue;
            };
            assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
            let a = Socket::connect(listener.address().unwrap()).unwrap();
            let b = until(|| listener.accept());
            while !a.connected().unwrap() {}
            a.tune(Duration::from_secs(10)).unwrap();
            let into = [const { Cell::new(0) }; 16];
            assert_eq!(b.receive(&into).unwrap_err().kind(), io::ErrorKind::WouldBlock);
            assert_eq!(a.send(b"one ").unwrap(), 4);
            assert_eq!(a.send_vectored(&[IoSlice::new(b"two "), IoSlice::new(b"three")]).unwrap(), 9);
            let mut received = Vec::new();
            while received.len() < 13 {
                let count = until(|| b.receive(&into));
                received.extend(into[..count].iter().map(Cell::get));
            }
            assert_eq!(received, b"one two three");
            assert!(!a.silence().unwrap().exceeds(Duration::from_secs(10)));
            a.finish().unwrap();
            assert_eq!(until(|| b.receive(&into)), 0);
        }
    }

    #[test]
    fn what_is_cut_is_reset_and_nothing_else_is_cut() {
        let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let a = Socket::connect(listener.address().unwrap()).unwrap();
        let b = until(|| listener.accept());
        assert!(a.stays_on_this_host() && a.unacknowledged().unwrap() == 0);
        assert!(cut(&listener).is_err() && cut(std::os::unix::net::UnixStream::pair().unwrap().0).is_err());
        cut(&a).unwrap();
        assert!(cut(&a).is_err());
        assert_eq!(b.receive(&[Cell::new(0)]).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        assert!(a.send(b"lost").is_err());
        assert!(Socket::connect(listener.address().unwrap()).is_ok());
    }

    #[test]
    fn a_closed_port_refuses() {
        let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = listener.address().unwrap();
        drop(listener);
        let error = Socket::connect(address).and_then(|socket| {
            loop {
                if socket.connected()? {
                    return Ok(());
                }
            }
        });
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    }

    #[test]
    fn silence_needs_questions_without_answer() {
        let silence =
            |last_sign_ms, retransmissions, probes| Silence { last_sign_ms, retransmissions, probes };
        let exceeds = |silence: Silence| silence.exceeds(Duration::from_secs(10));
        assert!(!exceeds(silence(60_000, 0, 0)), "nothing was asked");
        assert!(!exceeds(silence(60_000, 1, 1)));
        assert!(!exceeds(silence(9_999, 5, 5)));
        assert!(exceeds(silence(10_000, 2, 0)) && exceeds(silence(10_000, 0, 2)));
    }
}
