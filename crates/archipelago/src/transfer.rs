//! Blocking messages.

use engine::{Mode, TypeName, TypeTag};
use layout::{Buffer, BufferMut, MemoryMut};
use wire::{Incoming, Receivable, Wire};

use crate::address::{Destination, Source, Status};
use crate::called::{called, called_blindly};
use crate::{Error, Result, raw};

/// What the engine is told of a type.
pub(crate) const fn type_of<T: Wire>() -> TypeTag {
    TypeTag { signature: T::SIGNATURE, name: TypeName::Made(wire::describe::<T>), ..TypeTag::BYTES }
}

/// What the engine is told of a layout over a slice of a type.
pub(crate) fn laid_out_of<T: Wire>(signature: u64) -> TypeTag {
    if signature == T::SIGNATURE {
        return type_of::<T>();
    }
    TypeTag {
        signature,
        name: TypeName::Made(|| format!("what a layout selects of {}", wire::describe::<T>())),
        ..TypeTag::BYTES
    }
}

impl Destination<'_> {
    /// Sends a value, a slice, a vector, or what a [`Layout`](crate::Layout) selects of a slice, and returns when the buffer
    /// can be used again. That may be before it was received (a small message) or not (a large one).
    ///
    /// Costs one message; a large one costs an announcement first.
    ///
    /// # Errors
    /// A rank or a tag that can't be, before anything is sent; a peer that is gone.
    ///
    /// ```
    /// # archipelago::testing::run(2, |world| {
    /// match world.rank() {
    ///     0 => world.to(1).send("hello".as_bytes())?,
    ///     _ => assert_eq!(world.from(0).receive::<Vec<u8>>()?, b"hello"),
    /// }
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    ///
    /// A column of a matrix, received as a row:
    ///
    /// ```
    /// use archipelago::prelude::*;
    /// # archipelago::testing::run(2, |world| {
    /// let column = Layout::vector(4, 1, 10, &Layout::of::<f64>())?;
    /// if world.rank() == 0 {
    ///     let matrix: Vec<f64> = (0..40).map(f64::from).collect();
    ///     world.to(1).send(&column.over(&matrix[3..])?)?;
    /// } else {
    ///     assert_eq!(world.from(0).receive::<Vec<f64>>()?, [3.0, 13.0, 23.0, 33.0]);
    /// }
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[inline]
    #[track_caller]
    pub fn send<B: Buffer + ?Sized>(&self, data: &B) -> Result<()> {
        called(self.comm);
        self.send_as("send", self.mode, data)
    }

    /// Sends, and returns when the receiver has matched the message with a receive.
    ///
    /// # Errors
    /// As [`send`](Destination::send).
    #[inline]
    #[track_caller]
    pub fn send_synchronous<B: Buffer + ?Sized>(&self, data: &B) -> Result<()> {
        called(self.comm);
        self.send_as("send_synchronous", Mode::Synchronous, data)
    }

    #[inline]
    fn send_as<B: Buffer + ?Sized>(&self, operation: &'static str, mode: Mode, data: &B) -> Result<()> {
        raw::send_buffer(self, data, mode)
            .map_err(|error| self.spot(operation).explain::<B::Item>(&self.comm.untyped, error))
    }
}

