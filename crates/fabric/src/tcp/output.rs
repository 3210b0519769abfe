//! What one link sends: what waits, and what has gone and may have to go again.
//!
//! ```text
//!   acknowledged | unacknowledged: handed to a socket | waiting
//!   forgotten    | kept: a new connection may begin   | not sent yet
//!                  again anywhere in it               |
//! ```
//! The stream is a sequence of bytes, and where connections begin and end in it makes no difference. Frames are put together
//! here and sent from here, so that keeping them costs no copy: small ones behind one another, large ones (reserved) in the
//! memory in which they were filled.

use super::codec::{ACK_BYTES, ACK_OF_ACKS_BYTES, HEADER_BYTES};
use super::hub::Hub;
use super::reserved::{Place, Reserved};
use super::spares::Spares;
use crate::{Class, Frame};
use os::socket::Socket;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::Arc;

/// Bytes of data frames that may wait on a link beyond what the kernel holds: two of the largest frames, so that one
/// can be filled while the other is on its way.
pub(super) const OUTPUT_BYTES_MAX: usize = 128 << 10;

/// Bytes that are kept for a link in all: what may be on its way, in both kernels and in between, at a time.
pub(super) const WINDOW_BYTES: usize = 1 << 20;
const _: () = assert!(
    WINDOW_BYTES >= ACK_BYTES + ACK_OF_ACKS_BYTES + 2 * OUTPUT_BYTES_MAX,
    "a peer that has read everything leaves room"
);

/// Bytes beyond both that control frames may use: about a hundred of them.
pub(super) const CONTROL_BYTES: usize = 8 << 10;

/// Small frames are put together up to this size. (The first ones of a quiet link are in less.)
const PIECE_BYTES: usize = 32 << 10;
const FIRST_PIECE_BYTES: usize = 4 << 10;

/// Reserved frames up to this size are put together with others once they are complete; so their memory is not kept.
const JOINED_BYTES_MAX: usize = 2 << 10;

/// Pieces that one call sends.
const PIECES_MAX: usize = 16;

/// A queue of bytes, in the order of the frames.
#[derive(Default)]
pub(super) struct Output {
    pieces: VecDeque<Piece>,
    /// How much of the first piece was acknowledged.
    acknowledged: usize,
    /// The first piece that is not sent entirely, or the last one; and how much of it was sent. (0 where it is awaited.)
    next: usize,
    sent: usize,
    /// Bytes that were sent and not acknowledged.
    unacknowledged: usize,
    /// Bytes that wait, reserved frames included.
    waiting: usize,
    /// Bytes that were acknowledged since the stream began.
    base: u64,
}

enum Piece {
    Bytes(Vec<u8>),
    /// A reserved frame, with its header.
    Awaited(Place),
}

/// The peer claims to have received what was never sent, or to have forgotten what it had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WrongCount;

impl Output {
    /// Whether nothing waits.
    #[inline]
    pub(super) fn is_sent(&self) -> bool {
        self.waiting == 0
    }

    /// Whether the peer is known to have everything.
    pub(super) fn is_delivered(&self) -> bool {
        self.waiting + self.unacknowledged == 0
    }

    /// Bytes that were acknowledged.
    pub(super) fn base(&self) -> u64 {
        self.base
    }

    /// Bytes that wait.
    #[inline]
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Whether a frame with so many bytes of payload may be added.
    #[inline]
    pub(super) fn has_room(&self, class: Class, length: usize) -> bool {
        let more = match class {
            Class::Data => 0,
            Class::Control => CONTROL_BYTES,
        };
        let waiting = self.waiting + HEADER_BYTES + length;
        (self.waiting == 0 || waiting <= OUTPUT_BYTES_MAX + more)
            && self.unacknowledged + waiting <= WINDOW_BYTES + more
    }

    /// Whether there is so much room that a sender who was refused should hear of it.
    pub(super) fn has_much_room(&self) -> bool {
        self.waiting <= OUTPUT_BYTES_MAX / 2
            && self.unacknowledged + self.waiting <= WINDOW_BYTES - OUTPUT_BYTES_MAX
    }

