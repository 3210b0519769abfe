//! A process's private socket to its keeper.

use crate::codec::{self, DecodeError, MESSAGE_BYTES_MAX};
use crate::{FromKeeper, ToKeeper};
use os::unix::{Received, SeqPacket};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A process's private socket to its keeper.
#[derive(Debug)]
pub struct Link {
    socket: SeqPacket,
    /// Where messages are received: made once, since a process looks for them before each sleep.
    buffer: Vec<u8>,
}

/// Why a [`Link`] gives nothing more.
#[derive(Debug)]
#[non_exhaustive]
pub enum LinkError {
    /// The keeper is gone, and with it the job: this process should end.
    Closed,
    /// The keeper said something that no keeper says.
    Protocol(DecodeError),
    /// The system refused.
    Io(io::Error),
}

impl std::fmt::Display for LinkError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LinkError::Closed => write!(f, "the keeper of this host is gone"),
            LinkError::Protocol(error) => write!(f, "the keeper's message cannot be read: {error}"),
            LinkError::Io(error) => write!(f, "the socket to the keeper fails: {error}"),
        }
    }
}

impl std::error::Error for LinkError {}

impl Link {
    pub(crate) fn new(socket: SeqPacket) -> Link {
        Link { socket, buffer: vec![0; MESSAGE_BYTES_MAX] }
    }

    /// Sends a message. Waits while the keeper has no room for it, which it makes without waiting for anyone.
    ///
    /// # Errors
    /// [`LinkError::Closed`] when the keeper is gone.
    ///
    /// # Panics
    /// When the message exceeds the bounds that its documentation names.
    pub fn send(&self, message: &ToKeeper) -> Result<(), LinkError> {
        let bytes = codec::encode(message);
        assert!(bytes.len() <= MESSAGE_BYTES_MAX, "a message of {} bytes to the keeper", bytes.len());
        self.socket.send(&bytes, &[], true).map_err(gone)
    }

    /// The next message, if one has arrived. Never waits: poll the descriptor for readability.
    ///
    /// # Errors
    /// As [`LinkError`] lists; after any of them the link is of no more use.
    pub fn try_receive(&mut self) -> Result<Option<FromKeeper>, LinkError> {
        match self.receive_with_descriptor(false) {
            Ok((message, _)) => Ok(Some(message)),
            Err(LinkError::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The next message; waits for it.
    ///
    /// # Errors
    /// As [`Link::try_receive`].
    pub fn receive(&mut self) -> Result<FromKeeper, LinkError> {
        self.receive_with_descriptor(true).map(|(message, _)| message)
    }

    pub(crate) fn receive_with_descriptor(
        &mut self,
        wait: bool,
    ) -> Result<(FromKeeper, Option<OwnedFd>), LinkError> {
        match self.socket.receive(&mut self.buffer, wait).map_err(gone)? {
            Received::Closed => Err(LinkError::Closed),
            Received::TooLong => Err(LinkError::Protocol(DecodeError::Malformed)),
            Received::Message(length, descriptors) => {
                let message = codec::decode(&self.buffer[..length]).map_err(LinkError::Protocol)?;
                Ok((message, descriptors.into_iter().next()))
            }
        }
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn gone(error: io::Error) -> LinkError {
    match error.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::NotConnected => {
            LinkError::Closed
        }
        _ => LinkError::Io(error),
    }
}