impl Source<'_> {
    /// Receives a message as one value, which it must be exactly, or as a `Vec`, of as many values as it has.
    ///
    /// # Errors
    /// A rank or a tag that can't be; a peer that is gone; a message of another type, or, for one value, of more (it is kept)
    /// or of none.
    ///
    /// ```
    /// # archipelago::testing::run(2, |world| {
    /// if world.rank() == 0 {
    ///     world.to(1).send(&(42u32, 'x'))?;
    ///     world.to(1).send(&[1u8, 2, 3])?;
    /// } else {
    ///     let (number, letter): (u32, char) = world.from(0).receive()?;
    ///     assert_eq!((number, letter), (42, 'x'));
    ///     let bytes: Vec<u8> = world.from(0).receive()?;
    ///     assert_eq!(bytes, [1, 2, 3]);
    /// }
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[inline]
    #[track_caller]
    pub fn receive<R: Receivable>(&self) -> Result<R> {
        called_blindly(self.comm);
        self.take().map(|(received, _)| received)
    }

    /// Receives, and tells from whom and with which tag.
    ///
    /// # Errors
    /// As [`receive`](Source::receive).
    #[inline]
    #[track_caller]
    pub fn receive_with_status<R: Receivable>(&self) -> Result<(R, Status)> {
        called(self.comm);
        self.take()
    }

    #[inline]
    fn take<R: Receivable>(&self) -> Result<(R, Status)> {
        let mut status = Status { source: 0, tag: 0, bytes: 0 };
        let received = R::take(Next { source: self, status: &mut status })?;
        Ok((received, status))
    }

    /// Receives into a buffer: a value, a slice, a vector as long as it is, or to where a [`Layout`](crate::Layout) has it in a
    /// slice. Returns how much of it was received; a message may be shorter than the buffer, whose rest then stays as it is.
    /// An array is one value, which a message fills as a whole: lend a slice of it, as below, for a message that may be shorter.
    ///
    /// # Errors
    /// As [`receive`](Source::receive); [`Error::Truncated`] when the message is longer than the buffer: it is kept.
    ///
    /// ```
    /// # archipelago::testing::run(2, |world| {
    /// let mut buffer = [0.0; 4];
    /// if world.rank() == 0 {
    ///     world.to(1).send(&[1.0, 2.0])?;
    /// } else {
    ///     let status = world.from(0).receive_into(&mut buffer[..])?;
    ///     assert_eq!((status.count::<f64>(), buffer), (2, [1.0, 2.0, 0.0, 0.0]));
    /// }
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    ///
    /// ```
    /// use archipelago::prelude::*;
    /// # archipelago::testing::run(2, |world| {
    /// let column = Layout::vector(3, 1, 4, &Layout::of::<u32>())?;
    /// let mut matrix = [0u32; 12];
    /// if world.rank() == 0 {
    ///     world.to(1).send(&[7u32, 8, 9])?;
    /// } else {
    ///     world.from(0).receive_into(&mut column.over_mut(&mut matrix)?)?;
    ///     assert_eq!((matrix[0], matrix[4], matrix[8]), (7, 8, 9));
    /// }
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn receive_into<B: BufferMut + ?Sized>(&self, buffer: &mut B) -> Result<Status> {
        called(self.comm);
        let (comm, spot) = (&self.comm.untyped, self.spot("receive_into"));
        if let Some(received) = raw::receive_laid_out(self, buffer) {
            return received.map(Status::of).map_err(|error| spot.explain::<B::Item>(comm, error));
        }
        let MemoryMut::Row(items) = buffer.memory_mut() else { unreachable!("it has no layout") };
        let received = raw::into(items, |room| raw::receive(self, type_of::<B::Item>(), room));
        let (status, count) = received.map_err(|error| spot.explain::<B::Item>(comm, error))?;
        spot.check_whole::<B::Item>(comm, status, count)
    }
}

/// The next message of a source.
struct Next<'a, 'c> {
    source: &'a Source<'c>,
    status: &'a mut Status,
}

impl Incoming for Next<'_, '_> {
    type Error = Error;

    #[inline]
    fn one<T: Wire>(self) -> Result<T> {
        let (comm, spot) = (&self.source.comm.untyped, self.source.spot("receive"));
        let received = raw::one(|room| raw::receive(self.source, type_of::<T>(), room));
        let (status, value) = received.map_err(|error| spot.explain::<T>(comm, error))?;
        *self.status = Status::of(status);
        match value {
            Some(value) => value.map_err(|invalid| spot.invalid::<T>(comm, invalid)),
            None => Err(spot.wrong_count::<T>(comm, status.bytes)),
        }
    }

    fn many<T: Wire>(self) -> Result<Vec<T>> {
        let message = self.source.take_message()?;
        *self.status = message.status();
        message.many()
    }
}
