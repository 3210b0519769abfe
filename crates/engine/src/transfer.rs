//! Large messages: announced first, then read out of the sender's memory by the receiver, or streamed by the
//! sender in pieces.

use fabric::{Class, Frame, Payload, Peer, Refused};

use crate::active::frames::Head;
use crate::envelope::{DATA, PULL};
use crate::receive::{ReceivePhase, ReceiveState, Target, truncated};
use crate::request::State;
use crate::send::{Data, SendPhase, SendState};
use crate::work::{Delivery, Part, Pointer, Ticket};
use crate::{Error, Lane, RequestId, Status, Work};

impl Lane {
    /// Starts to fetch an announced message, `bytes` of it: by reading, where that is possible and cheaper, else by asking for a
    /// stream, of which no more is kept.
    pub(crate) fn fetch(
        &mut self,
        request: RequestId,
        peer: Peer,
        address: u64,
        send: u64,
        to: Pointer,
        bytes: usize,
    ) -> Option<Work> {
        if let Some(cause) = self.peers[peer.0 as usize].failed.clone() {
            // It was announced while its sender lived, and is lost with it.
            let process = self.port.process(peer);
            let rank = match self.requests.get(request).map(|r| &r.state) {
                Some(State::Receive(receive)) => Some(receive.status.source),
                _ => None,
            };
            self.complete(request, Err(Error::PeerFailed { rank, process, cause }));
            return None;
        }
        if bytes == 0 {
            // It has its message, and is complete once that is said.
            self.set_receive_phase(request, ReceivePhase::Delivering);
            self.acknowledge_read(peer, send, request);
            return None;
        }
        let limits = self.port.limits(peer);
        if address != 0
            && limits.reads
            && limits.read_is_cheaper
            && let Some(reader) = self.port.reader(peer)
            && self.may_follow(peer, address, send, bytes)
        {
            self.set_receive_phase(request, ReceivePhase::Reading { peer, send });
            self.set_busy(request);
            let ticket = Ticket { request, part: Part::Whole };
            return Some(Work::Read { reader, remote: address, to, bytes, ticket });
        }
        self.ask_for_stream(request, peer, send);
        None
    }

    /// Whether an announced address is one to read from. What this process announces to itself is read in place, so it has
    /// to be what was really sent: others that share the segment could have written the announcement.
    fn may_follow(&self, peer: Peer, address: u64, send: u64, bytes: usize) -> bool {
        let announced = |state: &State| match state {
            State::Send(SendState { data: Data::Memory { from, bytes: sent }, phase, .. }) => {
                from.address() == address && *sent >= bytes && matches!(phase, SendPhase::Announced)
            }
            _ => false,
        };
        self.port.process(peer) != self.port.me()
            || self.requests.get(RequestId::from_word(send)).is_some_and(|request| announced(&request.state))
    }

    fn ask_for_stream(&mut self, request: RequestId, peer: Peer, send: u64) {
        self.set_receive_phase(request, ReceivePhase::Streaming { peer, received: 0 });
        self.control(peer, PULL, [send, request.word(), 0], &[]);
    }

    /// The receiver asks for an announced message.
    pub(crate) fn pull_arrived(&mut self, peer: Peer, send: u64, receive: u64) {
        let request = RequestId::from_word(send);
        let Some(State::Send(state)) = self.requests.get_mut(request).map(|r| &mut r.state) else { return };
        if state.peer == peer && matches!(state.phase, SendPhase::Announced) {
            state.phase = SendPhase::Streaming { receive, sent: 0 };
            self.streams.push_back(request);
        }
    }

    /// The receiver has read an announced message.
    pub(crate) fn done_arrived(&mut self, peer: Peer, send: u64) {
        let request = RequestId::from_word(send);
        let announced = matches!(
            self.requests.get(request).map(|r| &r.state),
            Some(State::Send(SendState { peer: to, phase: SendPhase::Announced, .. })) if *to == peer
        );
        if announced {
            self.complete(request, Ok(Status::default()));
        }
    }

    /// Moves the next stream on by a piece. Streams take turns.
    pub(crate) fn advance_streams(&mut self) -> Option<Work> {
        for _ in 0..self.streams.len() {
            let request = self.streams.pop_front()?;
            let Some(State::Send(send)) = self.requests.get(request).map(|r| &r.state) else { continue };
            let SendPhase::Streaming { receive, sent } = send.phase else { continue };
            let (peer, data) = (send.peer, send.data);
            let total = data.bytes();
            match data {
                Data::Small { bytes, length } => {
                    let frame = Frame { kind: DATA, header: [receive, 0, 0] };
                    match self.port.send(peer, Class::Data, frame, &bytes[..length as usize]) {
                        Err(Refused::Full) => self.streams.push_back(request),
                        _ => self.complete(request, Ok(Status::default())),
                    }
                }
                Data::Memory { from, .. } => {
                    let piece = piece_bytes(sent, total, self.peers[peer.0 as usize].piece_bytes);
                    let frame = Frame { kind: DATA, header: [receive, sent as u64, 0] };
                    match self.port.reserve(peer, Class::Data, frame, piece) {
                        Ok(room) => {
                            let sent_now = sent + piece;
                            self.set_phase(request, SendPhase::Streaming { receive, sent: sent_now });
                            if sent_now < total {
                                self.streams.push_back(request);
                            }
                            self.set_busy(request);
                            self.count_copy(piece);
                            let ticket = Ticket { request, part: Part::Streamed };
                            let (head, from) = (Head::NONE, from.offset(sent));
                            return Some(Work::Fill { room, head, from, ticket: Some(ticket) });
                        }
                        // A failed peer's requests are completed when its failure is reported.
                        Err(_) => self.streams.push_back(request),
                    }
                }
            }
        }
        None
    }

