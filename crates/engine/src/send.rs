//! Sending: which protocol, and what happens when there is no room or no credit.

use fabric::{Class, Peer, Refused};

use crate::backlog::Outgoing;
use crate::envelope::{Announcement, Envelope};
use crate::request::{Owner, State};
use crate::retract::Retraction;
use crate::work::{Part, Pointer, Ticket};
use crate::{Communicator, Error, Lane, RequestId, Status, TypeTag, Work};

/// The bytes of a message.
#[derive(Clone, Copy, Debug)]
pub enum Data {
    /// At most [`fabric::INLINE_BYTES`], copied from the user's buffer before the lane was locked.
    Small {
        /// The bytes; those past `length` are zero.
        bytes: [u8; fabric::INLINE_BYTES],
        /// How many count.
        length: u8,
    },
    /// Bytes in the user's buffer, which stays valid until the send completes.
    Memory {
        /// Where they are.
        from: Pointer,
        /// How many.
        bytes: usize,
    },
}

impl Data {
    /// How many bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Data::Small { length, .. } => *length as usize,
            Data::Memory { bytes, .. } => *bytes,
        }
    }
}

/// When a send is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// When its buffer can be used again.
    Standard,
    /// When, besides, its receive has been matched.
    Synchronous,
    /// As `Standard`; the sender relies on a receive that waits for the message already (MPI 5.0 §3.4). One that doesn't is
    /// counted by the receiver, and gets the message when it comes.
    Ready,
}

/// How far a send came at once.
pub enum Sent {
    /// It is complete.
    Done,
    /// It is complete once this work has run.
    Work(Work),
    /// It goes on; ask for this request.
    Pending(RequestId),
}

pub(crate) struct SendState {
    pub peer: Peer,
    pub envelope: Envelope,
    pub data: Data,
    pub synchronous: bool,
    pub phase: SendPhase,
    pub retraction: Retraction,
    /// The receiver's rank, where the program has named it.
    pub rank: Option<usize>,
}

pub(crate) enum SendPhase {
    /// In its peer's backlog.
    Queued,
    /// Its payload is being copied into the transport's room.
    Filling,
    /// Announced; the receiver has not asked for it.
    Announced,
    /// The receiver asked; so many bytes were handed to the transport.
    Streaming { receive: u64, sent: usize },
}

enum Attempt {
    Done,
    Fill(fabric::Reserved),
    Announce,
    Full,
    Failed,
}

impl Lane {
    /// Sends a message to rank `to`.
    ///
    /// Costs one frame when the receiver granted credit and the message is small enough to go eagerly; otherwise an
    /// announcement, and the payload once its receive is matched.
    ///
    /// # Errors
    /// A rank or tag out of range, or a peer that is known to be gone: before anything is sent.
    #[inline]
    pub fn send(
        &mut self,
        communicator: &Communicator,
        to: usize,
        tag: i32,
        of: TypeTag,
        data: Data,
        mode: Mode,
    ) -> Result<Sent, Error> {
        if tag < 0 {
            return Err(Error::BadTag(tag));
        }
        self.check_serves(communicator)?;
        let peer = self.peer(communicator, to)?;
        self.introduce(peer, of);
        let ready = mode == Mode::Ready;
        let envelope = Envelope { ready, ..Envelope::of_message(communicator, tag, of) };
        let sent = self.send_envelope(peer, envelope, data, mode == Mode::Synchronous, Owner::User);
        match sent {
            Ok(Sent::Pending(request)) => {
                if let Some(State::Send(send)) = self.requests.get_mut(request).map(|r| &mut r.state) {
                    send.rank = Some(to);
                }
                Ok(Sent::Pending(request))
            }
            sent => sent.map_err(|error| error_at_rank(error, to)),
        }
    }

    pub(crate) fn send_envelope(
        &mut self,
        peer: Peer,
        envelope: Envelope,
        data: Data,
        synchronous: bool,
        owner: Owner,
    ) -> Result<Sent, Error> {
        if let Some(cause) = &self.peers[peer.0 as usize].failed {
            let (process, cause) = (self.port.process(peer), cause.clone());
            return Err(Error::PeerFailed { rank: None, process, cause });
        }
        self.told_somebody();
        let state = &self.peers[peer.0 as usize];
        let attempt = match state.backlog.is_empty() && state.control_backlog.is_empty() {
            true => self.attempt(peer, &envelope, &data, synchronous),
            false => Attempt::Full,
        };
        let counters = &mut self.peers[peer.0 as usize].counters;
        counters.messages_sent += 1;
        counters.bytes_sent += data.bytes() as u64;
        let (rank, retraction) = (None, Retraction::default());
        let state =
            |phase| State::Send(SendState { peer, envelope, data, synchronous, phase, retraction, rank });
        match attempt {
            Attempt::Done => Ok(Sent::Done),
            Attempt::Fill(room) => {
                let Data::Memory { from, bytes } = data else { unreachable!("only memory is filled in") };
                self.count_copy(bytes);
                Ok(Sent::Work(Work::Fill { room, from, ticket: None }))
            }
            Attempt::Announce => {
                let request = self.requests.insert(owner, state(SendPhase::Announced));
                self.announce(request);
                Ok(Sent::Pending(request))
            }
            Attempt::Full | Attempt::Failed => {
                let request = self.requests.insert(owner, state(SendPhase::Queued));
                self.enqueue(peer, Outgoing::Message(request));
                Ok(Sent::Pending(request))
            }
        }
    }

