//! Unix sockets that keep message boundaries and carry descriptors.
//!
//! Every descriptor made or received here is close-on-exec; no send raises `SIGPIPE`.

use crate::descriptor::apart;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;

/// The most descriptors that one message carries.
pub const DESCRIPTORS_MAX: usize = 4;

/// One end of a connected `SOCK_SEQPACKET` pair.
#[derive(Debug)]
pub struct SeqPacket(OwnedFd);

/// What [`SeqPacket::receive`] found.
#[derive(Debug)]
pub enum Received {
    /// A message of so many bytes at the start of the buffer, and the descriptors that came with it.
    Message(usize, Vec<OwnedFd>),
    /// A message longer than the buffer: its tail is lost.
    TooLong,
    /// The other end is closed, and everything it sent has been read.
    Closed,
}

impl SeqPacket {
    /// Two connected ends.
    ///
    /// # Errors
    /// When the process or the system is out of descriptors.
    pub fn pair() -> io::Result<(SeqPacket, SeqPacket)> {
        let (a, b) =
            rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        Ok((SeqPacket(apart(a)?), SeqPacket(apart(b)?)))
    }

    /// Takes a descriptor that another part of the program or another process made.
    ///
    /// # Errors
    /// `InvalidInput` when it is not a unix socket of type `SOCK_SEQPACKET`; nothing was sent on it.
    pub fn adopt(descriptor: OwnedFd) -> io::Result<SeqPacket> {
        let unix = rustix::net::sockopt::socket_domain(&descriptor)? == AddressFamily::UNIX;
        let packets = rustix::net::sockopt::socket_type(&descriptor)? == SocketType::SEQPACKET;
        if unix && packets { Ok(SeqPacket(descriptor)) } else { Err(io::ErrorKind::InvalidInput.into()) }
    }

    /// The process that made the pair this end belongs to, as this process numbers it. `None` where it has no number
    /// here, in a container of its own.
    pub fn maker(&self) -> Option<u32> {
        let mut credentials = libc::ucred { pid: 0, uid: 0, gid: 0 };
        let mut bytes = size_of::<libc::ucred>() as libc::socklen_t;
        let into = (&raw mut credentials).cast();
        // SAFETY: writes at most `bytes` bytes into a variable of that size.
        let code = unsafe {
            libc::getsockopt(self.0.as_raw_fd(), libc::SOL_SOCKET, libc::SO_PEERCRED, into, &mut bytes)
        };
        u32::try_from(credentials.pid).ok().filter(|&pid| code == 0 && pid > 0)
    }

    /// Sends one message and up to [`DESCRIPTORS_MAX`] descriptors (the receiver gets duplicates).
    ///
    /// # Errors
    /// `WouldBlock` when `wait` is false and the receiver has no room; `BrokenPipe` when it is gone. In either
    /// case nothing was sent.
    pub fn send(&self, bytes: &[u8], descriptors: &[BorrowedFd<'_>], wait: bool) -> io::Result<()> {
        assert!(descriptors.len() <= DESCRIPTORS_MAX, "more descriptors than a message carries");
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
        let flags = SendFlags::NOSIGNAL | if wait { SendFlags::empty() } else { SendFlags::DONTWAIT };
        loop {
            let mut ancillary = SendAncillaryBuffer::new(&mut space);
            if !descriptors.is_empty() {
                let fits = ancillary.push(SendAncillaryMessage::ScmRights(descriptors));
                assert!(fits, "the buffer was made for {DESCRIPTORS_MAX} descriptors");
            }
            match rustix::net::sendmsg(&self.0, &[IoSlice::new(bytes)], &mut ancillary, flags) {
                Ok(_) => return Ok(()),
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Receives one message into `buffer`.
    ///
    /// # Errors
    /// `WouldBlock` when `wait` is false and there is none; whatever else the kernel says of the socket.
    pub fn receive(&self, buffer: &mut [u8], wait: bool) -> io::Result<Received> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
        let flags = RecvFlags::CMSG_CLOEXEC | if wait { RecvFlags::empty() } else { RecvFlags::DONTWAIT };
        loop {
            let mut ancillary = RecvAncillaryBuffer::new(&mut space);
            match rustix::net::recvmsg(&self.0, &mut [IoSliceMut::new(buffer)], &mut ancillary, flags) {
                Ok(message) => {
                    let mut descriptors = Vec::new();
                    for part in ancillary.drain() {
                        if let RecvAncillaryMessage::ScmRights(rights) = part {
                            for right in rights {
                                descriptors.push(apart(right)?);
                            }
                        }
                    }
                    return Ok(if message.flags.contains(ReturnFlags::TRUNC) {
                        Received::TooLong
                    } else if message.bytes == 0 && descriptors.is_empty() {
                        // No message of ours is empty, so nothing is the end.
                        Received::Closed
                    } else {
                        Received::Message(message.bytes, descriptors)
                    });
                }
                // The other end closed without reading all that was sent to it. The kernel says so once, before
                // what it had still sent itself, which counts all the same.
                Err(rustix::io::Errno::INTR | rustix::io::Errno::CONNRESET) => continue,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl AsFd for SeqPacket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl From<SeqPacket> for OwnedFd {
    fn from(socket: SeqPacket) -> OwnedFd {
        socket.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_keep_their_bounds_and_carry_descriptors() {
        let (a, b) = SeqPacket::pair().unwrap();
        let (c, d) = SeqPacket::pair().unwrap();
        assert_eq!(c.maker(), Some(std::process::id()));
        a.send(b"first", &[], false).unwrap();
        a.send(b"second", &[c.as_fd()], false).unwrap();
        drop(c);
        let mut buffer = [0; 16];
        assert!(
            matches!(b.receive(&mut buffer, false).unwrap(), Received::Message(5, fds) if fds.is_empty())
        );
        let Received::Message(6, mut fds) = b.receive(&mut buffer, false).unwrap() else { panic!() };
        let c = SeqPacket::adopt(fds.pop().unwrap()).unwrap();
        c.send(b"through", &[], false).unwrap();
        assert!(matches!(d.receive(&mut buffer, false).unwrap(), Received::Message(7, _)));
        assert_eq!(b.receive(&mut buffer, false).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(a);
        assert!(matches!(b.receive(&mut buffer, false).unwrap(), Received::Closed));
        assert_eq!(b.send(b"x", &[], false).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn a_message_past_the_buffer_is_told() {
        let (a, b) = SeqPacket::pair().unwrap();
        a.send(&[1; 32], &[], false).unwrap();
        assert!(matches!(b.receive(&mut [0; 16], false).unwrap(), Received::TooLong));
    }

    #[test]
    fn last_words_arrive_although_their_author_read_nothing() {
        let (a, b) = SeqPacket::pair().unwrap();
        b.send(b"unread", &[], false).unwrap();
        a.send(b"last words", &[], false).unwrap();
        drop(a);
        let mut buffer = [0; 16];
        assert!(matches!(b.receive(&mut buffer, false).unwrap(), Received::Message(10, _)));
        assert!(matches!(b.receive(&mut buffer, false).unwrap(), Received::Closed));
    }

    #[test]
    fn only_packet_sockets_are_adopted() {
        let (read, _write) = rustix::pipe::pipe().unwrap();
        assert!(SeqPacket::adopt(read).is_err());
    }
}
