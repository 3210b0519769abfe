//! What is combined with what other ranks give.

use wire::{ItemsMut, RowOperand, Wire};

use super::{Buffer, Memory, OwnedView, View, ViewMut};

/// A contribution to a reduction: one value, whose result is one value, or many (in a row, or what a layout selects), whose
/// result is a vector.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be combined with what other ranks give",
    label = "neither a value nor a row of values",
    note = "give a value, a slice (`&values[..]`), a `Vec` of them or a view of a layout; in place there is `all_reduce_in_place`"
)]
pub trait Operand: Buffer {
    /// What comes out.
    type Result: ItemsMut<Item = Self::Item>;

    /// The contribution, where the result shall be; none of what a layout selects if that is no row of values.
    #[doc(hidden)]
    fn into_result(self) -> Option<Self::Result>;
}

impl<P: RowOperand> Operand for P {
    type Result = P::Result;

    fn into_result(self) -> Option<P::Result> {
        Some(RowOperand::into_result(self))
    }
}

macro_rules! laid_out {
    ($($view:ty),+) => {$(
        impl<T: Wire> Operand for $view {
            type Result = Vec<T>;

            fn into_result(self) -> Option<Vec<T>> {
                values(&self)
            }
        }
    )+};
}

laid_out!(View<'_, T>, &View<'_, T>, &ViewMut<'_, T>, OwnedView<T>, &OwnedView<T>);

/// What a layout selects, as values one behind the other.
fn values<B: Buffer>(buffer: &B) -> Option<Vec<B::Item>> {
    let Memory::LaidOut(placed, _) = buffer.memory() else { return None };
    let mut bytes = vec![0; placed.bytes()];
    // SAFETY: a buffer can be read as long as it is borrowed.
    unsafe { placed.pack(0, bytes.as_mut_ptr(), bytes.len()) };
    let values = wire::slice::unpack_to_vec::<B::Item>(&bytes).ok();
    values.filter(|values| size_of_val(&values[..]) == bytes.len())
}
