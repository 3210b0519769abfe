//! Where a message's bytes are in a user's memory: in a row, or as a layout has them.
#![allow(unsafe_code)]

use std::num::NonZeroUsize;
use std::ptr::NonNull;

use layout::Placed;

/// A place in a user's buffer. The engine carries it and follows it only in work that runs without the lane's lock. Whoever
/// starts an operation promises that the buffer, and the layout, is valid, from any thread, until the operation
/// has completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointer {
    /// Bytes in a row, from this address on.
    Row(usize),
    /// A message as a layout has it, from one of its bytes on.
    LaidOut {
        /// The address of the [`Placed`].
        placed: NonZeroUsize,
        /// The byte.
        at: usize,
    },
}

impl Pointer {
    /// No buffer.
    pub const NULL: Pointer = Pointer::Row(0);

    /// The address of a buffer that is read or written until the operation completes.
    #[inline]
    pub fn new(pointer: *mut u8) -> Pointer {
        Pointer::Row(pointer.expose_provenance())
    }

    /// The address of a buffer that is only read.
    #[inline]
    pub fn reading(pointer: *const u8) -> Pointer {
        Pointer::Row(pointer.expose_provenance())
    }

    /// A message whose bytes a layout selects; both stay where they are until the operation completes. Sends and receives
    /// take it, collective operations take memory in a row.
    pub fn laid_out(placed: &Placed) -> Pointer {
        Pointer::LaidOut { placed: NonNull::from(placed).expose_provenance(), at: 0 }
    }

    /// The place `bytes` further on in the message.
    #[inline]
    pub fn offset(self, bytes: usize) -> Pointer {
        match self {
            Pointer::Row(address) => Pointer::Row(address.wrapping_add(bytes)),
            Pointer::LaidOut { placed, at } => Pointer::LaidOut { placed, at: at.wrapping_add(bytes) },
        }
    }

    /// As a number, for an announcement; 0 of what can't be read by an address.
    pub fn address(self) -> u64 {
        match self {
            Pointer::Row(address) => address as u64,
            Pointer::LaidOut { .. } => 0,
        }
    }

    /// Back to a pointer.
    ///
    /// # Panics
    /// If the bytes are not in a row: none of a collective operation's are.
    #[inline]
    pub fn get(self) -> *mut u8 {
        match self {
            Pointer::Row(address) => std::ptr::with_exposed_provenance_mut(address),
            Pointer::LaidOut { .. } => panic!("only memory in a row has one address"),
        }
    }

    /// Copies `bytes` bytes of the message to `to`, packing them if need be.
    ///
    /// # Safety
    /// The buffer is valid for reading and `to` for writing so many bytes, and no other thread of this process uses `to`.
    #[inline]
    pub unsafe fn read(self, to: *mut u8, bytes: usize) {
        match self {
            // SAFETY: the contract.
            Pointer::Row(_) => unsafe { layout::copy(self.get(), to, bytes) },
            // SAFETY: by contract the layout is valid as well.
            Pointer::LaidOut { placed, at } => unsafe { (*laid_out(placed)).pack(at, to, bytes) },
        }
    }

    /// Copies `bytes` bytes to their places in the message's buffer, unpacking them if need be.
    ///
    /// # Safety
    /// The buffer is valid for writing and `from` for reading so many bytes, and no other thread of this process uses the
    /// buffer.
    #[inline]
    pub unsafe fn write(self, from: *const u8, bytes: usize) {
        match self {
            // SAFETY: the contract.
            Pointer::Row(_) => unsafe { layout::copy(from, self.get(), bytes) },
            // SAFETY: by contract the layout is valid as well.
            Pointer::LaidOut { placed, at } => unsafe { (*laid_out(placed)).unpack(at, from, bytes) },
        }
    }
}

fn laid_out(address: NonZeroUsize) -> *const Placed {
    std::ptr::with_exposed_provenance(address.get())
}

// It is moved about with every message: no larger than it must be.
const _: () = assert!(size_of::<Pointer>() == 16);
