//! What a completed operation tells, in the form in which programs hold it.

use crate::number::{ANY_SOURCE, ANY_TAG, PROC_NULL, SUCCESS};

/// A status, as the ABI has it: three public fields and 20 private bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Status {
    /// The sender's rank.
    pub source: i32,
    /// The message's tag.
    pub tag: i32,
    /// The error, where a function with several requests sets it.
    pub error: i32,
    /// The length in bytes, low word first; whether it was cancelled; nothing.
    pub(crate) private: [i32; 5],
}

impl Status {
    /// Of nothing (MPI 5.0 §3.7.3).
    pub const EMPTY: Status = Status::new(ANY_SOURCE, ANY_TAG, 0);

    /// Of a receive from nobody (MPI 5.0 §3.10).
    pub const FROM_NOBODY: Status = Status::new(PROC_NULL, ANY_TAG, 0);

    /// Of a message.
    #[inline]
    pub const fn new(source: i32, tag: i32, bytes: i64) -> Status {
        let private = [bytes as i32, (bytes >> 32) as i32, 0, 0, 0];
        Status { source, tag, error: SUCCESS, private }
    }

    /// The message's length in bytes.
    pub fn bytes(&self) -> i64 {
        i64::from(self.private[1]) << 32 | i64::from(self.private[0] as u32)
    }

    /// Whether the operation was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.private[2] != 0
    }

    /// The same with another length.
    pub fn with_bytes(self, bytes: i64) -> Status {
        let [_, _, rest @ ..] = self.private;
        let [cancelled, a, b] = rest;
        Status { private: [bytes as i32, (bytes >> 32) as i32, cancelled, a, b], ..self }
    }

    /// The same, cancelled or not.
    pub fn with_cancelled(self, cancelled: bool) -> Status {
        let mut private = self.private;
        private[2] = i32::from(cancelled);
        Status { private, ..self }
    }

    /// Of what the engine completed.
    #[inline]
    pub fn of(status: &engine::Status) -> Status {
        Status::new(status.source as i32, status.tag, status.bytes as i64)
    }
}

impl Default for Status {
    fn default() -> Status {
        Status::EMPTY
    }
}

// MPI 5.0 §20.3.3.
const _: () = assert!(size_of::<Status>() == 32 && align_of::<Status>() == 4);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_64_bits_and_cancellation_are_kept() {
        for bytes in [0, 1, i64::from(u32::MAX), 1 << 40, i64::MAX, (1 << 31) + 5] {
            let status = Status::new(3, 7, 0).with_cancelled(true).with_bytes(bytes);
            assert_eq!(
                (status.bytes(), status.is_cancelled(), status.source, status.tag),
                (bytes, true, 3, 7)
            );
            assert!(!status.with_cancelled(false).is_cancelled());
        }
    }
}