    /// Tries to hand a message to the transport, eagerly if it may go so.
    fn attempt(&mut self, peer: Peer, envelope: &Envelope, data: &Data, synchronous: bool) -> Attempt {
        let state = &mut self.peers[peer.0 as usize];
        let bytes = data.bytes();
        if synchronous || bytes > state.eager_bytes || !state.books.spend(bytes) {
            return Attempt::Announce;
        }
        let frame = envelope.frame(true);
        let outcome = match data {
            Data::Small { bytes, length } => {
                self.port.send(peer, Class::Data, frame, &bytes[..*length as usize]).map(|()| Attempt::Done)
            }
            Data::Memory { bytes, .. } => {
                self.port.reserve(peer, Class::Data, frame, *bytes).map(Attempt::Fill)
            }
        };
        let state = &mut self.peers[peer.0 as usize];
        match outcome {
            Ok(attempt) => {
                state.counters.eager_sent += 1;
                attempt
            }
            Err(refused) => {
                state.books.refund(bytes);
                match refused {
                    Refused::Full => {
                        state.counters.waited_for_room += 1;
                        Attempt::Full
                    }
                    Refused::Failed => Attempt::Failed,
                }
            }
        }
    }

    /// Announces a message whose request exists; without room it goes to the backlog.
    fn announce(&mut self, request: RequestId) {
        let Some(State::Send(send)) = self.requests.get_mut(request).map(|r| &mut r.state) else { return };
        let (bytes, address) = match send.data {
            Data::Small { length, .. } => (length as u64, 0),
            Data::Memory { from, bytes } => (bytes as u64, from.address()),
        };
        let announcement = Announcement { bytes, address, send: request.word() }.encode();
        let (peer, frame) = (send.peer, send.envelope.frame(false));
        match self.port.send(peer, Class::Data, frame, &announcement) {
            Ok(()) => {
                send.phase = SendPhase::Announced;
                self.peers[peer.0 as usize].counters.rendezvous_sent += 1;
            }
            Err(_) => {
                send.phase = SendPhase::Queued;
                // Behind nothing: the backlog is empty, or this message stands at its front.
                self.enqueue_front(peer, Outgoing::Message(request));
            }
        }
    }

    /// Tries the messages that wait for room at a peer. Returns work when a payload is to be filled in.
    pub(crate) fn retry_messages(&mut self, peer: Peer) -> Option<Work> {
        while let Some(&Outgoing::Message(request)) = self.peers[peer.0 as usize].backlog.front() {
            let Some(State::Send(send)) = self.requests.get(request).map(|r| &r.state) else {
                self.peers[peer.0 as usize].backlog.pop_front();
                continue;
            };
            let (envelope, data, synchronous) = (send.envelope, send.data, send.synchronous);
            match self.attempt(peer, &envelope, &data, synchronous) {
                Attempt::Done => {
                    self.peers[peer.0 as usize].backlog.pop_front();
                    self.complete(request, Ok(Status::default()));
                }
                Attempt::Fill(room) => {
                    self.peers[peer.0 as usize].backlog.pop_front();
                    let Data::Memory { from, bytes } = data else { unreachable!("only memory is filled in") };
                    self.count_copy(bytes);
                    self.set_phase(request, SendPhase::Filling);
                    self.set_busy(request);
                    return Some(Work::Fill {
                        room,
                        from,
                        ticket: Some(Ticket { request, part: Part::Eager }),
                    });
                }
                Attempt::Announce => {
                    self.peers[peer.0 as usize].backlog.pop_front();
                    self.announce(request);
                    if matches!(
                        self.requests.get(request).map(|r| &r.state),
                        Some(State::Send(SendState { phase: SendPhase::Queued, .. }))
                    ) {
                        return None;
                    }
                }
                Attempt::Full | Attempt::Failed => return None,
            }
        }
        None
    }

    pub(crate) fn set_phase(&mut self, request: RequestId, phase: SendPhase) {
        if let Some(State::Send(send)) = self.requests.get_mut(request).map(|r| &mut r.state) {
            send.phase = phase;
        }
    }
}

/// Names the rank where an error knows only the process.
pub(crate) fn error_at_rank(error: Error, rank: usize) -> Error {
    match error {
        Error::PeerFailed { process, cause, .. } => Error::PeerFailed { rank: Some(rank), process, cause },
        other => other,
    }
}
