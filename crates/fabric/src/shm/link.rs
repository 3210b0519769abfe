//! What a port keeps for one local peer: the two rings, and how things stand.

use std::collections::VecDeque;

use mapped::{Body, Consumer, Producer, Segment};

use super::{KIND_TRANSPORT, Reader};
use crate::{Arrival, Cause, Counters, Frame, Payload, Peer, VOID};

/// One local peer.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) peer: Peer,
    pub(super) slot: u16,
    pub(super) producer: Producer,
    pub(super) consumer: Consumer,
    /// Payloads that the engine holds, in the order of arrival: their marks, and whether they are void (given back as soon as
    /// all before them are).
    held: VecDeque<(u64, bool)>,
    pub(super) standing: Standing,
    /// What a frame that was refused would need: (urgent, bytes).
    pub(super) room_wanted: Option<(bool, usize)>,
    /// Whether the ring is in the port's list of polled ones.
    pub(super) is_hot: bool,
    /// The port's clock of arrivals when the last frame came: the list's least recently used is armed first.
    pub(super) last_arrival: u64,
    pub(super) reader: Option<Reader>,
    pub(super) counters: Counters,
}

/// How things stand with a peer.
#[derive(Debug)]
pub(super) enum Standing {
    Good,
    /// It is known to have failed; what it had sent is still being delivered.
    Ending(Cause),
    /// Its failure was reported.
    Failed,
}

/// What a look at a link's ring gave.
pub(super) enum Taken {
    Nothing,
    Arrival(Arrival),
    /// The peer has failed and nothing more is to come.
    Failed(Cause),
}

impl Link {
    pub(super) fn new(peer: Peer, slot: u16, producer: Producer, consumer: Consumer) -> Link {
        Link {
            peer,
            slot,
            producer,
            consumer,
            held: VecDeque::new(),
            standing: Standing::Good,
            room_wanted: None,
            is_hot: false,
            last_arrival: 0,
            reader: None,
            counters: Counters::default(),
        }
    }

    /// Takes the next frame from the peer's ring.
    #[inline]
    pub(super) fn take(&mut self, bell: Bell<'_>) -> Taken {
        let record = match self.consumer.pop() {
            Ok(Some(record)) => record,
            Ok(None) => return self.nothing(),
            Err(corrupt) => return self.broken(corrupt.what.to_owned()),
        };
        let is_ours = record.kind < KIND_TRANSPORT;
        let payload = match record.body {
            Body::Inline { bytes, length } => Payload::Inline { bytes, length },
            Body::Outline { pointer, length, mark } => {
                self.held.push_back((mark, !is_ours));
                Payload::Mapped { pointer, length: length as usize }
            }
        };
        if self.consumer.publish_is_due() {
            self.publish(bell);
        }
        if !is_ours {
            return self.take_transport(record.kind);
        }
        self.counters.received_frames += 1;
        self.counters.received_bytes += payload.len() as u64;
        let frame = Frame { kind: record.kind, header: record.header };
        Taken::Arrival(Arrival { peer: self.peer, frame, payload })
    }

    /// A frame between the transports.
    #[cold]
    fn take_transport(&mut self, kind: u8) -> Taken {
        match kind {
            VOID => {
                self.release_voids();
                Taken::Nothing
            }
            _ => self.broken(format!("a frame of the unknown kind {kind:#x}")),
        }
    }

    #[cold]
    fn broken(&mut self, what: String) -> Taken {
        self.standing = Standing::Failed;
        Taken::Failed(Cause::Protocol(what))
    }

    fn nothing(&mut self) -> Taken {
        if self.is_good() {
            return Taken::Nothing;
        }
        match std::mem::replace(&mut self.standing, Standing::Failed) {
            Standing::Ending(cause) => Taken::Failed(cause),
            _ => Taken::Nothing,
        }
    }

    /// The engine gives the oldest payload back.
    #[inline]
    pub(super) fn release(&mut self, bell: Bell<'_>, at_once: bool) {
        if let Some((mark, _)) = self.held.pop_front() {
            self.consumer.release(mark);
        }
        self.release_voids();
        if at_once || self.consumer.publish_is_due() {
            self.publish(bell);
        }
    }

    fn release_voids(&mut self) {
        while let Some((mark, true)) = self.held.front() {
            self.consumer.release(*mark);
            self.held.pop_front();
        }
    }

    /// Tells the peer what room it has got back.
    #[cold]
    pub(super) fn publish(&mut self, bell: Bell<'_>) {
        if self.consumer.publish() {
            self.counters.wakes += u64::from(bell.ring(self.slot));
        }
    }

    pub(super) fn is_good(&self) -> bool {
        matches!(self.standing, Standing::Good)
    }
}

/// This port's hand on other processes' doorbells.
#[derive(Clone, Copy)]
pub(super) struct Bell<'a> {
    pub(super) segment: &'a Segment,
    pub(super) slot: u16,
    pub(super) lane: u16,
}

impl Bell<'_> {
    /// Rings the doorbell of `receiver`. Returns whether that took a system call.
    #[cold]
    pub(super) fn ring(self, receiver: u16) -> bool {
        self.segment.ring(receiver, self.lane, self.slot)
    }
}
