//! A message's bytes in the program's memory: (buffer, count, datatype), checked and placed.
//!
//! C promises that a buffer is valid for what its count and datatype say, and stays so until the operation is complete. The
//! unsafe blocks here stand on that.
#![allow(unsafe_code)]

use std::ops::Range;
use std::sync::Arc;

use engine::{Mode, Pointer, Source, TagPattern, TypeTag};
use layout::{ExternalError, Layout, Operator, Placed};
use runtime::{Comm, Started};

use crate::datatype::size_of_predefined;
use crate::number::{BOTTOM, ERR_BUFFER, ERR_COUNT, ERR_TYPE, IN_PLACE};
use crate::pointer::{self, Address};
use crate::{Datatype, Error, Result};

/// Frees memory that `MPI_Alloc_mem` gave.
pub(crate) fn free(base: Address) {
    // SAFETY: C promises that it is such memory.
    unsafe { os::heap::free(base.0) }
}

/// Converts elements at an address to the external format, for which there is room.
pub(crate) fn pack_external(
    layout: &Layout,
    from: Address,
    count: u64,
    into: *mut u8,
) -> std::result::Result<(), ExternalError> {
    // SAFETY: C's promise for the elements, and for the room, whose size the caller has compared.
    unsafe { layout.pack_external_at(from.0, count, into) }
}

/// Converts elements at an address from the external format.
pub(crate) fn unpack_external(
    layout: &Layout,
    from: *const u8,
    into: Address,
    count: u64,
) -> std::result::Result<(), ExternalError> {
    // SAFETY: as for packing.
    unsafe { layout.unpack_external_at(from, into.0, count) }
}

/// The first address at which there can be memory of a program's: below are null, `MPI_IN_PLACE` and the like.
const FIRST_ADDRESS: usize = 4096;

/// Refuses addresses at which no element can be.
///
/// # Errors
/// `ERR_BUFFER`.
pub(crate) fn check_place(buffer: Address, layout: &Layout) -> Result {
    // Of absolute addresses, on MPI_BOTTOM, the first is where memory can be.
    let first = buffer.number() as i128 + i128::from(layout.true_lower_bound());
    if layout.size() == 0 || first >= FIRST_ADDRESS as i128 {
        return Ok(());
    }
    let what = match buffer.number() {
        BOTTOM => "a null pointer".to_owned(),
        IN_PLACE => "MPI_IN_PLACE, which can't be here".to_owned(),
        number => format!("{number:#x}, where no memory is"),
    };
    Err(Error::new(ERR_BUFFER, format!("the buffer is {what}")))
}

/// Where the bytes of a message are.
#[derive(Clone, Debug)]
pub(crate) enum Bytes {
    /// One behind the other.
    Row(*mut u8, usize),
    /// As a layout has them. Shared, because an operation under way names it by its address.
    LaidOut(Arc<Placed>),
}

/// Some of a message's bytes.
pub(crate) struct Part {
    /// Where they are now.
    pub bytes: Bytes,
    /// The number of the first of them in the message.
    first: usize,
    /// Their memory, if they are packed.
    pub copy: Option<Vec<u8>>,
}

// SAFETY: it is an address that C promises to be valid from any thread.
unsafe impl Send for Bytes {}
// SAFETY: as above.
unsafe impl Sync for Bytes {}

impl Bytes {
    /// Checks what C says of a message.
    ///
    /// # Errors
    /// `ERR_COUNT`, `ERR_TYPE`, `ERR_BUFFER`.
    #[inline]
    pub fn new(buffer: Address, count: i64, datatype: Datatype) -> Result<Bytes> {
        if let Some(size) = size_of_predefined(datatype)
            && count >= 0
            // No memory has more than so many.
            && let Some(bytes) = count.checked_mul(size as i64)
            && (buffer.number() >= FIRST_ADDRESS || bytes == 0)
        {
            return Ok(Bytes::Row(buffer.0, bytes as usize));
        }
        Bytes::made(buffer, count, datatype)
    }

    #[cold]
    #[inline(never)]
    fn made(buffer: Address, count: i64, datatype: Datatype) -> Result<Bytes> {
        let count = pointer::length("the count", count, ERR_COUNT)? as u64;
        let of = datatype.get()?;
        if !of.is_committed() {
            return Err(Error::new(ERR_TYPE, "the datatype is not committed: call MPI_Type_commit first"));
        }
        let layout = of.layout()?;
        if count > 0 {
            check_place(buffer, layout)?;
        }
        let placed =
            Placed::new(layout, buffer.0, count).map_err(|error| Error::new(ERR_COUNT, error.to_string()))?;
        match placed.contiguous() {
            Some(at) => Ok(Bytes::Row(at, placed.bytes())),
            None => Ok(Bytes::LaidOut(Arc::new(placed))),
        }
    }

