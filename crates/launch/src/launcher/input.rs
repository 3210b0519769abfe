//! The launcher's standard input, on its way to the processes.

use control::agent::{INPUT_WINDOW_BYTES, Input as Wanted};
use std::io;

/// Standard input, read as far as the processes take it.
pub struct Input {
    open: bool,
    in_flight: usize,
    buffer: Box<[u8]>,
}

/// What reading gave.
pub enum Piece<'a> {
    /// Bytes to pass on.
    Bytes(&'a [u8]),
    /// The end: nothing more will come.
    End,
    /// Nothing now.
    Nothing,
}

impl Input {
    /// Input for those who want it.
    pub fn new(wanted: Wanted) -> Input {
        Input { open: wanted != Wanted::None, in_flight: 0, buffer: vec![0; 32 * 1024].into() }
    }

    /// Whether it is time to wait for more. From the background, a terminal is left alone: reading it would stop
    /// the launcher.
    pub fn wants_more(&self) -> bool {
        self.open && self.in_flight < INPUT_WINDOW_BYTES && !os::descriptor::would_stop_reader(io::stdin())
    }

    /// Reads, after standard input was found readable.
    pub fn read(&mut self) -> Piece<'_> {
        // Past std's buffer, in which bytes would lie that no poll tells of.
        match os::descriptor::read(io::stdin(), &mut self.buffer) {
            Ok(length) if length > 0 => {
                self.in_flight += length;
                Piece::Bytes(&self.buffer[..length])
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {
                Piece::Nothing
            }
            // An input that fails is over: a terminal that hung up says so by an error.
            Ok(_) | Err(_) => {
                self.open = false;
                Piece::End
            }
        }
    }

    /// The processes took some.
    pub fn taken(&mut self, bytes: usize) {
        self.in_flight = self.in_flight.saturating_sub(bytes);
    }

    /// Nobody wants any more.
    pub fn close(&mut self) {
        self.open = false;
    }
}
