//! What a port knows of one peer.

use super::cut::Cut;
use super::input::Input;
use super::output::Output;
use crate::{Cause, Counters};
use control::handshake::Standing;
use os::Time;
use os::epoll::Interest;
use os::socket::Socket;
use std::net::SocketAddr;
use wire::ProcessId;

/// One peer.
pub(super) struct Link {
    pub(super) process: ProcessId,
    pub(super) state: State,
    pub(super) output: Output,
    pub(super) input: Input,
    pub(super) counters: Counters,
    /// Where it can be reached, once its card is known.
    pub(super) addresses: Vec<SocketAddr>,
    /// Whether its latest connection stayed on this host.
    pub(super) is_here: bool,
    /// Bytes of its stream that were received, up to where it has been told so, and those since then that are no acknowledgements.
    pub(super) received: u64,
    pub(super) told: u64,
    pub(super) owed: usize,
    /// Attempts of ours to connect, and the latest of the peer's that counts.
    pub(super) attempts: u64,
    pub(super) heard: u64,
    /// It has no connection now, and had one.
    pub(super) cut: Option<Box<Cut>>,
    /// How often in a row it was cut before anything more went over it, how much had gone over it then, and since when that is
    /// so although something waits.
    pub(super) idle_cuts: u32,
    pub(super) progress: u64,
    pub(super) idle_since: Time,
    /// When its connection came about.
    pub(super) opened_at: Time,
    /// What was received when somebody looked whether the link is quiet.
    pub(super) received_then: u64,
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
    /// The runtime has said that it left in order, while its connection was cut.
    pub(super) left_job: bool,
    /// We have said farewell.
    pub(super) farewell_sent: bool,
    /// Sending has failed: what was received is still read, then the connection is lost.
    pub(super) broken: bool,
    pub(super) why_broken: String,
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
    /// The connection is gone; what it brought is being taken.
    Lost,
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

impl Dial {
    pub(super) fn new(addresses: &[SocketAddr]) -> Dial {
        Dial {
            addresses: addresses
                .iter()
                .map(|address| Address { address: *address, doubtful: false })
                .collect(),
            contacts: 0,
            failures: 0,
            failing_since: None,
            retry_at: None,
            error: String::new(),
        }
    }
}

impl Link {
    pub(super) fn new(process: ProcessId) -> Link {
        Link {
            process,
            state: State::Unresolved,
            output: Output::default(),
            input: Input::default(),
            counters: Counters::default(),
            addresses: Vec::new(),
            is_here: false,
            received: 0,
            told: 0,
            owed: 0,
            attempts: 0,
            heard: 0,
            cut: None,
            idle_cuts: 0,
            progress: 0,
            idle_since: Time(0),
            opened_at: Time(0),
            received_then: 0,
            queued: false,
            wanted: false,
            stalled: false,
            interest: Interest::READ,
            left: false,
            left_job: false,
            farewell_sent: false,
            broken: false,
            why_broken: String::new(),
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
        self.due.is_some() || self.ended.is_some() || matches!(self.state, State::Gone)
    }

    /// Bytes of acknowledgements that were received and of which the peer has not been told.
    pub(super) fn untold_acknowledgements(&self) -> u64 {
        (self.received - self.told).saturating_sub(self.owed as u64)
    }

    /// Whether more has come, or is known to have arrived, than when this was last asked.
    pub(super) fn has_progressed(&mut self) -> bool {
        let progress = self.received + self.output.base();
        std::mem::replace(&mut self.progress, progress) < progress
    }

    /// Where it stands.
    pub(super) fn standing(&self) -> Standing {
        Standing { attempt: self.attempts, received: self.received }
    }

    /// Whether a connection that is cut is to be made again.
    pub(super) fn goes_on(&self) -> bool {
        let said_all = self.farewell_sent && self.output.is_delivered();
        self.due.is_none() && self.ended.is_none() && !self.left && !said_all
    }

    /// Whether it is to be connected.
    pub(super) fn awaits_connection(&self) -> bool {
        matches!(self.state, State::Reachable(_))
            || (self.cut.is_some() && matches!(self.state, State::Unresolved))
    }

    pub(super) fn dial(&mut self) -> Option<&mut Dial> {
        match &mut self.state {
            State::Reachable(dial) => Some(dial),
            _ => None,
        }
    }
}
