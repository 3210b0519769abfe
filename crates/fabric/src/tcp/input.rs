//! What was received on one link, parsed where it lies.

use super::codec::{FRAME_BYTES_MAX, HEADER_BYTES, Malformed, decode};
use crate::{Frame, INLINE_BYTES, Payload, VOID};
use os::socket::Socket;
use std::cell::Cell;
use std::collections::VecDeque;
use std::io;

/// Bytes of a receive buffer. A link has one while it holds something, others take theirs from the port's pool.
const CHUNK_BYTES: usize = 128 << 10;
const _: () = assert!(CHUNK_BYTES >= 2 * (HEADER_BYTES + FRAME_BYTES_MAX));

/// Buffers that a link may fill with payloads that the owner has not released, before it is read no further (and TCP
/// holds back the sender).
const CHUNKS_MAX: usize = 4;

/// A buffer. Payloads in it are read through pointers while more is received behind them; hence the cells.
struct Chunk {
    cells: Vec<Cell<u8>>,
    /// Filled up to here.
    end: usize,
    /// Payloads in it that are not released yet.
    held: u32,
}

/// Empty buffers of all links of a port.
#[derive(Default)]
pub(super) struct Pool(Vec<Vec<Cell<u8>>>);

impl Pool {
    const MAX: usize = 4;

    fn take(&mut self) -> Chunk {
        let cells = self.0.pop().unwrap_or_else(|| vec![Cell::new(0); CHUNK_BYTES]);
        Chunk { cells, end: 0, held: 0 }
    }

    fn give(&mut self, chunk: Chunk) {
        if self.0.len() < Pool::MAX {
            self.0.push(chunk.cells);
        }
    }
}

/// How a look at the socket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looked {
    /// So many bytes came.
    Some(usize),
    /// Nothing is there now.
    Nothing,
    /// Payloads must be released first.
    NoRoom,
    /// The other side sends no more.
    End,
}

/// The buffers of one link. The last one is being filled and parsed; those before it are held by payloads.
#[derive(Default)]
pub(super) struct Input {
    chunks: VecDeque<Chunk>,
    /// Where in the last buffer the next frame starts.
    parsed: usize,
}

impl Input {
    /// Reads from the socket once.
    ///
    /// # Errors
    /// The socket's.
    #[inline]
    pub(super) fn receive(&mut self, socket: &Socket, pool: &mut Pool) -> io::Result<Looked> {
        if !self.make_room(pool) {
            return Ok(if self.is_full() { Looked::Nothing } else { Looked::NoRoom });
        }
        let last = self.chunks.back_mut().expect("made");
        let looked = match socket.receive(&last.cells[last.end..]) {
            Ok(0) => Ok(Looked::End),
            Ok(count) => {
                last.end += count;
                return Ok(Looked::Some(count));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Looked::Nothing),
            Err(error) => Err(error),
        };
        self.give_back(pool);
        looked
    }

    /// Takes bytes that came another way, as many as there is room for; how many that were.
    pub(super) fn take(&mut self, bytes: &[u8], pool: &mut Pool) -> usize {
        let mut taken = 0;
        while taken < bytes.len() && self.make_room(pool) {
            let last = self.chunks.back_mut().expect("made");
            let count = (last.cells.len() - last.end).min(bytes.len() - taken);
            for (cell, byte) in last.cells[last.end..].iter().zip(&bytes[taken..taken + count]) {
                cell.set(*byte);
            }
            last.end += count;
            taken += count;
            if last.end == last.cells.len() {
                // What is here is parsed before there is more room.
                break;
            }
        }
        taken
    }

