//! Looking at messages before receiving them.

use wire::{Form, Incoming, ItemsMut, Receivable, Wire, slice};

use crate::address::{Source, Status};
use crate::error::{Peer, Spot};
use crate::operation::Landing;
use crate::transfer::type_of;
use crate::{Error, Result};

impl<'c> Source<'c> {
    /// Waits for a message and tells what it is. It stays where it is; with several threads another one may receive it.
    ///
    /// # Errors
    /// A rank or a tag that can't be, a peer that is gone.
    pub fn probe(&self) -> Result<Status> {
        let comm = &self.comm.untyped;
        let status = comm.probe(self.source, self.tag);
        status.map(Status::of).map_err(|error| self.spot("probe").explain::<()>(comm, error))
    }

    /// Tells of a message that has arrived, if one has.
    ///
    /// # Errors
    /// As [`probe`](Source::probe).
    pub fn try_probe(&self) -> Result<Option<Status>> {
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
    pub fn matched_probe(&self) -> Result<Message<'c>> {
        let comm = &self.comm.untyped;
        let (name, status) = comm
            .matched_probe(self.source, self.tag)
            .map_err(|error| self.spot("matched_probe").explain::<()>(comm, error))?;
        Ok(Message { comm, name, status, held: true })
    }

    /// Takes a message that has arrived, if one has.
    ///
    /// # Errors
    /// As [`probe`](Source::probe).
    pub fn try_matched_probe(&self) -> Result<Option<Message<'c>>> {
        let comm = &self.comm.untyped;
        let found = comm.try_matched_probe(self.source, self.tag);
        let found = found.map_err(|error| self.spot("try_matched_probe").explain::<()>(comm, error))?;
        Ok(found.map(|(name, status)| Message { comm, name, status, held: true }))
    }
}

/// A message that a matched probe took: only its holder can receive it.
pub struct Message<'c> {
    comm: &'c runtime::Comm,
    name: engine::Message,
    status: engine::Status,
    held: bool,
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

    /// Receives it into a buffer: a value, a slice, a vector as long as it is.
    ///
    /// # Errors
    /// A message of another type or more values: it is given back, a later receive can take it.
    pub fn receive_into<B: ItemsMut + ?Sized>(mut self, buffer: &mut B) -> Result<Status> {
        let spot = self.spot("receive_into");
        let mut landing = Landing::new(buffer.items_mut());
        let (to, capacity) = landing.room::<B::Item>();
        // SAFETY: the landing is ours until the verb returns, when the operation is complete.
        let status = unsafe { self.comm.receive_message(self.name, type_of::<B::Item>(), to, capacity) }
            .map_err(|error| spot.explain::<B::Item>(self.comm, error))?;
        self.held = false;
        landing.land::<B::Item>(status, self.comm, spot)?;
        Ok(Status::of(status))
    }

    fn spot(&self, operation: &'static str) -> Spot {
        Spot { operation, peer: Peer::From(self.status.source), tag: Some(self.status.tag) }
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
            false => Err(Error::WrongCount { found, expected, place: spot.place::<T>(comm) }),
        }
    }

    fn many<T: Wire>(mut self) -> Result<Vec<T>> {
        let (comm, spot, bytes) = (self.comm, self.spot("receive"), self.status.bytes);
        let count = bytes.checked_div(T::BYTES).unwrap_or(0);
        // A message of another type is refused as that, below.
        if count * T::BYTES != bytes && type_of::<T>().accepts(self.status.signature) {
            let place = spot.place::<T>(comm);
            return Err(Error::WrongCount { found: bytes, expected: T::BYTES, place });
        }
        // The length comes from outside: a peer that announces nonsense gets an error, not our end.
        let (mut values, mut scratch): (Vec<T>, Vec<u8>) = (Vec::new(), Vec::new());
        let plain = T::FORM == Form::Plain;
        let reserved = values
            .try_reserve_exact(count)
            .and_then(|()| scratch.try_reserve_exact(if plain { 0 } else { bytes }));
        if reserved.is_err() {
            return Err(Error::OutOfMemory { bytes, place: spot.place::<T>(comm) });
        }
        let to = if plain { values.as_mut_ptr().cast() } else { scratch.as_mut_ptr() };
        // SAFETY: `bytes` bytes were reserved there, and they are ours until the verb returns, when the operation is
        // complete.
        unsafe { comm.receive_message(self.name, type_of::<T>(), to, bytes) }
            .map_err(|error| spot.explain::<T>(comm, error))?;
        self.held = false;
        if plain {
            // SAFETY: the message filled them, and any bytes are values of a plain type.
            unsafe { values.set_len(count) };
            return Ok(values);
        }
        // SAFETY: the message filled them.
        unsafe { scratch.set_len(bytes) };
        slice::unpack_to_vec(&scratch).map_err(|invalid| spot.invalid::<T>(comm, invalid))
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
