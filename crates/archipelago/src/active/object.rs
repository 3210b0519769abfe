//! Objects: handlers that are registered with a communicator.

use std::marker::PhantomData;
use std::sync::Arc;

use engine::active::ObjectId;

use super::address::{Address, ObjectName};
use super::handler::{Adapter, Handle, Payload};
use crate::error::{Peer, Spot};
use crate::transfer::type_of;
use crate::{Comm, Result};

/// A registered handler. When it is dropped the object is removed: what comes for it is refused.
#[must_use = "dropped, the object is removed"]
pub struct Object<Q, R> {
    address: Address<Q, R>,
}

impl Comm {
    /// Registers a handler under the next id of those that all ranks come to by registering in the same order. Local: no
    /// message is sent, and others may send to it already; their messages wait until it is there.
    ///
    /// A handler runs where and when its rank communicates or waits, on the thread that does; a rank that computes and has
    /// [started its progress thread](Comm::start_progress_thread) handles on that. Handlers of one communicator run one at a time, and those
    /// of one object in the order in which a rank sent its messages. A handler may send messages and start calls, and answer later ([`Request`](crate::ActiveRequest)); it can't
    /// wait for active messages, and should wait for nothing. Whoever holds a lock that a handler takes must not
    /// communicate. A panic in a handler ends the job.
    ///
    /// # Errors
    /// The process has left its job.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// // Squares: rank 0 is told how many each rank counted.
    /// let (sender, receiver) = std::sync::mpsc::channel();
    /// let report = world.register(move |(rank, count): (usize, u64)| {
    ///     sender.send((rank, count)).unwrap();
    /// })?;
    /// report.at(0).tell(&(world.rank(), 10 * world.rank() as u64))?;
    /// world.quiescence()?;
    /// if world.rank() == 0 {
    ///     let mut all: Vec<_> = receiver.try_iter().collect();
    ///     all.sort();
    ///     assert_eq!(all, [(0, 0), (1, 10), (2, 20)]);
    /// }
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn register<Q: Payload, R: Payload, Form: 'static>(
        &self,
        handler: impl Handle<Q, R, Form>,
    ) -> Result<Object<Q, R>> {
        self.register_with("register", ObjectId::InOrder, handler)
    }

    /// Registers a handler under an id that all ranks state that register it.
    ///
    /// # Errors
    /// An id that is taken, or was; the process has left its job.
    ///
    /// ```
    /// # archipelago::testing::run(2, |world| {
    /// let (up, down);
    /// if world.rank() == 0 {
    ///     up = world.register_as(1, |x: i32| x + 1)?;
    ///     down = world.register_as(2, |x: i32| x - 1)?;
    /// } else {
    ///     down = world.register_as(2, |x: i32| x - 1)?;
    ///     up = world.register_as(1, |x: i32| x + 1)?;
    /// }
    /// assert_eq!((up.at(0).call(&1)?, down.at(1).call(&1)?), (2, 0));
    /// world.quiescence()?;
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn register_as<Q: Payload, R: Payload, Form: 'static>(
        &self,
        id: u32,
        handler: impl Handle<Q, R, Form>,
    ) -> Result<Object<Q, R>> {
        self.register_with("register_as", ObjectId::Stated(id), handler)
    }

    /// Registers a handler under an id that no other object of this rank has or will have. Others learn of it by its
    /// [name](Object::name).
    ///
    /// # Errors
    /// The process has left its job.
    pub fn create_object<Q: Payload, R: Payload, Form: 'static>(
        &self,
        handler: impl Handle<Q, R, Form>,
    ) -> Result<Object<Q, R>> {
        self.register_with("create_object", ObjectId::Own, handler)
    }

    pub(super) fn register_with<Q: Payload, R: Payload, Form: 'static>(
        &self,
        operation: &'static str,
        id: ObjectId,
        function: impl Handle<Q, R, Form>,
    ) -> Result<Object<Q, R>> {
        let handler = Adapter {
            function,
            arrivals: None,
            process: Arc::downgrade(self.untyped.process()),
            communicator: self.untyped.inner().clone(),
            types: PhantomData,
        };
        let registered = self.untyped.register(id, type_of::<Q::Item>(), Box::new(handler));
        let spot = Spot::new(operation, Peer::All, None);
        let object = registered.map_err(|error| spot.explain::<Q::Item>(&self.untyped, error))?;
        Ok(Object { address: Address::new(self.clone(), self.rank(), object) })
    }
}

impl<Q: Payload, R: Payload> Object<Q, R> {
    /// The address of this object, here.
    pub fn address(&self) -> &Address<Q, R> {
        &self.address
    }

    /// The address of the object that `rank` has registered under the same id.
    pub fn at(&self, rank: usize) -> Address<Q, R> {
        self.address.at(rank)
    }

    /// The address as a value that can be sent.
    pub fn name(&self) -> ObjectName {
        self.address.name()
    }
}

impl<Q, R> Drop for Object<Q, R> {
    fn drop(&mut self) {
        self.address.comm.untyped.remove_object(self.address.object);
    }
}

impl<Q, R> std::fmt::Debug for Object<Q, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Object({:?})", self.address)
    }
}