    /// Adds bytes.
    #[inline]
    pub(super) fn push(&mut self, parts: [&[u8]; 2], spares: &mut Spares) {
        let bytes = parts[0].len() + parts[1].len();
        self.waiting += bytes;
        if let Some(Piece::Bytes(last)) = self.pieces.back_mut()
            && last.capacity() - last.len() >= bytes
        {
            parts.iter().for_each(|part| last.extend_from_slice(part));
            return;
        }
        let room = if self.pieces.is_empty() { FIRST_PIECE_BYTES } else { PIECE_BYTES };
        let mut piece = spares.take(room.max(bytes));
        piece.clear();
        parts.iter().for_each(|part| piece.extend_from_slice(part));
        self.pieces.push_back(Piece::Bytes(piece));
    }

    /// Takes a frame's place.
    pub(super) fn reserve(
        &mut self,
        frame: Frame,
        length: usize,
        hub: &Arc<Hub>,
        spares: &mut Spares,
    ) -> Reserved {
        let place = Place::default();
        self.waiting += HEADER_BYTES + length;
        self.pieces.push_back(Piece::Awaited(Arc::clone(&place)));
        Reserved::new(frame, length, spares.take(HEADER_BYTES + length), place, hub.clone())
    }

    /// Whether what is to be sent next is a reserved frame that is not published.
    pub(super) fn awaits(&mut self) -> bool {
        self.pass_sent();
        match self.pieces.get(self.next) {
            Some(Piece::Awaited(place)) => place.lock().expect("no panic while locked").is_none(),
            _ => false,
        }
    }

