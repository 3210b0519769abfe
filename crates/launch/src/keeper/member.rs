//! One process of the job, as its keeper sees it.

use super::behind::Behind;
use control::agent::{Part, Stream};
use control::codec::{self, MESSAGE_BYTES_MAX};
use control::{Ending, FromKeeper, ToKeeper};
use os::spawn::How;
use os::unix::{Received, SeqPacket};
use std::collections::VecDeque;
use std::io::{self, PipeReader, PipeWriter, Write};
use std::os::fd::{AsFd, BorrowedFd};

/// A pipe that is writable at all takes this much without blocking (PIPE_BUF).
const PIPE_CHUNK_BYTES: usize = 4096;
/// The most answers that wait for a process that does not read; one that lets more come is cut off. A process
/// gets one for each of its own questions and two for each other process at most.
const ANSWERS_MAX: usize = 16 * 1024;

/// One process of the job.
pub struct Member {
    /// Its number in the job.
    pub number: u32,
    /// Its process id and its process group's.
    pub pid: u32,
    /// Where its rank is claimed, if we have started it.
    pub claims: Option<SeqPacket>,
    /// Who claimed the rank: process id and program.
    pub claimant: Option<(u32, String)>,
    /// The private socket of the claimant.
    pub link: Option<Answers>,
    /// The claimant, if another program started it.
    pub behind: Option<Behind>,
    /// Whether everybody knows of the rank's end, although a program around it may still run.
    pub is_reported: bool,
    /// Its standard output and standard error, until they end.
    pub outputs: [(Stream, Option<PipeReader>); 2],
    /// Its standard input, while it has one.
    pub input: Option<InputQueue>,
    /// Whether it said that it finalised, or has nothing to do now.
    pub finalised: bool,
    /// Whether it has ended the job itself: then the job's end is told to the others, not the process's.
    pub aborts: bool,
    /// Whether the others know that it has left.
    pub is_known_left: bool,
    /// How it ended.
    pub ending: Option<Ending>,
}

impl Member {
    /// How far it took part in the job.
    pub fn part(&self) -> Part {
        match (&self.claimant, self.finalised) {
            (None, _) => Part::None,
            (Some(_), false) => Part::Unfinished,
            (Some(_), true) => Part::Finalised,
        }
    }

    /// Sends a message to the claimant, if there is one that still listens.
    pub fn tell(&mut self, message: &FromKeeper) {
        if let Some(link) = &mut self.link {
            link.send(message, None);
        }
    }
}

/// What the kernel says of an end, as it is told to others.
pub fn ending_from(how: How) -> Ending {
    match how {
        How::Exited(status) => Ending::Exited(status),
        How::Signalled(signal, core) => Ending::Signalled { signal, core },
    }
}

/// The keeper's end of a claimant's private socket.
pub struct Answers {
    socket: SeqPacket,
    waiting: VecDeque<Vec<u8>>,
    /// Nobody reads there any more, or too slowly. What was written there still counts: a process that is gone may
    /// have said goodbye.
    deaf: bool,
}

/// What came on a private socket.
pub enum Said {
    /// A message.
    Message(ToKeeper),
    /// Nothing now.
    Nothing,
    /// The claimant closed it, or said something that makes no sense.
    Over,
}

impl Answers {
    /// An end without anything to say yet.
    pub fn new(socket: SeqPacket) -> Answers {
        Answers { socket, waiting: VecDeque::new(), deaf: false }
    }

    /// The process that made the socket: the claimant.
    pub fn maker(&self) -> Option<u32> {
        self.socket.maker()
    }

    /// Sends, or queues when there is no room. False: the claimant is gone, or so far behind that it is sent nothing
    /// more.
    pub fn send(&mut self, message: &FromKeeper, descriptor: Option<BorrowedFd<'_>>) -> bool {
        if self.deaf {
            return false;
        }
        let bytes = codec::encode(message);
        if self.waiting.is_empty() {
            let descriptors = descriptor.as_slice();
            match self.socket.send(&bytes, descriptors, false) {
                Ok(()) => return true,
                // Only the first message, for which there is always room, carries a descriptor.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && descriptors.is_empty() => {}
                Err(_) => return self.close_ears(),
            }
        }
        self.waiting.push_back(bytes);
        if self.waiting.len() > ANSWERS_MAX { self.close_ears() } else { true }
    }

    fn close_ears(&mut self) -> bool {
        self.deaf = true;
        self.waiting.clear();
        false
    }

    /// Whether something waits for room.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Sends what waits, as far as there is room.
    pub fn flush(&mut self) {
        while let Some(bytes) = self.waiting.front() {
            match self.socket.send(bytes, &[], false) {
                Ok(()) => drop(self.waiting.pop_front()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => drop(self.close_ears()),
            }
        }
    }

    /// The next message; never waits.
    pub fn receive(&self, buffer: &mut [u8; MESSAGE_BYTES_MAX]) -> Said {
        match self.socket.receive(buffer, false) {
            Ok(Received::Message(length, _)) => {
                codec::decode(&buffer[..length]).map_or(Said::Over, Said::Message)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Said::Nothing,
            Ok(Received::TooLong | Received::Closed) | Err(_) => Said::Over,
        }
    }
}

impl AsFd for Answers {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Input on its way into a process's standard input. Its bound is the window that the launcher keeps to.
pub struct InputQueue {
    /// The writing end.
    pub pipe: PipeWriter,
    bytes: VecDeque<u8>,
    ended: bool,
}

impl InputQueue {
    /// Nothing yet.
    pub fn new(pipe: PipeWriter) -> InputQueue {
        InputQueue { pipe, bytes: VecDeque::new(), ended: false }
    }

    /// Adds input.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// No more input comes.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Bytes that wait.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing waits and nothing will come.
    pub fn is_over(&self) -> bool {
        self.bytes.is_empty() && self.ended
    }

    /// Passes some on, after the pipe was found writable. False: nobody reads it.
    pub fn write_some(&mut self) -> bool {
        let (head, _) = self.bytes.as_slices();
        let head = &head[..head.len().min(PIPE_CHUNK_BYTES)];
        match self.pipe.write(head) {
            Ok(written) => {
                self.bytes.drain(..written);
                true
            }
            Err(error) => matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock),
        }
    }
}
