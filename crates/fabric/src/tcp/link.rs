//! What a port knows of one peer.

use super::input::Input;
use super::output::Output;
use crate::{Cause, Counters};
use os::Time;
use os::epoll::Interest;
use os::socket::Socket;
use std::io;
use std::net::SocketAddr;
use wire::ProcessId;

/// One peer.
pub(super) struct Link {
    pub(super) process: ProcessId,
    pub(super) state: State,
    pub(super) output: Output,
    pub(super) input: Input,
    pub(super) counters: Counters,
    /// In the port's list of links to parse.
    pub(super) queued: bool,
    /// A sender was refused and has not been told of room since.
    pub(super) wanted: bool,
    /// Not read from until payloads are released.
    pub(super) stalled: bool,
    /// What the epoll set has been told.
    pub(super) interest: Interest,
    /// The peer has said farewell.
    pub(super) left: bool,
    /// We have.
    pub(super) farewell_sent: bool,
    /// Sending has failed: what was received is still read, then the link ends.
    pub(super) broken: bool,
    /// The runtime has said that the peer is gone: what was received is still read.
    pub(super) due: Option<Cause>,
    /// Until when, at the latest, such a stream is read.
    pub(super) ends_by: Option<Time>,
    /// The stream is over: to be reported when everything received has been taken.
    pub(super) ended: Option<Cause>,
    /// Until when the end of the stream waits for the runtime's word on how the process ended.
    pub(super) explained_by: Option<Time>,
    /// Empty looks at the socket since the last bytes.
    pub(super) misses: u32,
}

pub(super) enum State {
    /// Its card is wanted.
    Unresolved,
    /// Its card is known; connected when there is something to send.
    Reachable(Box<Dial>),
    Open(Socket),
    /// The stream is over, which is not reported yet.
    Closed,
    /// The port's own process: what is sent is received without a socket.
    Own,
    /// Reported as failed.
    Gone,
}

/// Attempts to reach a peer.
pub(super) struct Dial {
    pub(super) addresses: Vec<Address>,
    /// Connections under way.
    pub(super) contacts: u32,
    /// Rounds of attempts that failed in a row, and when the second of them did.
    pub(super) failures: u32,
    pub(super) failing_since: Option<Time>,
    /// When to try again.
    pub(super) retry_at: Option<Time>,
    /// What went wrong last.
    pub(super) error: String,
}

pub(super) struct Address {
    pub(super) address: SocketAddr,
    /// Whoever answers there is not the peer, as far as we know.
    pub(super) doubtful: bool,
}

impl Link {
    pub(super) fn new(process: ProcessId) -> Link {
        Link {
            process,
            state: State::Unresolved,
            output: Output::default(),
            input: Input::default(),
            counters: Counters::default(),
            queued: false,
            wanted: false,
            stalled: false,
            interest: Interest::READ,
            left: false,
            farewell_sent: false,
            broken: false,
            due: None,
            ends_by: None,
            ended: None,
            explained_by: None,
            misses: 0,
        }
    }

    /// Whether nothing can be sent any more.
    #[inline]
    pub(super) fn refuses(&self) -> bool {
        self.farewell_sent || self.refuses_for_good()
    }

    /// Whether there will be no connection any more.
    pub(super) fn refuses_for_good(&self) -> bool {
        self.broken || self.due.is_some() || self.ended.is_some() || matches!(self.state, State::Gone)
    }

    pub(super) fn dial(&mut self) -> Option<&mut Dial> {
        match &mut self.state {
            State::Reachable(dial) => Some(dial),
            _ => None,
        }
    }
}

/// What a broken connection says of the peer.
pub(super) fn cause_of(error: &io::Error) -> Cause {
    use io::ErrorKind::{HostUnreachable, NetworkUnreachable, TimedOut};
    match error.kind() {
        TimedOut | HostUnreachable | NetworkUnreachable => Cause::Unreachable(error.to_string()),
        _ => Cause::Died(format!("its connection broke: {error}")),
    }
}
