//! Addresses of objects.

use std::marker::PhantomData;

use engine::active::Target;
use layout::Buffer;
use runtime::active::Answered;
use runtime::undisturbed;
use wire::Wire;

use super::answer;
use super::calling::Calling;
use super::handler::Payload;
use super::request::parcel;
use crate::error::{Peer, Spot};
use crate::lending::encoding;
use crate::probe::Message;
use crate::transfer::type_of;
use crate::{Comm, Result, raw};

/// Where an object is: a rank of a communicator, and its id there. It takes messages `Q` and answers with `R`.
///
/// Cheap to clone; any thread, and any handler, may use it. [`name`](Address::name) is what of it travels.
pub struct Address<Q, R> {
    pub(crate) comm: Comm,
    pub(crate) rank: usize,
    pub(crate) object: u64,
    pub(crate) types: PhantomData<fn(Q) -> R>,
}

/// An address as a value that is sent in messages: whoever gets it makes an [`Address`] of it with
/// [`Comm::address`](crate::Comm::address).
#[derive(Wire, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ObjectName {
    context: u64,
    object: u64,
    rank: u64,
}

impl<Q: Payload, R: Payload> Address<Q, R> {
    pub(super) fn new(comm: Comm, rank: usize, object: u64) -> Address<Q, R> {
        Address { comm, rank, object, types: PhantomData }
    }

    /// The rank at which the object is.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The address as a value that can be sent.
    pub fn name(&self) -> ObjectName {
        let context = self.comm.untyped.inner().context.0;
        ObjectName { context, object: self.object, rank: self.rank as u64 }
    }

    /// The same id at another rank: for objects that all ranks have registered.
    pub fn at(&self, rank: usize) -> Address<Q, R> {
        Address { rank, ..self.clone() }
    }

    /// Sends a request, and returns the answer of the object's handler. Meanwhile this rank handles what others send to it.
    ///
    /// Costs two messages: 24 bytes of request and 32 of answer go in a cache line each.
    ///
    /// # Errors
    /// A rank that can't be, before anything is sent; a peer that is gone (whether the request was handled is then
    /// unknown); [`Error::NoSuchObject`](crate::Error::NoSuchObject); a request, or an answer, of another type;
    /// in a handler always, as the answer may need a turn here.
    ///
    /// ```
    /// # archipelago::testing::run(2, |world| {
    /// let mut sum = 0;
    /// let add = world.register(move |x: u64| { sum += x; sum })?;
    /// if world.rank() == 1 {
    ///     assert_eq!(add.at(0).call(&40)?, 40);
    ///     assert_eq!(add.at(0).call(&2)?, 42);
    /// }
    /// world.quiescence()?;
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn call<B: Buffer<Item = Q::Item> + ?Sized>(&self, request: &B) -> Result<R> {
        let (comm, spot) = (&self.comm.untyped, self.spot("call"));
        let bytes = encoding(request, spot, comm)?;
        let takes = |status: &engine::Status| answer::is_plain::<R::Item>(status);
        let called = raw::call(comm, self.target(), type_of::<Q::Item>(), &bytes, takes);
        match called.map_err(|error| spot.explain::<Q::Item>(comm, error))? {
            Answered::Small(bytes, status) => {
                R::take(answer::Small { comm, bytes: &bytes[..status.bytes], spot })
            }
            Answered::Held(call, status) => {
                R::take(Message::answer(comm, comm.message(call), status, "call"))
            }
        }
    }

    /// Starts a call, whose request is kept until it is sent. To be waited for, awaited, or dropped. May be used in handlers.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// let rank = world.rank();
    /// let sum = world.register(move |numbers: Vec<f64>| numbers.iter().sum::<f64>() + rank as f64)?;
    /// let calls: Vec<_> = (0..3).map(|rank| sum.at(rank).call_owned(vec![0.5; 10_000])).collect();
    /// for (rank, call) in calls.into_iter().enumerate() {
    ///     assert_eq!(call.wait()?, 5000.0 + rank as f64);
    /// }
    /// world.quiescence()?;
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn call_owned(&self, request: Q) -> Calling<R> {
        let started = undisturbed(|| self.comm.untyped.start_call(self.target(), parcel(request)));
        Calling::new(self.comm.clone(), started, self.spot("call_owned"))
    }

    /// Sends a one-way message: the handler's answer is dropped. Returns when the buffer can be used again, which for a message
    /// without credit is when its turn comes. In a handler the message goes into the outgoing queue, which is run after the turn.
    ///
    /// Costs one message; 32 bytes go in a cache line.
    ///
    /// # Errors
    /// A rank that can't be, before anything is sent; a peer that is gone; in a handler a full queue
    /// ([`Error::QueueFull`](crate::Error::QueueFull)). That a message can't be handled is told by
    /// [`quiescence`](crate::Comm::quiescence).
    pub fn tell<B: Buffer<Item = Q::Item> + ?Sized>(&self, message: &B) -> Result<()> {
        let (comm, spot) = (&self.comm.untyped, self.spot("tell"));
        let bytes = encoding(message, spot, comm)?;
        raw::tell(comm, self.target(), type_of::<Q::Item>(), &bytes)
            .map_err(|error| spot.explain::<Q::Item>(comm, error))
    }

    pub(super) fn target(&self) -> Target {
        Target { rank: self.rank, object: self.object }
    }

    fn spot(&self, operation: &'static str) -> Spot {
        Spot::new(operation, Peer::To(self.rank), None)
    }
}

impl<Q, R> Clone for Address<Q, R> {
    fn clone(&self) -> Self {
        Address { comm: self.comm.clone(), rank: self.rank, object: self.object, types: PhantomData }
    }
}

impl<Q, R> std::fmt::Debug for Address<Q, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Address(object {} at rank {} of {})", self.object, self.rank, self.comm.name())
    }
}

impl Comm {
    /// The address, at this rank, of the object of an id that all ranks [state](Comm::register_as);
    /// [`at`](Address::at) gives it elsewhere. It need not be registered here.
    pub fn agreed<Q: Payload, R: Payload>(&self, id: u32) -> Address<Q, R> {
        Address::new(self.clone(), self.rank(), u64::from(id))
    }

    /// The address that a name stands for. The types are checked when it is used.
    ///
    /// # Errors
    /// The name of an object of another communicator.
    ///
    /// ```
    /// use archipelago::prelude::*;
    /// # archipelago::testing::run(3, |world| {
    /// // An object that only rank 1 has. Its name goes by way of rank 0.
    /// let secret = (world.rank() == 1).then(|| world.create_object(|x: u32| x + 1)).transpose()?;
    /// let mut name = secret.as_ref().map(|object| object.name());
    /// world.root(1).broadcast(&mut name)?;
    /// assert_eq!(world.address::<u32, u32>(name.unwrap())?.call(&41)?, 42);
    /// world.quiescence()?;
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn address<Q: Payload, R: Payload>(&self, name: ObjectName) -> Result<Address<Q, R>> {
        let spot = Spot::new("address", Peer::All, None);
        if name.context != self.untyped.inner().context.0 {
            let what = "`name`: it is an object's of another communicator".to_owned();
            return Err(spot.refuse::<Q::Item>(&self.untyped, what));
        }
        match usize::try_from(name.rank) {
            Ok(rank) if rank < self.size() => Ok(Address::new(self.clone(), rank, name.object)),
            _ => {
                Err(spot.refuse::<Q::Item>(&self.untyped, format!("`name`: there is no rank {}", name.rank)))
            }
        }
    }
}
