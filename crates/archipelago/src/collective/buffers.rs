//! The buffers of a collective that is prepared, whoever owns them.

use wire::{Items, ItemsMut, Wire};

/// One buffer, which holds what a rank contributes and then what it gets.
#[derive(Clone, Copy, Debug)]
pub struct InPlace<O>(pub(super) O);

/// A buffer that is contributed, and one for what comes.
#[derive(Clone, Copy, Debug)]
pub struct Apart<I, O>(pub(super) I, pub(super) O);

/// Buffers that an operation may own: [`InPlace`] or [`Apart`].
pub trait Buffers {
    /// The type of the values.
    type Item: Wire;
    /// How the buffers come back: one, or both as a pair.
    type Back;
    /// How they are used between two starts of a persistent operation.
    type Access<'a>
    where
        Self: 'a;

    /// What is contributed (nothing, where that lies in the other) and what is written.
    #[doc(hidden)]
    fn both(&mut self) -> (&[Self::Item], &mut [Self::Item]);

    /// Access to the buffers.
    #[doc(hidden)]
    fn access(&mut self) -> Self::Access<'_>;

    /// The buffers themselves.
    #[doc(hidden)]
    fn back(self) -> Self::Back;
}

impl<O: ItemsMut> Buffers for InPlace<O> {
    type Item = O::Item;
    type Back = O;
    type Access<'a>
        = &'a mut [O::Item]
    where
        Self: 'a;

    fn both(&mut self) -> (&[O::Item], &mut [O::Item]) {
        (&[], self.0.items_mut())
    }

    fn access(&mut self) -> &mut [O::Item] {
        self.0.items_mut()
    }

    fn back(self) -> O {
        self.0
    }
}

impl<I: ItemsMut, O: ItemsMut<Item = I::Item>> Buffers for Apart<I, O> {
    type Item = O::Item;
    type Back = (I, O);
    type Access<'a>
        = (&'a mut [O::Item], &'a mut [O::Item])
    where
        Self: 'a;

    fn both(&mut self) -> (&[O::Item], &mut [O::Item]) {
        (self.0.items(), self.1.items_mut())
    }

    fn access(&mut self) -> (&mut [O::Item], &mut [O::Item]) {
        (self.0.items_mut(), self.1.items_mut())
    }

    fn back(self) -> (I, O) {
        (self.0, self.1)
    }
}

/// Buffers whose type of values is known.
pub trait Valued {
    /// It.
    #[doc(hidden)]
    type Value: Wire;
}

impl<O: Items> Valued for InPlace<O> {
    type Value = O::Item;
}

impl<I: Items, O> Valued for Apart<I, O> {
    type Value = I::Item;
}

/// A slice or a vector behind a reference, to be read.
pub trait Readable<'a>: Items {
    /// The values.
    #[doc(hidden)]
    fn reading(self) -> &'a [Self::Item];
}

/// A slice or a vector behind a reference, to be written.
pub trait Writable<'a>: ItemsMut {
    /// The values.
    #[doc(hidden)]
    fn writing(self) -> &'a mut [Self::Item];
}

impl<'a, T: Wire> Readable<'a> for &'a [T] {
    fn reading(self) -> &'a [T] {
        self
    }
}

impl<'a, T: Wire> Readable<'a> for &'a Vec<T> {
    fn reading(self) -> &'a [T] {
        self
    }
}

impl<'a, T: Wire> Writable<'a> for &'a mut [T] {
    fn writing(self) -> &'a mut [T] {
        self
    }
}

impl<'a, T: Wire> Writable<'a> for &'a mut Vec<T> {
    fn writing(self) -> &'a mut [T] {
        self
    }
}

/// Buffers that are borrowed for `'a`: slices and vectors behind references.
pub trait Lent<'a> {
    /// The type of the values.
    type Item: Wire;

    /// What is contributed, and what is written.
    #[doc(hidden)]
    fn lend(self) -> (&'a [Self::Item], &'a mut [Self::Item]);
}

impl<'a, O: Writable<'a>> Lent<'a> for InPlace<O>
where
    O::Item: 'a,
{
    type Item = O::Item;

    fn lend(self) -> (&'a [O::Item], &'a mut [O::Item]) {
        (&[], self.0.writing())
    }
}

impl<'a, I: Readable<'a>, O: Writable<'a> + Items<Item = I::Item>> Lent<'a> for Apart<I, O>
where
    O::Item: 'a,
{
    type Item = O::Item;

    fn lend(self) -> (&'a [O::Item], &'a mut [O::Item]) {
        (self.0.reading(), self.1.writing())
    }
}
