//! A place where output goes: standard output, standard error, a file.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileTypeExt;

/// A pipe or terminal that is writable at all takes this much without blocking (PIPE_BUF).
const CHUNK_BYTES: usize = 4096;
/// What was written is dropped from memory in pieces of at least this size.
const COMPACT_BYTES: usize = 256 * 1024;

/// Where output goes, and what waits for room there.
pub struct Sink {
    target: Target,
    name: String,
    pending: Vec<u8>,
    /// How much of `pending` is written already: it is moved up only now and then.
    written: usize,
    /// Whether a write can block for long, so that it needs to be polled for first.
    blocks: bool,
    terminal: bool,
    broken: bool,
}

enum Target {
    Output(io::Stdout),
    Error(io::Stderr),
    File(File),
}

impl Sink {
    /// The launcher's own standard output.
    pub fn standard_output() -> Sink {
        let out = io::stdout();
        let terminal = out.is_terminal();
        Sink::new(Target::Output(out), "standard output".into(), terminal)
    }

    /// The launcher's own standard error.
    pub fn standard_error() -> Sink {
        let err = io::stderr();
        let terminal = err.is_terminal();
        Sink::new(Target::Error(err), "standard error".into(), terminal)
    }

    /// An open file.
    pub fn file(file: File, name: String) -> Sink {
        Sink::new(Target::File(file), name, false)
    }

    fn new(target: Target, name: String, terminal: bool) -> Sink {
        let mut sink =
            Sink { target, name, pending: Vec::new(), written: 0, blocks: true, terminal, broken: false };
        let file_type = sink.as_fd().try_clone_to_owned().and_then(|fd| File::from(fd).metadata());
        if let Ok(data) = file_type {
            let kind = data.file_type();
            sink.blocks = terminal || kind.is_fifo() || kind.is_socket();
        }
        sink
    }

    /// What to call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a person watches.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Where to add output. What is not written at once needs [`Sink::write`].
    pub fn pending(&mut self) -> &mut Vec<u8> {
        &mut self.pending
    }

    /// How many bytes wait.
    pub fn backlog_bytes(&self) -> usize {
        self.pending.len() - self.written
    }

    /// Whether writing needs room first (it is a pipe or a terminal, and something waits).
    pub fn needs_room(&self) -> bool {
        self.blocks && self.backlog_bytes() > 0
    }

    /// Writes: all that waits to a file; to a pipe or a terminal, if it `has_room`, as much as fits there
    /// without blocking, and whole lines as long as they are short.
    ///
    /// # Errors
    /// The first failure; from then on the sink is broken and drops what it gets.
    pub fn write(&mut self, has_room: bool) -> io::Result<()> {
        while self.backlog_bytes() > 0 && !self.broken {
            let rest = &self.pending[self.written..];
            let length = match (self.blocks, has_room) {
                (false, _) => rest.len(),
                (true, true) => piece(rest),
                (true, false) => break,
            };
            // Past std's buffers, which would keep the rest of a line back.
            match os::descriptor::write(&self.target, &rest[..length]) {
                Ok(0) => return self.fail(io::ErrorKind::WriteZero.into()),
                Ok(written) => self.written += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // Someone made the terminal non-blocking: as if it were full.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return self.fail(error),
            }
            if self.blocks {
                break;
            }
        }
        if self.broken || self.backlog_bytes() == 0 {
            self.pending.clear();
            self.written = 0;
        } else if self.written > COMPACT_BYTES {
            self.pending.drain(..self.written);
            self.written = 0;
        }
        Ok(())
    }

    fn fail(&mut self, error: io::Error) -> io::Result<()> {
        self.broken = true;
        Err(error)
    }

    /// What was not written when it failed.
    pub fn take_unwritten(&mut self) -> Vec<u8> {
        let unwritten = self.pending.split_off(self.written);
        self.discard();
        unwritten
    }

    /// Forgets what was not written.
    pub fn discard(&mut self) {
        self.pending.clear();
        self.written = 0;
    }
}

impl AsFd for Sink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.target.as_fd()
    }
}

impl AsFd for Target {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Target::Output(out) => out.as_fd(),
            Target::Error(err) => err.as_fd(),
            Target::File(file) => file.as_fd(),
        }
    }
}

/// The length of the whole lines within a chunk, or a chunk of a long line.
fn piece(bytes: &[u8]) -> usize {
    let chunk = &bytes[..bytes.len().min(CHUNK_BYTES)];
    match chunk.iter().rposition(|byte| *byte == b'\n') {
        Some(end) => end + 1,
        None => chunk.len(),
    }
}
