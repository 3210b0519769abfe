//! What a verb takes and gives: one value or many.

use std::sync::Arc;

use crate::Wire;

/// Something that holds values in a row: one value, a slice, a vector.
///
/// `[f64; 3]` is both one value and three; as messages the two are the same.
#[diagnostic::on_unimplemented(
    message = "`{Self}` holds no values that can travel between processes",
    label = "neither a value nor a row of values that travel",
    note = "a message is a value of a fixed size (`Wire`: scalars, arrays, tuples, types that derive it), or a slice or a `Vec` of such",
    note = "for text send its bytes, `text.as_bytes()`, and receive a `Vec<u8>`"
)]
pub trait Items {
    /// The type of the values.
    type Item: Wire;

    /// The values.
    fn items(&self) -> &[Self::Item];
}

/// Values in a row that can be received into.
pub trait ItemsMut: Items {
    /// The values.
    fn items_mut(&mut self) -> &mut [Self::Item];
}

impl<T: Wire> Items for T {
    type Item = T;

    #[inline]
    fn items(&self) -> &[T] {
        std::slice::from_ref(self)
    }
}

impl<T: Wire> ItemsMut for T {
    #[inline]
    fn items_mut(&mut self) -> &mut [T] {
        std::slice::from_mut(self)
    }
}

macro_rules! items {
    ($($type:ty),+) => {$(
        impl<T: Wire> Items for $type {
            type Item = T;

            #[inline]
            fn items(&self) -> &[T] {
                self
            }
        }
    )+};
}

macro_rules! items_mut {
    ($($type:ty),+) => {$(
        impl<T: Wire> ItemsMut for $type {
            #[inline]
            fn items_mut(&mut self) -> &mut [T] {
                self
            }
        }
    )+};
}

items!([T], Vec<T>, Box<[T]>, Arc<[T]>, &[T], &Vec<T>, &mut [T], &mut Vec<T>);
items_mut!([T], Vec<T>, Box<[T]>, &mut [T], &mut Vec<T>);

/// An array behind a reference is a row of its elements, as a slice is.
impl<T: Wire, const N: usize> Items for &[T; N] {
    type Item = T;

    #[inline]
    fn items(&self) -> &[T] {
        &self[..]
    }
}

impl<T: Wire, const N: usize> Items for &mut [T; N] {
    type Item = T;

    #[inline]
    fn items(&self) -> &[T] {
        &self[..]
    }
}

impl<T: Wire, const N: usize> ItemsMut for &mut [T; N] {
    #[inline]
    fn items_mut(&mut self) -> &mut [T] {
        &mut self[..]
    }
}

/// A contribution to a reduction, in a row: one value, whose result is one value, or many, whose result is a vector.
pub trait RowOperand: Items {
    /// What comes out.
    type Result: ItemsMut<Item = Self::Item>;

    /// The contribution, where the result shall be.
    fn into_result(self) -> Self::Result;
}

impl<T: Wire> RowOperand for T {
    type Result = T;

    fn into_result(self) -> T {
        self
    }
}

impl<T: Wire> RowOperand for Vec<T> {
    type Result = Vec<T>;

    fn into_result(self) -> Vec<T> {
        self
    }
}

impl<T: Wire> RowOperand for &[T] {
    type Result = Vec<T>;

    fn into_result(self) -> Vec<T> {
        self.to_vec()
    }
}

impl<T: Wire> RowOperand for &Vec<T> {
    type Result = Vec<T>;

    fn into_result(self) -> Vec<T> {
        self.clone()
    }
}

impl<T: Wire, const N: usize> RowOperand for &[T; N] {
    type Result = Vec<T>;

    fn into_result(self) -> Vec<T> {
        self.to_vec()
    }
}

/// What a message can be received as: one value, or a vector of as many as it has.
#[diagnostic::on_unimplemented(
    message = "a message can't be received as `{Self}`",
    label = "neither a value that travels nor a `Vec` of such",
    note = "ask for a value of a fixed size (`Wire`: scalars, arrays, tuples, types that derive it), or a `Vec` of such; `receive_into` fills a slice",
    note = "for text receive a `Vec<u8>`, and make a `String` of it by `String::from_utf8`"
)]
pub trait Receivable: Sized {
    /// Takes itself from a message.
    ///
    /// # Errors
    /// The message's.
    fn take<M: Incoming>(message: M) -> Result<Self, M::Error>;
}

/// A message that can be taken as one value or as many.
pub trait Incoming {
    /// Why it can't be.
    type Error;

    /// As exactly one value.
    ///
    /// # Errors
    /// When it isn't.
    fn one<T: Wire>(self) -> Result<T, Self::Error>;

    /// As many values as it has.
    ///
    /// # Errors
    /// When it isn't made of such values.
    fn many<T: Wire>(self) -> Result<Vec<T>, Self::Error>;
}

impl<T: Wire> Receivable for T {
    #[inline]
    fn take<M: Incoming>(message: M) -> Result<T, M::Error> {
        message.one()
    }
}

impl<T: Wire> Receivable for Vec<T> {
    #[inline]
    fn take<M: Incoming>(message: M) -> Result<Vec<T>, M::Error> {
        message.many()
    }
}
