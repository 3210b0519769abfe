//! A connection whose other side has not proved itself.

use control::handshake::{Handshake, NONCE_BYTES};
use os::Time;
use os::epoll::Interest;
use os::socket::{Socket, is_shortage};
use std::io;
use std::net::SocketAddr;

/// A connection that is not a link yet.
pub(super) struct Contact {
    pub(super) socket: Socket,
    /// The peer's link and which of its addresses, if we dialled.
    pub(super) dialled: Option<(u32, SocketAddr)>,
    /// Since when it stands.
    pub(super) connected: Option<Time>,
    pub(super) handshake: Handshake,
    pub(super) deadline: Option<Time>,
    pub(super) interest: Interest,
}

impl Contact {
    /// Whether it is one of ours to the peer of this link, and the peer's host has answered.
    pub(super) fn speaks_with(&self, at: u32) -> bool {
        self.connected.is_some() && self.dialled.is_some_and(|(link, _)| link == at)
    }
}

/// Why a contact failed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nobody listens at the address.
    Refused,
    /// This process has no descriptor left.
    Shortage,
    /// The connection: the address may still be right.
    Connection,
    /// The host doesn't answer any more.
    Silent,
    /// Whoever it was didn't speak as a process of the job does.
    Stranger,
    /// Or didn't know the secret.
    Unproved,
}

impl Fault {
    pub(super) fn of(error: &io::Error) -> Fault {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Fault::Refused,
            io::ErrorKind::TimedOut | io::ErrorKind::HostUnreachable => Fault::Silent,
            _ if is_shortage(error) => Fault::Shortage,
            _ => Fault::Connection,
        }
    }
}

/// Fresh random bytes.
pub(super) fn nonce() -> io::Result<[u8; NONCE_BYTES]> {
    let mut nonce = [0; NONCE_BYTES];
    os::random::fill(&mut nonce)?;
    Ok(nonce)
}
