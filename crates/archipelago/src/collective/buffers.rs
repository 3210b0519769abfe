//! The buffers of a collective that is prepared, whoever owns them.

use layout::{Buffer, BufferMut, OwnedBuffer};
use wire::Wire;

use crate::lending::{Lending, Readable, Writable};

/// One buffer, which holds what a rank contributes and then what it gets.
#[derive(Clone, Copy, Debug)]
pub struct InPlace<O>(pub(super) O);

/// A buffer that is contributed, and one for what comes.
#[derive(Clone, Copy, Debug)]
pub struct Apart<I, O>(pub(super) I, pub(super) O);

/// Buffers that a collective can work on: [`InPlace`], [`Apart`], or parts of any types.
pub trait Lendable: sealed::Sealed {
    /// The type of the values.
    type Item: Wire;

    /// Where the bytes are; good as long as the buffers are there and nobody else uses them.
    #[doc(hidden)]
    fn lend(&mut self) -> Lending;
}

pub(super) mod sealed {
    /// What is lent is followed by its address.
    pub trait Sealed {}
}

impl<O> sealed::Sealed for InPlace<O> {}
impl<I, O> sealed::Sealed for Apart<I, O> {}

impl<O: BufferMut> Lendable for InPlace<O> {
    type Item = O::Item;

    fn lend(&mut self) -> Lending {
        Lending::in_place(&mut self.0)
    }
}

impl<I: Buffer, O: BufferMut<Item = I::Item>> Lendable for Apart<I, O> {
    type Item = I::Item;

    fn lend(&mut self) -> Lending {
        Lending::whole(&self.0, &mut self.1)
    }
}

/// Buffers that an operation may own: vectors, values, boxed slices, and what a layout [owns](crate::OwnedView) of a vector.
pub trait Buffers: Lendable {
    /// How the buffers come back: one, or both as a pair.
    type Back;
    /// How they are used between two starts of a persistent operation.
    type Access<'a>
    where
        Self: 'a;

    /// Access to the buffers.
    #[doc(hidden)]
    fn access(&mut self) -> Self::Access<'_>;

    /// The buffers themselves.
    #[doc(hidden)]
    fn back(self) -> Self::Back;
}

impl<O: OwnedBuffer> Buffers for InPlace<O> {
    type Back = O;
    type Access<'a>
        = &'a mut [O::Item]
    where
        Self: 'a;

    fn access(&mut self) -> &mut [O::Item] {
        self.0.access(None)
    }

    fn back(self) -> O {
        self.0
    }
}

impl<I: OwnedBuffer, O: OwnedBuffer<Item = I::Item>> Buffers for Apart<I, O> {
    type Back = (I, O);
    type Access<'a>
        = (&'a mut [O::Item], &'a mut [O::Item])
    where
        Self: 'a;

    fn access(&mut self) -> (&mut [O::Item], &mut [O::Item]) {
        (self.0.access(None), self.1.access(None))
    }

    fn back(self) -> (I, O) {
        (self.0, self.1)
    }
}

/// Buffers that are borrowed for `'a`: slices, arrays and vectors behind references, and views of layouts.
pub trait Lent<'a>: Lendable {
    /// The buffer that is written.
    type Written: Writable<'a>;
}

impl<'a, O: Writable<'a>> Lent<'a> for InPlace<O> {
    type Written = O;
}

impl<'a, I: Readable<'a>, O: Writable<'a, Item = I::Item>> Lent<'a> for Apart<I, O> {
    type Written = O;
}