    /// The next complete frame, if there is one.
    ///
    /// # Errors
    /// When the peer breaks the protocol.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<(Frame, Payload)>, Malformed> {
        let Some(last) = self.chunks.back_mut() else { return Ok(None) };
        let (frame, length, body) = loop {
            let rest = &last.cells[self.parsed..last.end];
            let Some((frame, length)) = header(rest)? else { return Ok(None) };
            let Some(body) = rest.get(HEADER_BYTES..HEADER_BYTES + length) else { return Ok(None) };
            if frame.kind != VOID {
                break (frame, length, body);
            }
            self.parsed += HEADER_BYTES + length;
        };
        let payload = if length <= INLINE_BYTES {
            let mut bytes = [0; INLINE_BYTES];
            copy(body, &mut bytes);
            Payload::Inline { bytes, length: length as u8 }
        } else {
            last.held += 1;
            Payload::Mapped { pointer: body.as_ptr().cast(), length }
        };
        self.parsed += HEADER_BYTES + length;
        if self.parsed == last.end && last.held == 0 {
            (self.parsed, last.end) = (0, 0);
        }
        Ok(Some((frame, payload)))
    }

    /// Gives back the oldest payload that is held.
    ///
    /// # Panics
    /// If `payload` is another one.
    pub(super) fn release(&mut self, payload: &Payload, pool: &mut Pool) {
        let Payload::Mapped { pointer, .. } = payload else { return };
        let first =
            self.chunks.iter().position(|chunk| chunk.held > 0).expect("a payload is held until released");
        let is_last = first + 1 == self.chunks.len();
        let chunk = &mut self.chunks[first];
        let inside = chunk.cells.as_ptr_range().contains(&pointer.cast());
        assert!(inside, "payloads of a peer are released in the order of their arrival");
        chunk.held -= 1;
        if chunk.held > 0 {
            return;
        }
        if is_last {
            if self.parsed == chunk.end {
                (self.parsed, chunk.end) = (0, 0);
            }
        } else if let Some(chunk) = self.chunks.remove(first) {
            pool.give(chunk);
        }
    }

    /// Parses no further. What is held stays so until released.
    pub(super) fn discard(&mut self) {
        self.parsed = self.chunks.back().map_or(0, |last| last.end);
    }

    /// Whether all of the last buffer waits to be parsed: whoever reads again before that finds no room, and nothing to be released.
    fn is_full(&self) -> bool {
        self.chunks
            .back()
            .is_some_and(|last| last.held == 0 && self.parsed == 0 && last.end == last.cells.len())
    }

    /// Makes sure that the last buffer has room for the rest of the frame at its end, or for a header at least.
    fn make_room(&mut self, pool: &mut Pool) -> bool {
        let all_used = self.chunks.len() == CHUNKS_MAX;
        let Some(last) = self.chunks.back_mut() else {
            self.parsed = 0;
            self.chunks.push_back(pool.take());
            return true;
        };
        let rest = &last.cells[self.parsed..last.end];
        let whole = match header(rest) {
            Ok(Some((_, length))) => HEADER_BYTES + length,
            _ => HEADER_BYTES,
        };
        if self.parsed + whole.max(rest.len() + 1) <= last.cells.len() {
            return true;
        }
        if last.held == 0 {
            // The partial frame moves to the front of the same buffer: nobody looks into it.
            for (to, from) in (self.parsed..last.end).enumerate() {
                last.cells[to].set(last.cells[from].get());
            }
            (last.end, self.parsed) = (last.end - self.parsed, 0);
            return !self.is_full();
        }
        if all_used {
            return false;
        }
        let mut next = pool.take();
        for (to, from) in next.cells.iter().zip(rest) {
            to.set(from.get());
        }
        next.end = rest.len();
        self.parsed = 0;
        self.chunks.push_back(next);
        true
    }

    /// An empty link needs no buffer.
    fn give_back(&mut self, pool: &mut Pool) {
        if self.chunks.back().is_some_and(|last| last.held == 0 && last.end == self.parsed)
            && let Some(chunk) = self.chunks.pop_back()
        {
            pool.give(chunk);
            // The one before it is full: nothing of it is to be parsed, and nothing fits in.
            self.parsed = self.chunks.back().map_or(0, |last| last.end);
        }
    }
}

/// The header at the start of `cells`, if it is there.
#[inline]
fn header(cells: &[Cell<u8>]) -> Result<Option<(Frame, usize)>, Malformed> {
    let Some(cells) = cells.get(..HEADER_BYTES) else { return Ok(None) };
    let mut bytes = [0; HEADER_BYTES];
    copy(cells, &mut bytes);
    decode(&bytes).map(Some)
}

#[inline]
fn copy(from: &[Cell<u8>], into: &mut [u8]) {
    for (to, from) in into.iter_mut().zip(from) {
        *to = from.get();
    }
}

