//! Small answers, as they come in their line.

use engine::Status;
use wire::{Incoming, Wire, slice};

use crate::error::Spot;
use crate::transfer::type_of;
use crate::{Error, Result};

/// A small answer, and which call's.
pub(super) struct Small<'c> {
    pub comm: &'c runtime::Comm,
    pub bytes: &'c [u8],
    pub spot: Spot,
}

/// Whether an answer is made of values of this type.
pub(super) fn is_plain<T: Wire>(status: &Status) -> bool {
    // A value without bytes is what any message without bytes is.
    let is_whole = status.bytes.checked_rem(T::BYTES).unwrap_or(status.bytes) == 0;
    is_whole && type_of::<T>().accepts(status.signature)
}

impl Incoming for Small<'_> {
    type Error = Error;

    #[inline]
    fn one<T: Wire>(self) -> Result<T> {
        match self.bytes.len() == T::BYTES {
            true => T::unpack(self.bytes).map_err(|invalid| self.spot.invalid::<T>(self.comm, invalid)),
            false => Err(self.spot.wrong_count::<T>(self.comm, self.bytes.len())),
        }
    }

    fn many<T: Wire>(self) -> Result<Vec<T>> {
        if T::BYTES == 0 {
            return Ok(Vec::new());
        }
        slice::unpack_to_vec(self.bytes).map_err(|invalid| self.spot.invalid::<T>(self.comm, invalid))
    }
}
