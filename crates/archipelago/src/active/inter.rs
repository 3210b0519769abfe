//! Active messages between the two sides of an inter-communicator.

use engine::active::{ActiveCounters, ObjectId};

use super::address::Address;
use super::handler::{Handle, Payload};
use super::object::Object;
use crate::{InterComm, Result};

impl InterComm {
    /// Registers a handler for messages of the other side, as [`Comm::register`](crate::Comm::register) does; ids in order are
    /// those of both sides. Ranks of the addresses that [`Object::at`] makes name members of the other side.
    ///
    /// A request that is [forwarded](crate::ActiveRequest::forward) goes back over to the side that it came from; its answer goes
    /// straight to who asked.
    ///
    /// # Errors
    /// The process has left its job.
    ///
    /// ```
    /// # archipelago::testing::run(5, |world| {
    /// // Ranks 0 and 1 ask, the others answer.
    /// let asks = world.rank() < 2;
    /// let side = world.split(Some(asks as u32), 0)?.expect("it gave a colour");
    /// let bridge = (side.rank() == 0).then_some((&world, if asks { 2 } else { 0 }));
    /// let inter = side.inter_communicator(0, bridge, 0)?;
    /// let me = inter.rank();
    /// let double = inter.register(move |x: usize| (me, 2 * x))?;
    /// for rank in 0..inter.remote_size() {
    ///     assert_eq!(double.at(rank).call(&21)?, (rank, 42));
    /// }
    /// inter.quiescence()?;
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn register<Q: Payload, R: Payload, Form: 'static>(
        &self,
        handler: impl Handle<Q, R, Form>,
    ) -> Result<Object<Q, R>> {
        self.comm().register_with("register", ObjectId::InOrder, handler)
    }

    /// Registers a handler under an id that all ranks state that register it, on either side.
    ///
    /// # Errors
    /// An id that is taken, or was; the process has left its job.
    pub fn register_as<Q: Payload, R: Payload, Form: 'static>(
        &self,
        id: u32,
        handler: impl Handle<Q, R, Form>,
    ) -> Result<Object<Q, R>> {
        self.comm().register_with("register_as", ObjectId::Stated(id), handler)
    }

    /// The address, at a rank of the other side, of the object of an id that it [states](InterComm::register_as).
    pub fn agreed<Q: Payload, R: Payload>(&self, id: u32, rank: usize) -> Address<Q, R> {
        Address::new(self.comm().clone(), rank, u64::from(id))
    }

    /// Returns when all active messages between the two sides are handled, as [`Comm::quiescence`](crate::Comm::quiescence) does.
    /// Collective for both.
    ///
    /// # Errors
    /// As [`Comm::quiescence`](crate::Comm::quiescence).
    pub fn quiescence(&self) -> Result<()> {
        self.comm().quiescence_by(self.union())
    }

    /// What was counted of its active messages at this rank.
    pub fn active_counters(&self) -> ActiveCounters {
        self.comm().active_counters()
    }
}
