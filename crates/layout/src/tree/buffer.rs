//! What messages are made of and received into: values in a row, or what a layout selects.

use wire::{Items, ItemsMut, Wire};

use super::{OwnedView, Placed, View, ViewMut};

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

macro_rules! laid_out {
    ($($view:ty),+) => {$(
        // SAFETY: the view borrows or owns the memory, in which its layout was found to lie.
        unsafe impl<T: Wire> Buffer for $view {
            type Item = T;

            fn memory(&self) -> Memory<'_, T> {
                Memory::LaidOut(self.placed(), self.signature())
            }
        }
    )+};
}

laid_out!(View<'_, T>, ViewMut<'_, T>, OwnedView<T>);
laid_out!(&View<'_, T>, &ViewMut<'_, T>, &mut ViewMut<'_, T>, &OwnedView<T>, &mut OwnedView<T>);

macro_rules! laid_out_mut {
    ($($view:ty: $filled:ty, |$this:ident, $bytes:ident| $fill:expr;)+) => {$(
        // SAFETY: the view mutably borrows or owns the memory, which is that of a plain type, and its layout was found to lie in
        // it.
        unsafe impl<T: Wire> BufferMut for $view {
            type Filled<'a>
                = $filled
            where
                Self: 'a;

            fn memory_mut(&mut self) -> MemoryMut<'_, T> {
                MemoryMut::LaidOut(self.placed(), self.signature())
            }

            fn filled(&mut self, $bytes: usize) -> Self::Filled<'_> {
                let $this = self;
                $fill
            }
        }
    )+};
}

laid_out_mut! {
    ViewMut<'_, T>: usize, |_view, bytes| bytes;
    &mut ViewMut<'_, T>: usize, |_view, bytes| bytes;
    OwnedView<T>: &'a mut [T], |view, _bytes| view.values_mut();
    &mut OwnedView<T>: &'a mut [T], |view, _bytes| view.values_mut();
}

/// A buffer behind a reference, whatever it is, as a buffer.
#[doc(hidden)]
#[derive(Debug)]
pub struct Lend<'a, B: ?Sized>(pub &'a B);

/// The same, to be written.
#[doc(hidden)]
#[derive(Debug)]
pub struct LendMut<'a, B: ?Sized>(pub &'a mut B);

// SAFETY: what it lends can be read as long as it is borrowed.
unsafe impl<B: Buffer + ?Sized> Buffer for Lend<'_, B> {
    type Item = B::Item;

    fn memory(&self) -> Memory<'_, B::Item> {
        self.0.memory()
    }
}

// SAFETY: as above.
unsafe impl<B: Buffer + ?Sized> Buffer for LendMut<'_, B> {
    type Item = B::Item;

    fn memory(&self) -> Memory<'_, B::Item> {
        self.0.memory()
    }
}

// SAFETY: as above, and written as long as it is mutably borrowed.
unsafe impl<B: BufferMut + ?Sized> BufferMut for LendMut<'_, B> {
    type Filled<'a>
        = B::Filled<'a>
    where
        Self: 'a;

    fn memory_mut(&mut self) -> MemoryMut<'_, B::Item> {
        self.0.memory_mut()
    }

    fn filled(&mut self, bytes: usize) -> B::Filled<'_> {
        self.0.filled(bytes)
    }
}
