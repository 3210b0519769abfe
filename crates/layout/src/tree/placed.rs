//! A layout over memory: what packs and unpacks.

use super::program::Part;
use super::{Layout, LayoutError, walk};

/// A number of elements of a layout, at an address. The caller of its unsafe functions vouches for the memory;
/// [`View`](super::View) and [`ViewMut`](super::ViewMut) check it.
#[derive(Clone, Debug)]
pub struct Placed {
    part: Option<Part>,
    memory: *mut u8,
    bytes: u64,
}

// SAFETY: it carries an address and never follows it but in its unsafe functions, whose callers vouch for the memory.
unsafe impl Send for Placed {}

// SAFETY: as above.
unsafe impl Sync for Placed {}

impl Placed {
    /// `count` elements at `memory`, one [extent](Layout::extent) after the other. For elements that are not of one run this
    /// allocates once.
    ///
    /// # Errors
    /// [`LayoutError::Overflow`] where size or place of an element is beyond 2^63 - 1.
    pub fn new(layout: &Layout, memory: *mut u8, count: u64) -> Result<Placed, LayoutError> {
        let bytes = layout.size().checked_mul(count).filter(|&bytes| i64::try_from(bytes).is_ok());
        let bytes = bytes.ok_or(LayoutError::Overflow)?;
        layout.facts().bounds.repeated(count, layout.extent())?.checked()?;
        let part = layout.program().part.clone();
        Ok(Placed { part: part.and_then(|part| part.repeated(count, layout.extent())), memory, bytes })
    }

    /// One element, of which nothing needs to be checked.
    pub(super) fn one(layout: &Layout, memory: *mut u8) -> Placed {
        Placed { part: layout.program().part.clone(), memory, bytes: layout.size() }
    }

    /// The length of the message.
    pub fn bytes(&self) -> usize {
        self.bytes as usize
    }

    /// Where the bytes lie if they lie in a row, which needs no packing.
    pub fn contiguous(&self) -> Option<*mut u8> {
        match &self.part {
            None => Some(self.memory),
            Some(Part { at, node: super::program::Node::Run { .. } }) => {
                Some(self.memory.wrapping_offset(*at as isize))
            }
            Some(_) => None,
        }
    }

    /// Packs `bytes` bytes of the message, from number `from` on. Any cut does: the pieces of a message cost together
    /// what it costs as a whole, and a walk down the nested layouts for each.
    ///
    /// # Panics
    /// If that is not within the message.
    ///
    /// # Safety
    /// The elements' memory is valid for reading and `into` for writing `bytes` bytes, and they don't overlap.
    pub unsafe fn pack(&self, from: usize, into: *mut u8, bytes: usize) {
        // SAFETY: the contract.
        unsafe { self.range::<true>(from, into, bytes) }
    }

    /// Unpacks `bytes` bytes of the message, from number `to` on.
    ///
    /// # Panics
    /// If that is not within the message.
    ///
    /// # Safety
    /// The elements' memory is valid for writing and `from` for reading `bytes` bytes, and they don't overlap.
    pub unsafe fn unpack(&self, to: usize, from: *const u8, bytes: usize) {
        // SAFETY: the contract; the stream is only read.
        unsafe { self.range::<false>(to, from.cast_mut(), bytes) }
    }

    /// # Safety
    /// As [`pack`](Placed::pack) or [`unpack`](Placed::unpack).
    unsafe fn range<const PACK: bool>(&self, first: usize, stream: *mut u8, bytes: usize) {
        let all = self.bytes();
        assert!(first <= all && bytes <= all - first, "{bytes} bytes from {first} on of {all}");
        if let (Some(part), true) = (&self.part, bytes > 0) {
            let memory = self.memory.wrapping_offset(part.at as isize);
            let from = first as u64;
            // SAFETY: the contract, and the range lies within the message, which is all of the program.
            unsafe { walk::range::<PACK>(&part.node, memory, from, from + bytes as u64, stream) };
        }
    }
}
