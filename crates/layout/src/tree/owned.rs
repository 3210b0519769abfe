//! A layout over a vector that goes with it: what an operation may own.

use std::marker::PhantomData;
use std::mem::ManuallyDrop;

use wire::{Form, ItemsMut, Wire};

use super::{BufferMut, Layout, OutOfBounds, Placed};

/// A vector and what a layout selects of it: a buffer that an operation can own. Made by [`Layout::own`].
pub struct OwnedView<T: Wire> {
    /// The vector's parts. It is kept by its address alone, so that borrowing it does not end the layout's right to it.
    memory: *mut T,
    length: usize,
    capacity: usize,
    placed: Placed,
    signature: u64,
    of: PhantomData<Vec<T>>,
}

// SAFETY: it owns its vector, whose values are Send and Sync.
unsafe impl<T: Wire> Send for OwnedView<T> {}

// SAFETY: as above; through a shared reference it is only read.
unsafe impl<T: Wire> Sync for OwnedView<T> {}

impl Layout {
    /// One element of this layout over a vector, which goes with it.
    ///
    /// # Errors
    /// A layout that reaches out of the vector, which is dropped.
    ///
    /// ```
    /// use archipelago_layout::Layout;
    ///
    /// let even = Layout::vector(3, 1, 2, &Layout::of::<u8>())?;
    /// let mut view = even.own(b"abcdef".to_vec()).unwrap();
    /// view.values_mut()[2] = b'x';
    /// assert_eq!(view.to_vec(), b"axe");
    /// assert_eq!(view.into_values(), b"abxdef");
    /// # Ok::<(), archipelago_layout::LayoutError>(())
    /// ```
    pub fn own<T: Wire>(&self, values: Vec<T>) -> Result<OwnedView<T>, OutOfBounds> {
        const { assert!(matches!(T::FORM, Form::Plain), "not all bytes are values of the type") };
        let mut values = ManuallyDrop::new(values);
        let (memory, length, capacity) = (values.as_mut_ptr(), values.len(), values.capacity());
        match self.place(memory.cast(), length * size_of::<T>()) {
            Ok(placed) => {
                let (signature, of) = (self.signature(), PhantomData);
                Ok(OwnedView { memory, length, capacity, placed, signature, of })
            }
            Err(error) => {
                drop(ManuallyDrop::into_inner(values));
                Err(error)
            }
        }
    }
}

impl<T: Wire> OwnedView<T> {
    /// As the engine takes it: valid as long as the view.
    pub(super) fn placed(&self) -> &Placed {
        &self.placed
    }

    /// The type signature of the message ([`Layout::signature`]).
    pub(super) fn signature(&self) -> u64 {
        self.signature
    }

    /// All values of the vector.
    pub fn values(&self) -> &[T] {
        // SAFETY: the parts of the vector, which nobody writes while it is borrowed.
        unsafe { std::slice::from_raw_parts(self.memory, self.length) }
    }

    /// All values of the vector.
    pub fn values_mut(&mut self) -> &mut [T] {
        // SAFETY: the parts of the vector, which nobody else has while it is mutably borrowed.
        unsafe { std::slice::from_raw_parts_mut(self.memory, self.length) }
    }

    /// The vector.
    pub fn into_values(self) -> Vec<T> {
        let view = ManuallyDrop::new(self);
        // SAFETY: the parts of the vector, which is not dropped again; the rest of the view has nothing but a program.
        unsafe {
            drop(std::ptr::read(&raw const view.placed));
            Vec::from_raw_parts(view.memory, view.length, view.capacity)
        }
    }

    /// What the layout selects, packed; whole values of the vector's type.
    pub fn to_vec(&self) -> Vec<T> {
        let mut bytes = vec![0; self.placed.bytes()];
        // SAFETY: the layout was found to lie within the vector.
        unsafe { self.placed.pack(0, bytes.as_mut_ptr(), bytes.len()) };
        // Any bytes are values of a plain type.
        wire::slice::unpack_to_vec(&bytes).unwrap_or_default()
    }
}

impl<T: Wire> Drop for OwnedView<T> {
    fn drop(&mut self) {
        // SAFETY: the parts of the vector, which nobody else has.
        drop(unsafe { Vec::from_raw_parts(self.memory, self.length, self.capacity) });
    }
}

impl<T: Wire> std::fmt::Debug for OwnedView<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OwnedView({} bytes of {} values)", self.placed.bytes(), self.length)
    }
}

/// A buffer that an operation may own, and that is used between two of its starts: a vector, a value, an [`OwnedView`].
pub trait OwnedBuffer: BufferMut + Send + 'static {
    /// The values; of a row that was received the first `received`, of a layout's slice all.
    #[doc(hidden)]
    fn access(&mut self, received: Option<usize>) -> &mut [Self::Item];
}

impl<B: ItemsMut + Send + 'static> OwnedBuffer for B {
    fn access(&mut self, received: Option<usize>) -> &mut [B::Item] {
        let items = self.items_mut();
        let end = received.map_or(items.len(), |count| count.min(items.len()));
        &mut items[..end]
    }
}

impl<T: Wire> OwnedBuffer for OwnedView<T> {
    fn access(&mut self, _: Option<usize>) -> &mut [T] {
        self.values_mut()
    }
}
