//! What messages are made of and received into: values in a row, or what a layout selects.

use wire::{Items, ItemsMut, Wire};

use super::{Placed, View, ViewMut};

/// What can be sent: a value, a slice, a vector ([`Items`]), or a [`View`] that a layout takes of a slice.
///
/// # Safety
/// What is laid out can be read as long as the buffer is borrowed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be sent",
    label = "neither values that travel nor what a layout selects of them",
    note = "a message is a value of a fixed size (`Wire`: scalars, arrays, tuples, types that derive it), a slice or a `Vec` of such, or a view of a layout",
    note = "for text send its bytes, `text.as_bytes()`, and receive a `Vec<u8>`"
)]
pub unsafe trait Buffer {
    /// The type of the values, or of the slice that the layout lies over.
    type Item: Wire;

    /// Where the values are.
    #[doc(hidden)]
    fn memory(&self) -> Memory<'_, Self::Item>;
}

/// What can be received into: a value, a slice, a vector ([`ItemsMut`]), or a [`ViewMut`].
///
/// # Safety
/// What is laid out can be written, with any bytes, as long as the buffer is mutably borrowed.
#[diagnostic::on_unimplemented(
    message = "nothing can be received into `{Self}`",
    label = "neither values that travel nor what a layout selects of them",
    note = "lend a value, a slice (`&mut values[..]`) or a `Vec` of its full length, or a mutable view of a layout"
)]
pub unsafe trait BufferMut: Buffer {
    /// What a receive has filled: the values; of a view the number of bytes.
    type Filled<'a>
    where
        Self: 'a;

    /// Where values are to be written.
    #[doc(hidden)]
    fn memory_mut(&mut self) -> MemoryMut<'_, Self::Item>;

    /// What was filled by a message of `bytes` bytes.
    #[doc(hidden)]
    fn filled(&mut self, bytes: usize) -> Self::Filled<'_>;
}

/// Where values are.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Memory<'a, T> {
    /// One behind the other.
    Row(&'a [T]),
    /// In the places of a layout, whose signature this is.
    LaidOut(&'a Placed, u64),
}

/// Where values are to be written.
#[doc(hidden)]
#[derive(Debug)]
pub enum MemoryMut<'a, T> {
    /// One behind the other.
    Row(&'a mut [T]),
    /// In the places of a layout, whose signature this is.
    LaidOut(&'a Placed, u64),
}

// SAFETY: nothing is laid out.
unsafe impl<B: Items + ?Sized> Buffer for B {
    type Item = B::Item;

    #[inline]
    fn memory(&self) -> Memory<'_, B::Item> {
        Memory::Row(self.items())
    }
}

// SAFETY: nothing is laid out.
unsafe impl<B: ItemsMut + ?Sized> BufferMut for B {
    type Filled<'a>
        = &'a mut [B::Item]
    where
        B: 'a;

    #[inline]
    fn memory_mut(&mut self) -> MemoryMut<'_, B::Item> {
        MemoryMut::Row(self.items_mut())
    }

    #[inline]
    fn filled(&mut self, bytes: usize) -> &mut [B::Item] {
        let items = self.items_mut();
        let count = bytes.checked_div(B::Item::BYTES).unwrap_or(0).min(items.len());
        &mut items[..count]
    }
}

macro_rules! views {
    ($($view:ident),+) => {$(
        // SAFETY: the view borrows the memory, in which its layout was found to lie.
        unsafe impl<T: Wire> Buffer for $view<'_, T> {
            type Item = T;

            fn memory(&self) -> Memory<'_, T> {
                Memory::LaidOut(self.placed(), self.signature())
            }
        }
    )+};
}

views!(View, ViewMut);

// SAFETY: the view mutably borrows the memory, which is that of a plain type, and its layout was found to lie in it.
unsafe impl<T: Wire> BufferMut for ViewMut<'_, T> {
    type Filled<'a>
        = usize
    where
        Self: 'a;

    fn memory_mut(&mut self) -> MemoryMut<'_, T> {
        MemoryMut::LaidOut(self.placed(), self.signature())
    }

    fn filled(&mut self, bytes: usize) -> usize {
        bytes
    }
}
