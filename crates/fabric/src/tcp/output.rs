//! What waits to be sent on one link.

use super::codec::{HEADER_BYTES, encode};
use super::hub::Hub;
use crate::room::Room;
use crate::{Class, Frame, VOID};
use os::socket::Socket;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex};

/// Bytes of data frames that may wait on a link beyond what the kernel holds: two of the largest frames, so that one
/// can be filled while the other is on its way.
pub(super) const OUTPUT_BYTES_MAX: usize = 128 << 10;

/// Bytes beyond it that control frames may use: about a hundred of them.
pub(super) const CONTROL_BYTES: usize = 8 << 10;

/// Small frames are put together up to this size.
const PIECE_BYTES: usize = 32 << 10;

/// Pieces that one call sends.
const PIECES_MAX: usize = 16;

/// A queue of bytes, in the order of the frames.
#[derive(Default)]
pub(super) struct Output {
    pieces: VecDeque<Piece>,
    /// How much of the first piece was sent.
    sent: usize,
    /// All that waits, reserved frames included.
    bytes: usize,
}

enum Piece {
    Bytes(Vec<u8>),
    /// A reserved frame, with its header; `None` until it is published.
    Awaited(Arc<Mutex<Option<Vec<u8>>>>),
}

/// Vectors to use again, so that the steady state allocates nothing.
#[derive(Default)]
pub(super) struct Spares(Vec<Vec<u8>>);

impl Spares {
    const MAX: usize = 16;

    pub(super) fn take(&mut self) -> Vec<u8> {
        self.0.pop().unwrap_or_default()
    }

    fn give(&mut self, mut spare: Vec<u8>) {
        if self.0.len() < Spares::MAX {
            spare.clear();
            self.0.push(spare);
        }
    }
}

impl Output {
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Bytes that wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether a frame with so many bytes of payload may be added. (Always, when nothing waits.)
    pub(super) fn has_room(&self, class: Class, length: usize) -> bool {
        let most = match class {
            Class::Data => OUTPUT_BYTES_MAX,
            Class::Control => OUTPUT_BYTES_MAX + CONTROL_BYTES,
        };
        self.bytes == 0 || self.bytes + HEADER_BYTES + length <= most
    }

    /// Adds bytes, the first `skip` of which were sent already.
    pub(super) fn push(&mut self, parts: &[&[u8]], mut skip: usize, spares: &mut Spares) {
        let fits = match self.pieces.back() {
            Some(Piece::Bytes(last)) => last.len() < PIECE_BYTES,
            _ => false,
        };
        if !fits {
            self.pieces.push_back(Piece::Bytes(spares.take()));
        }
        let Some(Piece::Bytes(last)) = self.pieces.back_mut() else { unreachable!("it was just put there") };
        for part in parts {
            let rest = &part[skip.min(part.len())..];
            skip -= part.len() - rest.len();
            last.extend_from_slice(rest);
            self.bytes += rest.len();
        }
    }

    /// Takes a frame's place.
    pub(super) fn reserve(
        &mut self,
        frame: Frame,
        length: usize,
        hub: &Arc<Hub>,
        spares: &mut Spares,
    ) -> Reserved {
        let room = Room::new(spares.take(), HEADER_BYTES + length);
        let place = Arc::default();
        self.bytes += HEADER_BYTES + length;
        self.pieces.push_back(Piece::Awaited(Arc::clone(&place)));
        Reserved { frame, room: Some(room), place, hub: hub.clone() }
    }

    /// Whether the front waits for a reserved frame to be published (and for nothing else).
    pub(super) fn awaits(&self) -> bool {
        match self.pieces.front() {
            Some(Piece::Awaited(place)) => place.lock().expect("no panic while locked").is_none(),
            _ => false,
        }
    }

    /// Sends what the socket takes.
    ///
    /// # Errors
    /// The socket's, except that it is full.
    pub(super) fn flush(&mut self, socket: &Socket, spares: &mut Spares) -> io::Result<()> {
        loop {
            self.collect_published();
            let mut slices = [IoSlice::new(&[]); PIECES_MAX];
            let mut count = 0;
            for piece in self.pieces.iter().take(PIECES_MAX) {
                let Piece::Bytes(bytes) = piece else { break };
                slices[count] = IoSlice::new(if count == 0 { &bytes[self.sent..] } else { bytes });
                count += 1;
            }
            if count == 0 {
                return Ok(());
            }
            let offered: usize = slices[..count].iter().map(|slice| slice.len()).sum();
            let taken = match socket.send_vectored(&slices[..count]) {
                Ok(taken) => taken,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            self.advance(taken, spares);
            if taken < offered {
                return Ok(());
            }
        }
    }

    /// Hands what waits to `taker`, which says how much of it it took.
    pub(super) fn drain(&mut self, mut taker: impl FnMut(&[u8]) -> usize, spares: &mut Spares) {
        loop {
            self.collect_published();
            let Some(Piece::Bytes(first)) = self.pieces.front() else { return };
            let rest = &first[self.sent..];
            let (taken, offered) = (taker(rest), rest.len());
            self.advance(taken, spares);
            if taken < offered {
                return;
            }
        }
    }

    /// Turns reserved frames at the front that were published into bytes.
    fn collect_published(&mut self) {
        for piece in self.pieces.iter_mut().take(PIECES_MAX) {
            if let Piece::Awaited(place) = piece {
                let Some(bytes) = place.lock().expect("no panic while locked").take() else { return };
                *piece = Piece::Bytes(bytes);
            }
        }
    }

    fn advance(&mut self, mut taken: usize, spares: &mut Spares) {
        self.bytes -= taken;
        while let Some(Piece::Bytes(first)) = self.pieces.front_mut() {
            let rest = first.len() - self.sent;
            if taken < rest {
                self.sent += taken;
                return;
            }
            taken -= rest;
            self.sent = 0;
            spares.give(std::mem::take(first));
            self.pieces.pop_front();
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Output::default();
    }
}

/// Room for one frame's payload. Publishing lets the frame go; dropping it sends a frame that the receiver skips.
pub struct Reserved {
    frame: Frame,
    /// The header's room, then the payload's.
    room: Option<Room>,
    place: Arc<Mutex<Option<Vec<u8>>>>,
    hub: Arc<Hub>,
}

impl Reserved {
    /// Where to write, and how much.
    pub fn room(&self) -> (*mut u8, usize) {
        let room = self.room.as_ref().expect("only publish and drop take the room");
        (room.pointer().wrapping_add(HEADER_BYTES), room.len() - HEADER_BYTES)
    }

    /// Lets the frame go.
    pub fn publish(mut self) {
        let frame = self.frame;
        self.finish(&frame);
    }

    fn finish(&mut self, frame: &Frame) {
        let Some(room) = self.room.take() else { return };
        let mut bytes = room.into_bytes();
        let header = encode(frame, bytes.len() - HEADER_BYTES);
        bytes[..HEADER_BYTES].copy_from_slice(&header);
        *self.place.lock().expect("no panic while locked") = Some(bytes);
        self.hub.call();
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.finish(&Frame { kind: VOID, header: [0; 3] });
    }
}

impl std::fmt::Debug for Reserved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "tcp::Reserved({:?})", self.room)
    }
}