/// The frames of a stream that comes in these pieces, and whether it broke the protocol behind them. What a link does with
/// its socket, without one.
#[cfg(any(fuzzing, test))]
pub fn parse_stream<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<(Frame, Vec<u8>)>, Option<Malformed>) {
    let (mut input, mut pool) = (Input::default(), Pool::default());
    let mut frames = Vec::new();
    for mut piece in pieces {
        while !piece.is_empty() {
            let taken = input.take(piece, &mut pool);
            assert!(taken > 0, "nothing is held, so there is room");
            piece = &piece[taken..];
            loop {
                let (frame, payload) = match input.next() {
                    Ok(Some(next)) => next,
                    Ok(None) => break,
                    Err(malformed) => return (frames, Some(malformed)),
                };
                let bytes = match &payload {
                    Payload::Inline { bytes, length } => bytes[..*length as usize].to_vec(),
                    // The payload lies in the last buffer, just before what is parsed next.
                    Payload::Mapped { length, .. } => input.before_next(*length),
                };
                input.release(&payload, &mut pool);
                frames.push((frame, bytes));
            }
        }
    }
    (frames, None)
}

#[cfg(any(fuzzing, test))]
impl Input {
    fn before_next(&self, length: usize) -> Vec<u8> {
        let last = self.chunks.back().expect("a payload was found in it");
        last.cells[self.parsed - length..self.parsed].iter().map(Cell::get).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Chance;
    use crate::tcp::encode;

    fn stream(seed: u64) -> Vec<u8> {
        let mut chance = Chance::new(seed);
        let mut bytes = Vec::new();
        for word in 0..60 {
            let most = [40, 3_000, FRAME_BYTES_MAX as u64 + 1][chance.below(3) as usize];
            let length = chance.below(most) as usize;
            let kind = if chance.below(8) == 0 { VOID } else { word as u8 };
            bytes.extend(encode(&Frame { kind, header: [word; 3] }, length));
            bytes.extend((0..length).map(|at| (at as u64 * 7 + word) as u8));
        }
        bytes
    }

    #[test]
    fn a_stream_is_the_same_frames_however_it_is_cut() {
        for seed in 0..20 {
            let bytes = stream(seed);
            let (whole, malformed) = parse_stream([&bytes[..]]);
            assert_eq!(malformed, None);
            assert!(whole.iter().all(|(frame, _)| frame.kind != VOID));
            for piece in [1, 31, 32, 33, 1_000, 65_535, 131_072] {
                assert!(parse_stream(bytes.chunks(piece)).0 == whole, "seed {seed}, pieces of {piece}");
            }
        }
    }

    #[test]
    fn who_reads_on_before_anything_is_parsed_finds_no_end() {
        use os::socket::Listener;
        use std::io::{Read, Write};
        let bytes: Vec<u8> = (1..4).flat_map(stream).collect();
        let listener = Listener::bind((std::net::Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let mut peer = std::net::TcpStream::connect(listener.address().unwrap()).unwrap();
        let socket = loop {
            if let Ok(socket) = listener.accept() {
                break socket;
            }
        };
        let (mut input, mut pool, mut frames) = (Input::default(), Pool::default(), 0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                peer.write_all(&bytes).unwrap();
                // It stays until everything was read.
                let _ = peer.read(&mut [0]);
            });
            let mut received = 0;
            while received < bytes.len() {
                while !input.is_full() && received < bytes.len() {
                    match input.receive(&socket, &mut pool).unwrap() {
                        Looked::Some(count) => received += count,
                        Looked::Nothing => {}
                        looked => panic!("{looked:?}"),
                    }
                }
                assert_eq!(input.receive(&socket, &mut pool).unwrap(), Looked::Nothing);
                while let Some((_, payload)) = input.next().unwrap() {
                    frames += 1;
                    input.release(&payload, &mut pool);
                }
            }
            drop(socket);
        });
        assert_eq!(frames, parse_stream([&bytes[..]]).0.len());
    }

    #[test]
    fn changed_bytes_end_in_an_error_or_in_other_frames_of_bounded_size() {
        let mut chance = Chance::new(9);
        for seed in 0..200 {
            let mut bytes = stream(seed % 7);
            bytes.truncate(chance.below(20_000) as usize + 1);
            for _ in 0..chance.below(20) {
                let at = chance.below(bytes.len() as u64) as usize;
                bytes[at] = chance.bits() as u8;
            }
            let piece = 1 + chance.below(500) as usize;
            let (frames, malformed) = parse_stream(bytes.chunks(piece));
            assert!(frames.iter().all(|(_, payload)| payload.len() <= FRAME_BYTES_MAX));
            assert!((frames, malformed) == parse_stream([&bytes[..]]));
        }
    }
}
