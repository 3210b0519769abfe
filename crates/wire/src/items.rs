//! What a verb takes and gives: one value or many.

use std::sync::Arc;

use crate::Wire;

/// Something that holds values in a row: one value, a slice, a vector.
///
/// `[f64; 3]` is both one value and three; as messages the two are the same.
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

/// A contribution to a reduction: one value, whose result is one value, or many, whose result is a vector.
pub trait Operand: Items {
    /// What comes out.
    type Result: ItemsMut<Item = Self::Item>;

    /// The contribution, where the result shall be.
    fn into_result(self) -> Self::Result;
}

impl<T: Wire> Operand for T {
    type Result = T;

    fn into_result(self) -> T {
        self
    }
}

impl<T: Wire> Operand for Vec<T> {
    type Result = Vec<T>;

    fn into_result(self) -> Vec<T> {
        self
    }
}

impl<T: Wire> Operand for &[T] {
    type Result = Vec<T>;

    fn into_result(self) -> Vec<T> {
        self.to_vec()
    }
}

impl<T: Wire> Operand for &Vec<T> {
    type Result = Vec<T>;

    fn into_result(self) -> Vec<T> {
        self.clone()
    }
}

/// What a message can be received as: one value, or a vector of as many as it has.
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
