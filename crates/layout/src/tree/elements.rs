//! A layout again and again over a vector: what can be sent part by part.

use wire::{ItemsMut, Wire};

use super::{Layout, LayoutError, OwnedView, Placed};

/// A vector in which one element of a layout follows the other, and what they select of it. Made by [`Layout::own_each`].
///
/// Each element has a slice of the vector to itself, so that different threads can fill different ones.
#[derive(Debug)]
pub struct OwnedElements<T: Wire> {
    view: OwnedView<T>,
    /// Values of the vector from one element to the next.
    stride: usize,
}

impl Layout {
    /// As many elements of this layout as a vector, which goes with them, has room for: each begins an [extent](Layout::extent)
    /// behind the one before it.
    ///
    /// # Errors
    /// An element that reaches out of its own slice of the vector, has a byte twice, or whose extent is no whole number of values; a
    /// vector that is not as long as a whole number of elements. The vector is dropped.
    ///
    /// ```
    /// use archipelago_layout::Layout;
    ///
    /// // Of each row of four the first and the third.
    /// let row = Layout::resized(0, 4, &Layout::vector(2, 1, 2, &Layout::of::<u8>())?)?;
    /// let rows = row.own_each(b"abcdefgh".to_vec()).unwrap();
    /// assert_eq!(rows.len(), 2);
    /// assert_eq!(rows.into_values(), b"abcdefgh");
    /// assert!(row.own_each(vec![0u8; 6]).is_err());
    /// # Ok::<(), archipelago_layout::LayoutError>(())
    /// ```
    pub fn own_each<T: Wire>(&self, values: Vec<T>) -> Result<OwnedElements<T>, LayoutError> {
        let (bytes, value, extent) = (size_of_val(&values[..]), size_of::<T>().max(1), self.extent());
        let from = self.true_lower_bound();
        let to = from as i128 + self.true_extent() as i128;
        let stride =
            usize::try_from(extent).ok().filter(|&stride| stride > 0 && stride.is_multiple_of(value));
        let Some(stride) = stride.filter(|_| from >= 0 && to <= extent as i128) else {
            return Err(LayoutError::Element { from, to, extent, value });
        };
        if !bytes.is_multiple_of(stride) {
            return Err(LayoutError::Elements { bytes, extent });
        }
        if bytes > 0 && self.has_a_byte_twice(stride) {
            return Err(LayoutError::Twice);
        }
        let row = Layout::contiguous((bytes / stride) as u64, self)?;
        let view = row.own(values).map_err(|_| LayoutError::Elements { bytes, extent })?;
        Ok(OwnedElements { view, stride: stride / value })
    }

    /// Whether it has a byte more than once, which lies in so many from its origin on.
    fn has_a_byte_twice(&self, extent: usize) -> bool {
        let mut touched = vec![0u8; extent];
        if self.size() > extent as u64 {
            return true;
        }
        let Ok(mut view) = self.over_mut(&mut touched) else { return true };
        view.unpack(0, &vec![1; self.size() as usize]);
        touched.iter().filter(|&&byte| byte > 0).count() as u64 != self.size()
    }
}

impl<T: Wire> OwnedElements<T> {
    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.view.values().len() / self.stride
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All values of the vector.
    pub fn values(&self) -> &[T] {
        self.view.values()
    }

    /// All values of the vector.
    pub fn values_mut(&mut self) -> &mut [T] {
        self.view.values_mut()
    }

    /// The vector.
    pub fn into_values(self) -> Vec<T> {
        self.view.into_values()
    }

    /// What the elements select, packed.
    pub fn to_vec(&self) -> Vec<T> {
        self.view.to_vec()
    }
}

/// A buffer that can be sent or received part by part: values in a row, or [elements](OwnedElements) of a layout.
///
/// # Safety
/// The elements select nothing outside of their own values, in each of them as many bytes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be sent in parts",
    note = "give a `Vec` of values, or `layout.own_each(values)`"
)]
pub unsafe trait Partible: Send + 'static {
    /// The type of the values.
    type Item: Wire;

    /// The values, one behind the other.
    #[doc(hidden)]
    fn values(&mut self) -> &mut [Self::Item];

    /// The layout of all elements with its signature, and the values of one; none of values that are sent as they are.
    #[doc(hidden)]
    fn elements(&self) -> Option<(&Placed, u64, usize)>;
}

// SAFETY: nothing is laid out.
unsafe impl<B: ItemsMut + Send + 'static> Partible for B {
    type Item = B::Item;

    fn values(&mut self) -> &mut [B::Item] {
        self.items_mut()
    }

    fn elements(&self) -> Option<(&Placed, u64, usize)> {
        None
    }
}

// SAFETY: `own_each` has seen to it.
unsafe impl<T: Wire> Partible for OwnedElements<T> {
    type Item = T;

    fn values(&mut self) -> &mut [T] {
        self.view.values_mut()
    }

    fn elements(&self) -> Option<(&Placed, u64, usize)> {
        Some((self.view.placed(), self.view.signature(), self.stride))
    }
}
