//! Private memory for the payload of a reserved frame, written through a pointer while its owner may move.

use std::cell::Cell;
use std::mem::ManuallyDrop;

/// Bytes that are written through [`Room::pointer`] and taken back as a vector when the frame is published.
///
/// The cells make writing through the pointer sound while the room is only borrowed, and a `Vec` (unlike a `Box`)
/// may be moved while pointers into it are in use.
#[derive(Debug)]
pub(crate) struct Room {
    cells: Vec<Cell<u8>>,
}

impl Room {
    /// Room for `length` bytes, in the memory of `spare` if that is large enough. Its content is arbitrary.
    pub(crate) fn new(mut spare: Vec<u8>, length: usize) -> Room {
        spare.resize(length, 0);
        let mut spare = ManuallyDrop::new(spare);
        let pointer = spare.as_mut_ptr().cast::<Cell<u8>>();
        // SAFETY: the parts are a vector's, which is not used any more; a cell has size, alignment and values of what is in it.
        // (Collecting the mapped bytes means the same, and is compiled to a loop over them.)
        let cells = unsafe { Vec::from_raw_parts(pointer, spare.len(), spare.capacity()) };
        Room { cells }
    }

    /// The first byte, valid for reads and writes of [`Room::len`] bytes as long as the room lives.
    pub(crate) fn pointer(&self) -> *mut u8 {
        self.cells.as_ptr().cast_mut().cast()
    }

    /// How many bytes.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The bytes, as written: no copy, no allocation.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        let mut cells = ManuallyDrop::new(self.cells);
        let pointer = cells.as_mut_ptr().cast::<u8>();
        // SAFETY: as in `new`; who wrote through the pointer has done so before.
        unsafe { Vec::from_raw_parts(pointer, cells.len(), cells.capacity()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_its_memory_and_what_was_written() {
        let spare = Vec::with_capacity(100);
        let before = spare.as_ptr();
        let room = Room::new(spare, 40);
        let pointer = room.pointer();
        let moved = room;
        assert_eq!(moved.len(), 40);
        for k in 0..40 {
            // SAFETY: the room lives and has 40 bytes.
            unsafe { pointer.add(k).write(k as u8) };
        }
        let bytes = moved.into_bytes();
        assert_eq!(bytes, (0..40).collect::<Vec<u8>>());
        assert_eq!((bytes.as_ptr(), bytes.capacity()), (before, 100), "the same memory");
    }
}