    /// How many.
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Bytes::Row(_, bytes) => *bytes,
            Bytes::LaidOut(placed) => placed.bytes(),
        }
    }

    fn pointer(&self) -> Pointer {
        match self {
            Bytes::Row(at, _) => Pointer::new(*at),
            Bytes::LaidOut(placed) => Pointer::laid_out(placed),
        }
    }

    /// Packs them to where there is room for them.
    pub fn pack_to(&self, place: *mut u8) {
        // SAFETY: C's promise for them, and for the place, whose size the caller has compared.
        unsafe { self.pointer().read(place, self.len()) };
    }

    /// Unpacks them from where they are packed.
    pub fn unpack_from(&self, place: *const u8) {
        // SAFETY: C's promise for them, and for the place, whose size the caller has compared.
        unsafe { self.pointer().write(place, self.len()) };
    }

    /// Some of them. Where they don't lie in a row they are packed, for whoever receives to be put to their places by
    /// [`put`](Bytes::put).
    pub fn part(&self, range: Range<usize>) -> Part {
        match self {
            Bytes::Row(at, _) => {
                Part { bytes: Bytes::Row(at.wrapping_add(range.start), range.len()), first: 0, copy: None }
            }
            Bytes::LaidOut(placed) => {
                let mut copy = vec![0; range.len()];
                // SAFETY: C's promise, and there is room for so many.
                unsafe { placed.pack(range.start, copy.as_mut_ptr(), range.len()) };
                let bytes = Bytes::Row(copy.as_mut_ptr(), copy.len());
                Part { bytes, first: range.start, copy: Some(copy) }
            }
        }
    }

    /// Puts a part that was packed, and received into since, to its places.
    pub fn put(&self, part: Part) {
        if let (Bytes::LaidOut(placed), Some(copy)) = (self, part.copy) {
            // SAFETY: C's promise, and there are so many.
            unsafe { placed.unpack(part.first, copy.as_ptr(), copy.len()) };
        }
    }

    /// A copy of them, packed.
    pub fn packed(&self) -> Vec<u8> {
        let mut packed = vec![0; self.len()];
        self.copy_to(&mut packed);
        packed
    }

    /// Copies the first of them, packed.
    pub fn copy_to(&self, packed: &mut [u8]) {
        let bytes = packed.len().min(self.len());
        // SAFETY: C's promise, and no more than both have.
        unsafe { self.pointer().read(packed.as_mut_ptr(), bytes) };
    }

    /// Fills the first of them.
    pub fn fill(&self, packed: &[u8]) {
        let bytes = packed.len().min(self.len());
        // SAFETY: C's promise, and no more than both have.
        unsafe { self.pointer().write(packed.as_ptr(), bytes) };
    }

    /// Combines them, the left operands, with others of the same type in this process alone; the result is there. Rows stay where they are.
    pub fn reduce_into(&self, others: &Bytes, operator: &Operator) {
        let count = self.len().min(others.len()).checked_div(operator.element_bytes()).unwrap_or(0);
        if let (Bytes::Row(left, _), Bytes::Row(right, _)) = (self, others) {
            // SAFETY: C's promise, also that they are apart; both have so many elements.
            return unsafe { operator.reduce(*left, *right, count, true) };
        }
        let (left, mut right) = (self.packed(), others.packed());
        // SAFETY: both have so many elements, and are apart.
        unsafe { operator.reduce(left.as_ptr(), right.as_mut_ptr(), count, true) };
        others.fill(&right);
    }

    /// What they are said to be, if they are any: an empty message fits all.
    #[inline]
    fn said(&self, of: TypeTag) -> TypeTag {
        match self.len() {
            0 => TypeTag { signature: 0, ..of },
            _ => of,
        }
    }

    /// Sends them and waits. `of`: what they are said to be.
    #[inline]
    pub fn send(
        &self,
        comm: &Comm,
        to: usize,
        tag: i32,
        of: TypeTag,
        mode: Mode,
    ) -> std::result::Result<(), engine::Error> {
        match self {
            // SAFETY: C's promise; this call waits.
            Bytes::Row(at, bytes) => unsafe { comm.send(to, tag, self.said(of), *at, *bytes, mode) },
            Bytes::LaidOut(_) => match self.start_send(comm, to, tag, of, mode)? {
                Started::Done(_) => Ok(()),
                Started::Pending(request) => comm.wait(request).map(drop),
            },
        }
    }

    /// Starts to send them. They, and this value, must stay until the operation is complete.
    #[inline]
    pub fn start_send(
        &self,
        comm: &Comm,
        to: usize,
        tag: i32,
        of: TypeTag,
        mode: Mode,
    ) -> std::result::Result<Started, engine::Error> {
        // SAFETY: C's promise, and the request that holds this value.
        unsafe { comm.start_send_from(to, tag, self.said(of), self.pointer(), self.len(), mode) }
    }

    /// Receives into them and waits.
    #[inline]
    pub fn receive(
        &self,
        comm: &Comm,
        source: Source,
        tag: TagPattern,
        of: TypeTag,
    ) -> std::result::Result<engine::Status, engine::Error> {
        match self {
            // SAFETY: C's promise; this call waits.
            Bytes::Row(at, bytes) => unsafe { comm.receive(source, tag, self.said(of), *at, *bytes) },
            Bytes::LaidOut(_) => match self.start_receive(comm, source, tag, of)? {
                Started::Done(status) => Ok(status),
                Started::Pending(request) => comm.wait(request),
            },
        }
    }

    /// Starts to receive into them. They, and this value, must stay until the operation is complete.
    #[inline]
    pub fn start_receive(
        &self,
        comm: &Comm,
        source: Source,
        tag: TagPattern,
        of: TypeTag,
    ) -> std::result::Result<Started, engine::Error> {
        let (to, bytes) = (self.pointer(), self.len());
        // SAFETY: C's promise, and the request that holds this value.
        unsafe { comm.start_receive_into(source, tag, self.said(of), to, bytes) }
    }

    /// Starts to receive a message that a matched probe took.
    pub fn start_receive_message(
        &self,
        comm: &Comm,
        message: engine::Message,
        of: TypeTag,
    ) -> std::result::Result<Started, engine::Error> {
        let (to, bytes) = (self.pointer(), self.len());
        // SAFETY: C's promise, and the request that holds this value.
        unsafe { comm.start_receive_message_into(message, self.said(of), to, bytes) }
    }
}
