//! A copy of what is to be sent.

use wire::Wire;

use super::{Buffer, Layout, LayoutError, Memory, OwnedView};

/// A message that was copied out of a buffer, and is sent as that would be.
#[doc(hidden)]
#[derive(Debug)]
pub enum Copied<T: Wire> {
    /// Values in a row.
    Row(Vec<T>),
    /// What a layout with this signature selected, packed.
    Packed(OwnedView<u8>, u64),
}

impl<T: Wire> Copied<T> {
    /// Copies it.
    ///
    /// # Errors
    /// A message of more bytes than a layout can have.
    pub fn of<B: Buffer<Item = T> + ?Sized>(buffer: &B) -> Result<Copied<T>, LayoutError> {
        let (placed, signature) = match buffer.memory() {
            Memory::Row(items) => return Ok(Copied::Row(items.to_vec())),
            Memory::LaidOut(placed, signature) => (placed, signature),
        };
        let mut bytes = vec![0u8; placed.bytes()];
        // SAFETY: a buffer can be read as long as it is borrowed.
        unsafe { placed.pack(0, bytes.as_mut_ptr(), bytes.len()) };
        let row = Layout::contiguous(bytes.len() as u64, &Layout::of::<u8>())?;
        row.own(bytes).map(|view| Copied::Packed(view, signature)).map_err(|_| LayoutError::Overflow)
    }
}

// SAFETY: the packed bytes go with it.
unsafe impl<T: Wire> Buffer for Copied<T> {
    type Item = T;

    fn memory(&self) -> Memory<'_, T> {
        match self {
            Copied::Row(values) => Memory::Row(values),
            Copied::Packed(view, signature) => Memory::LaidOut(view.placed(), *signature),
        }
    }
}
