//! Looking at messages before receiving them.

use layout::{BufferMut, MemoryMut};
use wire::{Incoming, Receivable, Wire};

use crate::address::{Source, Status};
use crate::called::called;
use crate::error::{Peer, Spot};
use crate::raw::{self, Arrivals};
use crate::transfer::type_of;
use crate::{Error, Result};

impl<'c> Source<'c> {
    /// Waits for a message and tells what it is. It stays where it is; with several threads another one may receive it.
    ///
    /// # Errors
    /// A rank or a tag that can't be, a peer that is gone.
    #[track_caller]
    pub fn probe(&self) -> Result<Status> {
        called(self.comm);
        let comm = &self.comm.untyped;
        let status = comm.probe(self.source, self.tag);
        status.map(Status::of).map_err(|error| self.spot("probe").explain::<()>(comm, error))
    }

    /// Tells of a message that has arrived, if one has.
    ///
    /// # Errors
    /// As [`probe`](Source::probe).
    #[track_caller]
    pub fn try_probe(&self) -> Result<Option<Status>> {
        called(self.comm);
        let comm = &self.comm.untyped;
        let status = comm.try_probe(self.source, self.tag);
        let status = status.map_err(|error| self.spot("try_probe").explain::<()>(comm, error))?;
        Ok(status.map(Status::of))
    }

    /// Waits for a message and takes it out of matching: only the holder of what is returned can receive it. Dropping
    /// that gives the message back.
    ///
    /// # Errors
    /// As [`probe`](Source::probe).
    ///
    /// ```
    /// # archipelago::testing::run(2, |world| {
    /// if world.rank() == 0 {
    ///     world.to(1).tag(3).send(&[1.5, 2.5])?;
    /// } else {
    ///     let message = world.from_any().any_tag().matched_probe()?;
    ///     assert_eq!((message.status().tag, message.status().count::<f64>()), (3, 2));
    ///     let values: Vec<f64> = message.receive()?;
    ///     assert_eq!(values, [1.5, 2.5]);
    /// }
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn matched_probe(&self) -> Result<Message<'c>> {
        called(self.comm);
        self.take_message()
    }

    pub(crate) fn take_message(&self) -> Result<Message<'c>> {
        let comm = &self.comm.untyped;
        let (name, status) = comm
            .matched_probe(self.source, self.tag)
            .map_err(|error| self.spot("matched_probe").explain::<()>(comm, error))?;
        Ok(Message { comm, name, status, held: true, verb: None })
    }

    /// Takes a message that has arrived, if one has.
    ///
    /// # Errors
    /// As [`probe`](Source::probe).
    #[track_caller]
    pub fn try_matched_probe(&self) -> Result<Option<Message<'c>>> {
        called(self.comm);
        let comm = &self.comm.untyped;
        let found = comm.try_matched_probe(self.source, self.tag);
        let found = found.map_err(|error| self.spot("try_matched_probe").explain::<()>(comm, error))?;
        Ok(found.map(|(name, status)| Message { comm, name, status, held: true, verb: None }))
    }
}

/// A message that a matched probe took: only its holder can receive it.
pub struct Message<'c> {
    comm: &'c runtime::Comm,
    name: engine::Message,
    status: engine::Status,
    held: bool,
    /// What it is the answer to, if it is one.
    verb: Option<&'static str>,
}

impl<'c> Message<'c> {
    /// The answer to a call.
    pub(crate) fn answer(
        comm: &'c runtime::Comm,
        name: engine::Message,
        status: engine::Status,
        verb: &'static str,
    ) -> Message<'c> {
        Message { comm, name, status, held: true, verb: Some(verb) }
    }
}

impl Message<'_> {
    /// From whom, with which tag, how long.
    pub fn status(&self) -> Status {
        Status::of(self.status)
    }

    /// Receives it as one value or as a `Vec`.
    ///
    /// # Errors
    /// A message of another type or number of values: it is given back, a later receive can take it.
    pub fn receive<R: Receivable>(self) -> Result<R> {
        R::take(self)
    }

    /// Receives it into a buffer: a value, a slice, a vector as long as it is, what a layout selects.
    ///
    /// # Errors
    /// A message of another type or more values: it is given back, a later receive can take it.
    pub fn receive_into<B: BufferMut + ?Sized>(mut self, buffer: &mut B) -> Result<Status> {
        let (comm, spot) = (self.comm, self.spot("receive_into"));
        if let Some(received) = raw::receive_message_laid_out(comm, self.name, buffer) {
            let status = received.map_err(|error| spot.explain::<B::Item>(comm, error))?;
            self.held = false;
            return Ok(Status::of(status));
        }
        let MemoryMut::Row(items) = buffer.memory_mut() else { unreachable!("it has no layout") };
        let receive =
            |room: &mut raw::Room| raw::receive_message(comm, self.name, type_of::<B::Item>(), room);
        let received = raw::into(items, receive);
        let (status, count) = received.map_err(|error| spot.explain::<B::Item>(comm, error))?;
        self.held = false;
        spot.check_whole::<B::Item>(comm, status, count)
    }

    fn spot(&self, operation: &'static str) -> Spot {
        match self.verb {
            Some(verb) => Spot::new(verb, Peer::To(self.status.source), None),
            None => Spot::new(operation, Peer::From(self.status.source), Some(self.status.tag)),
        }
    }
}

impl Incoming for Message<'_> {
    type Error = Error;

    fn one<T: Wire>(self) -> Result<T> {
        let (comm, spot, found, expected) = (self.comm, self.spot("receive"), self.status.bytes, T::BYTES);
        match found == expected || !type_of::<T>().accepts(self.status.signature) {
            // A value without bytes is what any message without bytes is.
            true if expected == 0 => {
                self.receive_into(&mut [(); 0][..])?;
                T::unpack(&[]).map_err(|invalid| spot.invalid::<T>(comm, invalid))
            }
            true => self.many::<T>().map(|values| values[0]),
            false => Err(spot.wrong_count::<T>(comm, found)),
        }
    }

    fn many<T: Wire>(mut self) -> Result<Vec<T>> {
        let (comm, spot, bytes) = (self.comm, self.spot("receive"), self.status.bytes);
        let count = bytes.checked_div(T::BYTES).unwrap_or(0);
        // A message of another type is refused as that, below.
        if count * T::BYTES != bytes && type_of::<T>().accepts(self.status.signature) {
            return Err(spot.wrong_count::<T>(comm, bytes));
        }
        // The length comes from outside: a peer that announces nonsense gets an error, not our end.
        let Some(mut arrivals) = Arrivals::reserve(count) else {
            return Err(Error::OutOfMemory { bytes: bytes as u64, place: spot.place::<T>(comm) });
        };
        let filled = raw::receive_message(comm, self.name, type_of::<T>(), arrivals.room())
            .map_err(|error| spot.explain::<T>(comm, error))?;
        self.held = false;
        arrivals.values(filled).map_err(|invalid| spot.invalid::<T>(comm, invalid))
    }
}

impl Drop for Message<'_> {
    fn drop(&mut self) {
        if self.held {
            self.comm.put_back(self.name);
        }
    }
}

impl std::fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message").field("status", &self.status()).finish_non_exhaustive()
    }
}
