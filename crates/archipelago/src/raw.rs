//! Blocking verbs on bytes, and the way from bytes to values. Safe to call: who calls a blocking verb waits, so that a borrow
//! of the bytes is all that it needs.

use std::mem::MaybeUninit;

use engine::active::Target;
use engine::{Error, Mode, Pointer, Status, TypeTag};
use layout::{Buffer, BufferMut, Memory, MemoryMut, Placed};
use runtime::active::Answered;
use runtime::{Started, undisturbed};
use wire::{Form, Invalid, Wire, slice};

use crate::address::{Destination, Source};
use crate::transfer::{laid_out_of, type_of};

/// Bytes to be received into.
pub(crate) type Room = [MaybeUninit<u8>];

#[inline]
pub(crate) fn send(to: &Destination<'_>, of: TypeTag, bytes: &[u8], mode: Mode) -> Result<(), Error> {
    // SAFETY: the bytes are borrowed until the verb returns, when the operation is complete.
    undisturbed(|| unsafe { to.comm.untyped.send(to.rank, to.tag, of, bytes.as_ptr(), bytes.len(), mode) })
}

#[inline]
pub(crate) fn receive(from: &Source<'_>, of: TypeTag, room: &mut Room) -> Result<Filled, Error> {
    // SAFETY: the room is borrowed until the verb returns, when the operation is complete.
    undisturbed(|| unsafe {
        from.comm.untyped.receive(from.source, from.tag, of, room.as_mut_ptr().cast(), room.len())
    })
    .map(Filled)
}

/// Sends a buffer, in a row or as a layout has it.
#[inline]
pub(crate) fn send_buffer<B: Buffer + ?Sized>(
    to: &Destination<'_>,
    data: &B,
    mode: Mode,
) -> Result<(), Error> {
    match data.memory() {
        Memory::Row(items) => send(to, type_of::<B::Item>(), &slice::encoding(items), mode),
        Memory::LaidOut(placed, signature) => {
            let (comm, of) = (&to.comm.untyped, laid_out_of::<B::Item>(signature));
            let (from, bytes) = (pointer(placed), placed.bytes());
            // SAFETY: a buffer can be read as long as it is borrowed, and it is until the verb returns, when the
            // operation is complete.
            undisturbed(|| unsafe {
                finish(comm, comm.start_send_from(to.rank, to.tag, of, from, bytes, mode)).map(drop)
            })
        }
    }
}

/// Receives into a buffer as its layout has it; none if it has none.
pub(crate) fn receive_laid_out<B: BufferMut + ?Sized>(
    from: &Source<'_>,
    buffer: &mut B,
) -> Option<Result<Status, Error>> {
    let MemoryMut::LaidOut(placed, signature) = buffer.memory_mut() else { return None };
    let (comm, of) = (&from.comm.untyped, laid_out_of::<B::Item>(signature));
    let (to, bytes) = (pointer(placed), placed.bytes());
    // SAFETY: a buffer can be written as long as it is mutably borrowed, and it is until the verb returns, when the
    // operation is complete.
    Some(undisturbed(|| unsafe {
        finish(comm, comm.start_receive_into(from.source, from.tag, of, to, bytes))
    }))
}

/// The same of a message that a matched probe holds.
pub(crate) fn receive_message_laid_out<B: BufferMut + ?Sized>(
    comm: &runtime::Comm,
    message: engine::Message,
    buffer: &mut B,
) -> Option<Result<Status, Error>> {
    let MemoryMut::LaidOut(placed, signature) = buffer.memory_mut() else { return None };
    let (of, to, bytes) = (laid_out_of::<B::Item>(signature), pointer(placed), placed.bytes());
    // SAFETY: as above.
    Some(undisturbed(|| unsafe { finish(comm, comm.start_receive_message_into(message, of, to, bytes)) }))
}

/// Where the bytes of a layout are: what turns out to be in a row is treated so.
pub(crate) fn pointer(placed: &Placed) -> Pointer {
    placed.contiguous().map_or_else(|| Pointer::laid_out(placed), Pointer::new)
}

fn finish(comm: &runtime::Comm, started: Result<Started, Error>) -> Result<Status, Error> {
    match started? {
        Started::Done(status) => Ok(status),
        Started::Pending(request) => comm.wait(request),
    }
}

pub(crate) fn receive_message(
    comm: &runtime::Comm,
    message: engine::Message,
    of: TypeTag,
    room: &mut Room,
) -> Result<Filled, Error> {
    // SAFETY: the room is borrowed until the verb returns, when the operation is complete.
    undisturbed(|| unsafe { comm.receive_message(message, of, room.as_mut_ptr().cast(), room.len()) })
        .map(Filled)
}

/// So many bytes of a room were filled. Made by the receives of this module alone.
pub(crate) struct Filled(Status);

impl Filled {
    pub fn status(&self) -> Status {
        self.0
    }
}

