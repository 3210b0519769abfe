//! A layout over a slice, whose bounds are checked before anything is touched.

use std::marker::PhantomData;

use wire::{Form, Wire};

use super::{Layout, OutOfBounds, Placed};

/// What a layout selects of a slice of `T`, to be read.
#[derive(Clone, Debug)]
pub struct View<'a, T> {
    placed: Placed,
    signature: u64,
    of: PhantomData<&'a [T]>,
}

/// What a layout selects of a slice of `T`, to be written.
#[derive(Debug)]
pub struct ViewMut<'a, T> {
    placed: Placed,
    signature: u64,
    of: PhantomData<&'a mut [T]>,
}

impl Layout {
    /// One element of this layout, read out of a slice, whose start is the layout's origin. The memory of the slice's type
    /// must be its encoding (it has no padding); it need not be the type of the layout's scalars.
    ///
    /// # Errors
    /// A layout that reaches out of the slice.
    pub fn over<'a, T: Wire>(&self, slice: &'a [T]) -> Result<View<'a, T>, OutOfBounds> {
        const { assert!(T::FORM.sent_in_place(), "the memory of the type is not its encoding") };
        let placed = self.place(slice.as_ptr().cast_mut().cast(), size_of_val(slice))?;
        Ok(View { placed, signature: self.signature(), of: PhantomData })
    }

    /// One element of this layout, written into a slice of a plain type, of which any bytes are values. Where a layout has a
    /// byte twice, the later one of the message stays.
    ///
    /// # Errors
    /// A layout that reaches out of the slice.
    pub fn over_mut<'a, T: Wire>(&self, slice: &'a mut [T]) -> Result<ViewMut<'a, T>, OutOfBounds> {
        const { assert!(matches!(T::FORM, Form::Plain), "not all bytes are values of the type") };
        let placed = self.place(slice.as_mut_ptr().cast(), size_of_val(slice))?;
        Ok(ViewMut { placed, signature: self.signature(), of: PhantomData })
    }

    pub(super) fn place(&self, memory: *mut u8, bytes: usize) -> Result<Placed, OutOfBounds> {
        let (from, length) = (self.true_lower_bound() as i128, self.true_extent() as i128);
        if self.size() > 0 && (from < 0 || from + length > bytes as i128) {
            return Err(OutOfBounds { from, to: from + length, bytes });
        }
        Ok(Placed::one(self, memory))
    }
}

macro_rules! readable {
    ($($view:ident),+) => {$(
        impl<T: Wire> $view<'_, T> {
            /// The length of the message.
            pub fn bytes(&self) -> usize {
                self.placed.bytes()
            }

            /// The type signature of the message ([`Layout::signature`]).
            pub fn signature(&self) -> u64 {
                self.signature
            }

            /// As the engine takes it: valid as long as the borrow.
            pub fn placed(&self) -> &Placed {
                &self.placed
            }

            /// Packs as much of the message, from byte `from` on, as there is room for. Returns how much that is.
            ///
            /// # Panics
            /// If `from` is behind the end of the message.
            pub fn pack(&self, from: usize, into: &mut [u8]) -> usize {
                let bytes = into.len().min(self.bytes() - from);
                // SAFETY: the slice that is borrowed contains all of the layout's bytes, and they are initialised.
                unsafe { self.placed.pack(from, into.as_mut_ptr(), bytes) };
                bytes
            }

            /// The message, packed.
            pub fn to_bytes(&self) -> Vec<u8> {
                let mut bytes = vec![0; self.bytes()];
                self.pack(0, &mut bytes);
                bytes
            }

            /// The message as values of a plain type; what is no whole value at its end is left out.
            pub fn to_vec<V: Wire>(&self) -> Vec<V> {
                const { assert!(matches!(V::FORM, Form::Plain), "not all bytes are values of the type") };
                // Any bytes are values of a plain type.
                wire::slice::unpack_to_vec(&self.to_bytes()).unwrap_or_default()
            }
        }
    )+};
}

readable!(View, ViewMut);

impl<T: Wire> ViewMut<'_, T> {
    /// Unpacks a part of a message, from byte `to` on. Returns how much of it there was room for.
    ///
    /// # Panics
    /// If `to` is behind the end of the message.
    ///
    /// ```
    /// use archipelago_layout::Layout;
    ///
    /// let even = Layout::vector(3, 1, 2, &Layout::of::<u8>())?;
    /// let mut text = *b"a.c.e.";
    /// let mut view = even.over_mut(&mut text).unwrap();
    /// // In pieces of any size.
    /// view.unpack(0, b"xy");
    /// view.unpack(2, b"z");
    /// assert_eq!(&text, b"x.y.z.");
    /// # Ok::<(), archipelago_layout::LayoutError>(())
    /// ```
    pub fn unpack(&mut self, to: usize, from: &[u8]) -> usize {
        let bytes = from.len().min(self.bytes() - to);
        // SAFETY: the slice that is mutably borrowed contains all of the layout's bytes, and any bytes are values of its type.
        unsafe { self.placed.unpack(to, from.as_ptr(), bytes) };
        bytes
    }
}
