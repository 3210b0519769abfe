//! Buffers of collectives that may be what a layout selects: it is packed before, and put to its places after.
//!
//! Costs a copy of what is selected, each way. Algorithms cut, combine and pass on blocks as runs of bytes, at most members not
//! their own: of all these only what goes straight from or to a buffer could do without.

use std::borrow::Cow;

use layout::{Buffer, BufferMut, Memory, MemoryMut};
use wire::Wire;

use crate::create::spot;
use crate::{Comm, Result, raw};

/// The values of a buffer: where they lie, or packed.
pub(super) fn given<'a, B: Buffer + ?Sized>(
    comm: &Comm,
    verb: &'static str,
    buffer: &'a B,
) -> Result<Cow<'a, [B::Item]>> {
    match buffer.memory() {
        Memory::Row(items) => Ok(Cow::Borrowed(items)),
        Memory::LaidOut(..) => whole::<B::Item>(comm, verb, raw::packed(buffer)).map(Cow::Owned),
    }
}

/// A buffer that is written.
pub(super) struct Taken<'a, B: BufferMut + ?Sized> {
    buffer: &'a mut B,
    /// In the place of what a layout selects.
    packed: Option<Vec<B::Item>>,
}

impl<'a, B: BufferMut + ?Sized> Taken<'a, B> {
    pub fn of(comm: &Comm, verb: &'static str, buffer: &'a mut B) -> Result<Self> {
        let packed = match buffer.memory() {
            Memory::Row(_) => None,
            Memory::LaidOut(..) => Some(whole::<B::Item>(comm, verb, raw::packed(buffer))?),
        };
        Ok(Taken { buffer, packed })
    }

    /// The values, as they are and to be written.
    pub fn items(&mut self) -> &mut [B::Item] {
        match (&mut self.packed, self.buffer.memory_mut()) {
            (Some(values), _) => values,
            (None, MemoryMut::Row(items)) => items,
            (None, MemoryMut::LaidOut(..)) => unreachable!("what is laid out was packed"),
        }
    }

    /// They have been written.
    pub fn land(self) {
        if let Some(values) = self.packed {
            raw::unpacked(self.buffer, &values);
        }
    }
}

/// What was packed, unless it is no whole number of values.
fn whole<T: Wire>(
    comm: &Comm,
    verb: &'static str,
    packed: Option<std::result::Result<Vec<T>, usize>>,
) -> Result<Vec<T>> {
    packed.unwrap_or(Ok(Vec::new())).map_err(|bytes| {
        let what = format!("the layout selects {bytes} bytes, which are no whole number of values");
        spot(verb).refuse::<T>(&comm.untyped, what)
    })
}