    /// A piece of a stream arrived.
    pub(crate) fn data_arrived(&mut self, peer: Peer, header: [u64; 3], payload: Payload) -> Option<Work> {
        let request = RequestId::from_word(header[0]);
        let bytes = payload.len();
        let Some(State::Receive(ReceiveState {
            phase: ReceivePhase::Streaming { peer: from, received },
            target: Target::Buffer { to, capacity, .. },
            status,
            ..
        })) = self.requests.get(request).map(|r| &r.state)
        else {
            // The receive has ended before its time.
            self.port.release(peer, payload);
            return None;
        };
        let is_next = *received as u64 == header[1] && bytes > 0 && bytes <= status.bytes - received;
        if *from != peer || !is_next {
            return self.refuse_frame(peer, payload, "it sent a piece of a message that nobody asked for");
        }
        // What there is no room for is not kept.
        let left = capacity.saturating_sub(*received);
        let (to, fitting) = (to.offset((*received).min(*capacity)), bytes.min(left));
        self.set_busy(request);
        self.count_copy(fitting);
        let from = match payload {
            Payload::Inline { bytes, .. } => Delivery::Inline(bytes),
            mapped => Delivery::Mapped(peer, mapped),
        };
        let ticket = Ticket { request, part: Part::Piece(bytes) };
        Some(Work::Deliver { from, to, bytes: fitting, ticket: Some(ticket) })
    }

    /// A piece has been copied in.
    pub(crate) fn piece_delivered(&mut self, request: RequestId, bytes: usize) {
        if let Some(State::Receive(receive)) = self.requests.get_mut(request).map(|r| &mut r.state)
            && let ReceivePhase::Streaming { received, .. } = &mut receive.phase
        {
            *received += bytes;
            if *received == receive.status.bytes {
                self.complete_receive(request);
            }
        }
    }

    /// A piece has been handed to the transport.
    pub(crate) fn piece_sent(&mut self, request: RequestId) {
        if let Some(State::Send(send)) = self.requests.get(request).map(|r| &r.state)
            && let SendPhase::Streaming { sent, .. } = send.phase
            && sent == send.data.bytes()
        {
            self.complete(request, Ok(Status::default()));
        }
    }

    /// A read has ended: well, or refused by the system, in which case the sender streams.
    pub(crate) fn read_finished(&mut self, request: RequestId, succeeded: bool) {
        let Some(State::Receive(ReceiveState { phase: ReceivePhase::Reading { peer, send }, .. })) =
            self.requests.get(request).map(|r| &r.state)
        else {
            return;
        };
        let (peer, send) = (*peer, *send);
        if succeeded {
            self.peers[peer.0 as usize].counters.read_directly += 1;
            self.acknowledge_read(peer, send, request);
        } else {
            self.ask_for_stream(request, peer, send);
        }
    }

    pub(crate) fn complete_receive(&mut self, request: RequestId) {
        if let Some(State::Receive(receive)) = self.requests.get(request).map(|r| &r.state) {
            let status = receive.status;
            let outcome = match receive.target {
                Target::Buffer { capacity, .. } if status.bytes > capacity => {
                    Err(truncated(&status, capacity, false))
                }
                _ => Ok(status),
            };
            self.complete(request, outcome);
        }
    }

    fn set_receive_phase(&mut self, request: RequestId, phase: ReceivePhase) {
        if let Some(State::Receive(receive)) = self.requests.get_mut(request).map(|r| &mut r.state) {
            receive.phase = phase;
        }
    }
}

/// The size of a stream's next piece. While the first piece is written the receiver has nothing to read, and while it reads the
/// last the sender has nothing to write: the pieces grow from small ones and shrink to small ones.
fn piece_bytes(sent: usize, total: usize, piece_bytes_max: usize) -> usize {
    let left = total - sent;
    let bytes = piece_bytes_max.min(sent.max(PIECE_BYTES_MIN)).min((left / 2).max(PIECE_BYTES_MIN));
    // Whole cache lines, but for the last piece.
    if bytes >= left { left } else { bytes.next_multiple_of(64).min(piece_bytes_max) }
}

/// The first and the last piece of a stream: what takes about as long to copy as a frame costs.
const PIECE_BYTES_MIN: usize = 8 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(total: usize, max: usize) -> Vec<usize> {
        let mut pieces = Vec::new();
        let mut sent = 0;
        while sent < total {
            let piece = piece_bytes(sent, total, max);
            assert!(piece > 0 && piece <= max && piece <= total - sent, "{total} {max} {sent} {piece}");
            pieces.push(piece);
            sent += piece;
        }
        pieces
    }

    #[test]
    fn pieces_grow_and_shrink_and_are_all() {
        for max in [1, 63, 64, 1000, 8 << 10, 32 << 10, 63 << 10, 65_504] {
            for total in [1, 2, 63, 64, 65, 1000, 8191, 8192, 8193, 20_000, 100_000, 1_000_003] {
                assert_eq!(pieces(total, max).iter().sum::<usize>(), total);
            }
        }
        let large = pieces(4 << 20, 63 << 10);
        assert!(large[0] == 8 << 10 && large[1] == 8 << 10 && large[2] == 16 << 10, "{large:?}");
        assert!(*large.last().unwrap() <= 8 << 10);
        assert!(large.len() < (4 << 20) / (63 << 10) + 10);
    }
}
