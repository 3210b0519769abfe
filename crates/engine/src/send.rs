//! Sending: which protocol, and what happens when there is no room or no credit.

use fabric::{Class, Peer, Refused};

use crate::active::frames::Head;
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
    /// A copy of a few bytes; none of more than [`fabric::INLINE_BYTES`].
    #[inline]
    pub fn small(bytes: &[u8]) -> Option<Data> {
        let mut small = [0; fabric::INLINE_BYTES];
        small.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Data::Small { bytes: small, length: bytes.len() as u8 })
    }

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
    /// counted by the receiver, and gets the message when it comes; where programs are checked the sender is told.
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
    /// What goes before the payload.
    pub head: Head,
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
        if ready && sent.is_ok() {
            self.ready_sent(peer, to);
        }
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
        self.send_with_head(peer, envelope, Head::NONE, data, synchronous, owner)
    }

    pub(crate) fn send_with_head(
        &mut self,
        peer: Peer,
        envelope: Envelope,
        head: Head,
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
            true => self.attempt(peer, &envelope, &head, &data, synchronous),
            false => Attempt::Full,
        };
        let counters = &mut self.peers[peer.0 as usize].counters;
        counters.messages_sent += 1;
        counters.bytes_sent += data.bytes() as u64;
        let (rank, retraction) = (None, Retraction::default());
        let state = |phase| {
            State::Send(SendState { peer, envelope, head, data, synchronous, phase, retraction, rank })
        };
        match attempt {
            Attempt::Done => Ok(Sent::Done),
            Attempt::Fill(room) => {
                let Data::Memory { from, bytes } = data else { unreachable!("only memory is filled in") };
                self.count_copy(bytes);
                Ok(Sent::Work(Work::Fill { room, head, from, ticket: None }))
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
    fn attempt(
        &mut self,
        peer: Peer,
        envelope: &Envelope,
        head: &Head,
        data: &Data,
        synchronous: bool,
    ) -> Attempt {
        let state = &mut self.peers[peer.0 as usize];
        let bytes = head.length as usize + data.bytes();
        // The space of a small answer was reserved by its call.
        let is_free = envelope.is_answer() && bytes <= fabric::INLINE_BYTES;
        if synchronous || bytes > state.eager_bytes || !(is_free || state.books.spend(bytes)) {
            return Attempt::Announce;
        }
        let frame = envelope.frame(true);
        let outcome = match data {
            Data::Small { bytes: small, length } if head.length == 0 => {
                self.port.send(peer, Class::Data, frame, &small[..*length as usize]).map(|()| Attempt::Done)
            }
            Data::Small { bytes: small, .. } => {
                let mut all = [0; Head::BYTES_MAX + fabric::INLINE_BYTES];
                let (first, rest) = all.split_at_mut(head.length as usize);
                first.copy_from_slice(head.as_slice());
                rest[..small.len()].copy_from_slice(small);
                self.port.send(peer, Class::Data, frame, &all[..bytes]).map(|()| Attempt::Done)
            }
            Data::Memory { .. } => self.port.reserve(peer, Class::Data, frame, bytes).map(Attempt::Fill),
        };
        let state = &mut self.peers[peer.0 as usize];
        match outcome {
            Ok(attempt) => {
                state.counters.eager_sent += 1;
                attempt
            }
            Err(refused) => {
                if !is_free {
                    state.books.refund(bytes);
                }
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
        let mut all = [0; 24 + Head::BYTES_MAX];
        let length = announcement.len() + send.head.length as usize;
        all[..announcement.len()].copy_from_slice(&announcement);
        all[announcement.len()..].copy_from_slice(&send.head.bytes);
        match self.port.send(peer, Class::Data, frame, &all[..length]) {
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
            let (envelope, head, data) = (send.envelope, send.head, send.data);
            let synchronous = send.synchronous;
            match self.attempt(peer, &envelope, &head, &data, synchronous) {
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
                        head,
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