    /// Sends what the socket takes.
    ///
    /// # Errors
    /// The socket's, except that it is full.
    #[inline]
    pub(super) fn flush(&mut self, socket: &Socket, spares: &mut Spares) -> io::Result<()> {
        while self.waiting > 0 {
            let (offered, taken) = match self.pieces.get(self.next) {
                // The one small frame.
                Some(Piece::Bytes(bytes)) if bytes.len() - self.sent == self.waiting => {
                    (self.waiting, socket.send(&bytes[self.sent..]))
                }
                _ => {
                    self.collect_published(spares);
                    let (slices, count) = self.slices();
                    if count == 0 {
                        return Ok(());
                    }
                    let offered = slices[..count].iter().map(|slice| slice.len()).sum();
                    (offered, socket.send_vectored(&slices[..count]))
                }
            };
            match taken {
                Ok(taken) => {
                    self.advance(taken);
                    if taken < offered {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// What can be sent, as far as one call does it.
    fn slices(&self) -> ([IoSlice<'_>; PIECES_MAX], usize) {
        let mut slices = [IoSlice::new(&[]); PIECES_MAX];
        let mut count = 0;
        for (piece, slice) in self.pieces.iter().skip(self.next).zip(&mut slices) {
            let Piece::Bytes(bytes) = piece else { break };
            *slice = IoSlice::new(if count == 0 { &bytes[self.sent..] } else { bytes });
            count += 1;
        }
        (slices, count)
    }

    /// Hands what waits to `taker`, which says how much of it it took, and forgets that.
    pub(super) fn drain(&mut self, mut taker: impl FnMut(&[u8]) -> usize, spares: &mut Spares) {
        loop {
            self.collect_published(spares);
            let (slices, count) = self.slices();
            if count == 0 || slices[0].is_empty() {
                return;
            }
            let (taken, offered) = (taker(&slices[0]), slices[0].len());
            self.advance(taken);
            self.acknowledge(self.end(), spares).expect("as much as was taken");
            if taken < offered {
                return;
            }
        }
    }

    /// Up to where the stream was handed to sockets.
    fn end(&self) -> u64 {
        self.base + self.unacknowledged as u64
    }

    /// Steps over pieces that were sent.
    fn pass_sent(&mut self) {
        while let Some(Piece::Bytes(bytes)) = self.pieces.get(self.next)
            && bytes.len() == self.sent
            && self.next + 1 < self.pieces.len()
        {
            (self.next, self.sent) = (self.next + 1, 0);
        }
    }

    /// Turns reserved frames that are next and published into bytes.
    fn collect_published(&mut self, spares: &mut Spares) {
        self.pass_sent();
        let mut at = self.next;
        while at < self.pieces.len().min(self.next + PIECES_MAX) {
            if let Piece::Awaited(place) = &self.pieces[at] {
                let Some(bytes) = place.lock().expect("no panic while locked").take() else { return };
                if self.join(at, &bytes) {
                    self.pieces.remove(at);
                    spares.give(bytes);
                    continue;
                }
                self.pieces[at] = Piece::Bytes(bytes);
            }
            at += 1;
        }
    }

    /// Puts a small frame behind the piece before it, if there is room. Whether there was.
    fn join(&mut self, at: usize, bytes: &[u8]) -> bool {
        if bytes.len() > JOINED_BYTES_MAX || at == 0 {
            return false;
        }
        let Piece::Bytes(before) = &mut self.pieces[at - 1] else { return false };
        if before.capacity() - before.len() < bytes.len() {
            return false;
        }
        if at == self.next {
            (self.next, self.sent) = (at - 1, before.len());
        }
        before.extend_from_slice(bytes);
        true
    }

    fn advance(&mut self, mut taken: usize) {
        (self.waiting, self.unacknowledged) = (self.waiting - taken, self.unacknowledged + taken);
        while let Some(Piece::Bytes(bytes)) = self.pieces.get(self.next) {
            let rest = bytes.len() - self.sent;
            if taken <= rest {
                self.sent += taken;
                return;
            }
            taken -= rest;
            (self.next, self.sent) = (self.next + 1, 0);
        }
    }

    /// The peer has the stream up to `end`: forgets that. Older news don't matter.
    ///
    /// # Errors
    /// When so much was never sent.
    pub(super) fn acknowledge(&mut self, end: u64, spares: &mut Spares) -> Result<(), WrongCount> {
        if end > self.end() {
            return Err(WrongCount);
        }
        let mut rest = end.saturating_sub(self.base) as usize;
        self.base += rest as u64;
        self.unacknowledged -= rest;
        while rest > 0 {
            let Some(Piece::Bytes(first)) = self.pieces.front_mut() else { unreachable!("it was sent") };
            let left = first.len() - self.acknowledged;
            if rest < left || self.pieces.len() == 1 {
                self.acknowledged += rest;
                break;
            }
            rest -= left;
            self.acknowledged = 0;
            if let Some(Piece::Bytes(first)) = self.pieces.pop_front() {
                spares.give(first);
            }
            if self.next == 0 {
                self.sent = 0;
            } else {
                self.next -= 1;
            }
        }
        // From the start again.
        if let Some(Piece::Bytes(only)) = self.pieces.front_mut()
            && self.next == 0
            && self.acknowledged == only.len()
            && self.waiting == 0
        {
            only.clear();
            (self.acknowledged, self.sent) = (0, 0);
        }
        Ok(())
    }

    /// Whether the stream can go on from `end` of it.
    pub(super) fn can_resume(&self, end: u64) -> bool {
        (self.base..=self.end()).contains(&end)
    }

    /// A new connection goes on from `end`, which the peer has: what was sent beyond it is sent again.
    ///
    /// # Errors
    /// When that is no part of what is kept.
    pub(super) fn resume(&mut self, end: u64, spares: &mut Spares) -> Result<(), WrongCount> {
        if !self.can_resume(end) {
            return Err(WrongCount);
        }
        self.acknowledge(end, spares)?;
        self.waiting += std::mem::take(&mut self.unacknowledged);
        (self.next, self.sent) = (0, self.acknowledged);
        Ok(())
    }

    /// Gives back what a quiet link needs not keep: all but what is not acknowledged.
    pub(super) fn shrink(&mut self, spares: &mut Spares) {
        if self.waiting > 0 || self.pieces.len() != 1 {
            return;
        }
        if self.unacknowledged == 0 {
            if let Some(Piece::Bytes(only)) = self.pieces.pop_front() {
                spares.give(only);
            }
            (self.acknowledged, self.next, self.sent) = (0, 0, 0);
        } else if let Some(Piece::Bytes(only)) = self.pieces.front_mut()
            && only.capacity() > 2 * self.unacknowledged
        {
            let kept = only[self.acknowledged..].to_vec();
            (self.acknowledged, self.sent) = (0, kept.len());
            spares.give(std::mem::replace(only, kept));
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Output::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Chance;
    use crate::tcp::codec::{FRAME_BYTES_MAX, encode};
    use crate::tcp::input::parse_stream;

    /// One direction of a link over connections that are cut: what is sent, what is on its way, what has come.
    struct Stream {
        output: Output,
        spares: Spares,
        hub: Arc<Hub>,
        on_its_way: VecDeque<u8>,
        received: Vec<u8>,
        /// Frames that were reserved and are not published.
        reserved: VecDeque<(Reserved, Vec<u8>)>,
        /// All bytes of all frames.
        whole: Vec<u8>,
    }

    impl Stream {
        fn new() -> Stream {
            Stream {
                output: Output::default(),
                spares: Spares::default(),
                hub: Hub::new().unwrap(),
                on_its_way: VecDeque::new(),
                received: Vec::new(),
                reserved: VecDeque::new(),
                whole: Vec::new(),
            }
        }

        /// Adds a frame if there is room for it.
        fn add(&mut self, word: u64, length: usize, reserve: bool) -> bool {
            if !self.output.has_room(Class::Data, length) {
                return false;
            }
            let frame = Frame { kind: 3, header: [word; 3] };
            let payload: Vec<u8> = (0..length).map(|at| (at as u64 * 7 + word) as u8).collect();
            self.whole.extend(encode(&frame, length));
            self.whole.extend(&payload);
            if reserve {
                let reserved = self.output.reserve(frame, length, &self.hub, &mut self.spares);
                self.reserved.push_back((reserved, payload));
            } else {
                self.output.push([&encode(&frame, length), &payload], &mut self.spares);
            }
            true
        }

        fn publish(&mut self, at: usize) {
            let Some((reserved, payload)) = self.reserved.remove(at) else { return };
            let (room, length) = reserved.room();
            assert_eq!(length, payload.len());
            // SAFETY: the room has that length and is ours until it is published.
            unsafe { std::ptr::copy_nonoverlapping(payload.as_ptr(), room, length) };
            reserved.publish();
        }

        /// A socket takes so many bytes at most.
        fn send(&mut self, most: usize) {
            let mut left = most;
            while left > 0 {
                self.output.collect_published(&mut self.spares);
                let (slices, count) = self.output.slices();
                let Some(first) = slices[..count].first().filter(|first| !first.is_empty()) else { return };
                let taken = first.len().min(left);
                self.on_its_way.extend(&first[..taken]);
                self.output.advance(taken);
                left -= taken;
            }
        }

        fn receive(&mut self, most: usize) {
            let count = most.min(self.on_its_way.len());
            self.received.extend(self.on_its_way.drain(..count));
        }

        fn acknowledge(&mut self, end: u64) {
            self.output.acknowledge(end, &mut self.spares).unwrap();
        }

        /// What is on its way is lost; the next connection goes on behind what has come.
        fn cut(&mut self) {
            self.on_its_way.clear();
            self.output.resume(self.received.len() as u64, &mut self.spares).unwrap();
        }

        fn check(&self) {
            let kept: usize = self
                .output
                .pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Bytes(bytes) => bytes.len(),
                    Piece::Awaited(place) => place.lock().unwrap().as_ref().map_or(0, Vec::len),
                })
                .sum();
            let awaited: usize = self.reserved.iter().map(|(_, payload)| HEADER_BYTES + payload.len()).sum();
            let Output { acknowledged, unacknowledged, waiting, base, .. } = &self.output;
            assert!(
                kept + awaited >= acknowledged + unacknowledged + waiting,
                "what may be asked for is kept"
            );
            assert_eq!(*base as usize + unacknowledged + waiting, self.whole.len());
            assert!(self.whole.starts_with(&self.received));
        }
    }

    #[test]
    fn a_stream_goes_on_wherever_it_is_cut() {
        let whole = |stream: &mut Stream| {
            for (word, length) in [0, 8, 40, 300, 1, 33, 700, 0].into_iter().enumerate() {
                assert!(stream.add(word as u64, length, word % 3 == 1));
            }
            (0..3).for_each(|_| stream.publish(0));
        };
        let mut stream = Stream::new();
        whole(&mut stream);
        for came in 0..=stream.whole.len() {
            for sent in [came, (came + 50).min(stream.whole.len()), usize::MAX] {
                let mut stream = Stream::new();
                whole(&mut stream);
                stream.send(sent);
                stream.receive(came);
                stream.cut();
                stream.check();
                stream.send(usize::MAX);
                stream.receive(usize::MAX);
                assert!(stream.received == stream.whole, "sent {sent}, came {came}");
                stream.acknowledge(stream.whole.len() as u64);
                assert!(stream.output.is_delivered());
            }
        }
        let (frames, malformed) = parse_stream([&stream.whole[..]]);
        assert_eq!((frames.len(), malformed), (8, None));
    }

    #[test]
    fn whatever_happens_in_whatever_order_nothing_is_lost_or_doubled() {
        for seed in 0..300 {
            let (mut stream, mut chance) = (Stream::new(), Chance::new(seed));
            let (mut word, mut acknowledged) = (0, 0);
            for _ in 0..400 {
                match chance.below(14) {
                    0..=4 => {
                        let most = [40, 3_000, FRAME_BYTES_MAX as u64 + 1][chance.below(3) as usize];
                        let length = chance.below(most) as usize;
                        word += u64::from(stream.add(word, length, chance.below(2) == 0));
                    }
                    5 | 6 if !stream.reserved.is_empty() => {
                        stream.publish(chance.below(stream.reserved.len() as u64) as usize);
                    }
                    7 | 8 => stream.send(chance.below(150_000) as usize),
                    9 | 10 => stream.receive(chance.below(150_000) as usize),
                    11 => {
                        // News may be late, and old ones may come again.
                        let came = stream.received.len() as u64;
                        let end = acknowledged + chance.below(came - acknowledged + 1);
                        stream.acknowledge(end);
                        acknowledged = end.saturating_sub(chance.below(3));
                    }
                    12 => stream.output.shrink(&mut stream.spares),
                    13 => {
                        stream.cut();
                        acknowledged = stream.received.len() as u64;
                    }
                    _ => {}
                }
                stream.check();
            }
            (0..stream.reserved.len()).for_each(|_| stream.publish(0));
            stream.send(usize::MAX);
            stream.receive(usize::MAX);
            assert!(stream.received == stream.whole, "seed {seed}");
            stream.acknowledge(stream.whole.len() as u64);
            stream.check();
            assert!(stream.output.is_delivered() && stream.output.pieces.len() <= 1);
            stream.output.shrink(&mut stream.spares);
            assert!(stream.output.pieces.is_empty());
        }
    }

    #[test]
    fn what_the_peer_cannot_have_is_refused() {
        let mut stream = Stream::new();
        stream.add(0, 100, false);
        stream.send(50);
        assert_eq!(stream.output.acknowledge(51, &mut stream.spares), Err(WrongCount));
        assert_eq!(stream.output.resume(51, &mut stream.spares), Err(WrongCount));
        stream.acknowledge(40);
        stream.acknowledge(10);
        assert_eq!(stream.output.resume(39, &mut stream.spares), Err(WrongCount), "it was forgotten");
        assert_eq!(stream.output.resume(u64::MAX, &mut stream.spares), Err(WrongCount));
        assert_eq!(stream.output.resume(45, &mut stream.spares), Ok(()));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut stream = Stream::new();
        let mut word = 0;
        while stream.add(word, 1_000, false) {
            stream.send(usize::MAX);
            word += 1;
        }
        assert!((WINDOW_BYTES - 2_000..=WINDOW_BYTES).contains(&stream.whole.len()));
        assert!(stream.output.has_room(Class::Control, 100) && !stream.output.has_much_room());
        stream.acknowledge(2 * OUTPUT_BYTES_MAX as u64);
        assert!(stream.output.has_much_room() && stream.add(word, 1_000, false));
    }
}