/// Memory for values that arrive: theirs if they are plain, else that of their encoding.
pub(crate) struct Arrivals<T> {
    values: Vec<T>,
    scratch: Vec<u8>,
    bytes: usize,
}

impl<T: Wire> Arrivals<T> {
    /// Room for `count` values; none if there is no memory for them.
    pub fn reserve(count: usize) -> Option<Arrivals<T>> {
        let bytes = count.checked_mul(T::BYTES)?;
        let (mut values, mut scratch) = (Vec::new(), Vec::new());
        values.try_reserve_exact(count).ok()?;
        scratch.try_reserve_exact(if T::FORM == Form::Plain { 0 } else { bytes }).ok()?;
        Some(Arrivals { values, scratch, bytes })
    }

    pub fn room(&mut self) -> &mut Room {
        match T::FORM {
            Form::Plain => {
                let first = self.values.as_mut_ptr().cast();
                // SAFETY: that much was reserved, and a plain value is as long as its encoding.
                unsafe { std::slice::from_raw_parts_mut(first, self.bytes) }
            }
            _ => &mut self.scratch.spare_capacity_mut()[..self.bytes],
        }
    }

    /// The values that were received into the room.
    pub fn values(mut self, filled: Filled) -> Result<Vec<T>, Invalid> {
        let bytes = filled.0.bytes.min(self.bytes);
        // SAFETY: the message filled that much of the room, which is the only one there was to be filled; and any bytes are
        // values of a plain type.
        unsafe {
            if T::FORM == Form::Plain {
                self.values.set_len(bytes.checked_div(T::BYTES).unwrap_or(0));
                return Ok(self.values);
            }
            self.scratch.set_len(bytes);
        }
        slice::unpack_to_vec(&self.scratch)
    }
}

/// # Safety
/// So many bytes of the room were filled.
pub(crate) unsafe fn filled(bytes: usize) -> Filled {
    Filled(Status { bytes, ..Status::default() })
}

/// Sends a one-way active message.
#[inline]
pub(crate) fn tell(comm: &runtime::Comm, to: Target, of: TypeTag, bytes: &[u8]) -> Result<(), Error> {
    // SAFETY: the bytes are borrowed until the verb returns, when the send is complete.
    undisturbed(|| unsafe { comm.tell(to, of, bytes.as_ptr(), bytes.len()) })
}

/// Calls an object.
#[inline]
pub(crate) fn call(
    comm: &runtime::Comm,
    to: Target,
    of: TypeTag,
    bytes: &[u8],
    takes: impl Fn(&Status) -> bool,
) -> Result<Answered, Error> {
    // SAFETY: as above.
    undisturbed(|| unsafe { comm.call(to, of, bytes.as_ptr(), bytes.len(), takes) })
}

/// Receives one value by `receive`, which gets its room; `None` for a message of another length.
#[inline]
pub(crate) fn one<T: Wire, E>(
    receive: impl FnOnce(&mut Room) -> Result<Filled, E>,
) -> Result<(Status, Option<Result<T, Invalid>>), E> {
    if T::FORM == Form::Plain {
        let mut value = MaybeUninit::<T>::uninit();
        // SAFETY: a plain value is as long as its encoding.
        let room = unsafe { std::slice::from_raw_parts_mut(value.as_mut_ptr().cast(), T::BYTES) };
        let status = receive(room)?.status();
        // SAFETY: the message filled all bytes, and any are a value of a plain type.
        let value = (status.bytes == T::BYTES).then(|| Ok(unsafe { value.assume_init() }));
        return Ok((status, value));
    }
    let mut scratch = vec![0; T::BYTES];
    let status = receive(initialised(&mut scratch))?.status();
    Ok((status, (status.bytes == T::BYTES).then(|| T::unpack(&scratch))))
}

/// Receives into a buffer by `receive`, which gets its room. Tells how many whole values have arrived; they are in the buffer
/// unless the bytes are no values.
pub(crate) fn into<T: Wire, E>(
    items: &mut [T],
    receive: impl FnOnce(&mut Room) -> Result<Filled, E>,
) -> Result<(Status, Result<usize, Invalid>), E> {
    let whole = |status: Status| status.bytes.checked_div(T::BYTES).unwrap_or(0);
    if let Some(bytes) = slice::encoded_mut(items) {
        let status = receive(initialised(bytes))?.status();
        return Ok((status, Ok(whole(status))));
    }
    let mut scratch = vec![0; items.len() * T::BYTES];
    let status = receive(initialised(&mut scratch))?.status();
    let count = whole(status).min(items.len());
    let outcome = slice::unpack(&scratch[..count * T::BYTES], &mut items[..count]);
    Ok((status, outcome.map(|()| count)))
}

/// Bytes as a room. The receives of this module write initialised bytes only.
fn initialised(bytes: &mut [u8]) -> &mut Room {
    // SAFETY: the two have one layout, and nobody but the receives of this module writes into a room.
    unsafe { std::slice::from_raw_parts_mut(bytes.as_mut_ptr().cast(), bytes.len()) }
}
