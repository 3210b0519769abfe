//! The obligation to answer a request.

use std::borrow::Cow;
use std::marker::PhantomData;

use engine::active::{Owed, Parcel, Target};
use engine::{Data, Pointer, TypeTag};
use layout::Buffer;
use wire::slice;

use super::address::Address;
use super::handler::Payload;
use crate::Result;
use crate::error::{Peer, Spot};
use crate::kept::Held;
use crate::lending::encoding;
use crate::transfer::type_of;

/// Whom a handler answers, with an `R`. It may be kept, and used from any thread: a handler need not answer before it
/// returns. Dropped without an answer it answers with an error, so that nobody waits for ever.
///
/// ```
/// use archipelago::{ActiveRequest, prelude::*};
/// # archipelago::testing::run(2, |world| {
/// // A lock: who asks while it is held is answered later.
/// let mut waiting = std::collections::VecDeque::new();
/// let mut held = false;
/// let lock = world.register(move |take: bool, request: ActiveRequest<()>| match (take, held) {
///     (true, false) => {
///         held = true;
///         request.answer(());
///     }
///     (true, true) => waiting.push_back(request),
///     (false, _) => match waiting.pop_front() {
///         Some(next) => next.answer(()),
///         None => held = false,
///     },
/// })?;
/// lock.at(0).call(&true)?;
/// // Here one rank is at a time.
/// lock.at(0).tell(&false)?;
/// world.quiescence()?;
/// # Ok::<(), archipelago::Error>(())
/// # });
/// ```
#[must_use = "dropped, it answers with an error"]
pub struct Request<R: Payload> {
    comm: runtime::Comm,
    sender: usize,
    owed: Option<Owed>,
    of: PhantomData<fn(R)>,
}

impl<R: Payload> Request<R> {
    pub(super) fn new(comm: runtime::Comm, sender: usize, owed: Option<Owed>) -> Request<R> {
        Request { comm, sender, owed, of: PhantomData }
    }

    /// The rank that made the request, also if it was forwarded; or that sent the one-way message.
    pub fn sender(&self) -> usize {
        self.sender
    }

    /// Whether an answer is waited for: not for that of a one-way message.
    pub fn wants_answer(&self) -> bool {
        self.owed.is_some()
    }

    /// Answers. Waits for nothing: the answer's space was reserved by the call.
    pub fn answer(mut self, answer: R) {
        if let Some(owed) = self.owed.take() {
            self.comm.answer(owed, parcel(answer));
        }
    }

    /// Answers with an error, whose text the caller gets.
    pub fn refuse(mut self, why: &str) {
        if let Some(owed) = self.owed.take() {
            self.comm.leave_unanswered(owed, why);
        }
    }

    /// Hands the request on to another object of the same communicator, which answers in this one's stead, straight to who
    /// asked. The message may be another one. Goes through the outgoing queue.
    ///
    /// # Errors
    /// An object of another communicator, a peer that is gone, a full outgoing queue. Who asked is told.
    ///
    /// ```
    /// use archipelago::{ActiveRequest, prelude::*};
    /// # archipelago::testing::run(3, |world| {
    /// let square = world.register(|x: u64| x * x)?;
    /// let (me, next) = (world.rank(), square.at((world.rank() + 1) % world.size()));
    /// let ask = world.register(move |x: u64, request: ActiveRequest<u64>| request.forward(&next, &x).unwrap())?;
    /// assert_eq!(ask.at((me + 1) % world.size()).call(&7)?, 49);
    /// world.quiescence()?;
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn forward<Q, B>(mut self, to: &Address<Q, R>, message: &B) -> Result<()>
    where
        Q: Payload,
        B: Buffer<Item = Q::Item> + ?Sized,
    {
        let spot = Spot::new("forward", Peer::To(to.rank()), None);
        if to.comm.untyped.inner().context != self.comm.inner().context {
            let what =
                format!("`to`: an object of `{}` can't answer for one of this communicator", to.comm.name());
            return Err(spot.refuse::<Q::Item>(&self.comm, what));
        }
        let target = Target { rank: to.rank(), object: to.object };
        let bytes = encoding(message, spot, &self.comm)?;
        let Some(owed) = self.owed else {
            let told = crate::raw::tell(&self.comm, target, type_of::<Q::Item>(), &bytes);
            return told.map_err(|error| spot.explain::<Q::Item>(&self.comm, error));
        };
        let forwarded = self.comm.forward(owed, target, copied(type_of::<Q::Item>(), bytes));
        forwarded.map_err(|error| spot.explain::<Q::Item>(&self.comm, error))?;
        self.owed = None;
        Ok(())
    }
}

impl<R: Payload> Drop for Request<R> {
    fn drop(&mut self) {
        if let Some(owed) = self.owed.take() {
            let why = match std::thread::panicking() {
                true => "its handler has panicked",
                false => "its handler has dropped the request without an answer",
            };
            self.comm.leave_unanswered(owed, why);
        }
    }
}

impl<R: Payload> std::fmt::Debug for Request<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("sender", &self.sender)
            .field("wants_answer", &self.wants_answer())
            .finish()
    }
}

/// A payload that the lane keeps: from where it lies, if its memory is its encoding.
pub(super) fn parcel<P: Payload>(payload: P) -> Parcel {
    let is_large = slice::encoded(payload.items()).is_some_and(|bytes| Data::small(bytes).is_none());
    if !is_large {
        return copied(type_of::<P::Item>(), slice::encoding(payload.items()));
    }
    let held = Held::new(payload);
    let encoded = slice::encoded(held.get().items()).unwrap_or_default();
    let data = Data::Memory { from: Pointer::reading(encoded.as_ptr()), bytes: encoded.len() };
    Parcel { of: type_of::<P::Item>(), data, keep: Some(Box::new(held)) }
}

/// A copy of a payload for the lane to keep.
fn copied(of: TypeTag, bytes: Cow<'_, [u8]>) -> Parcel {
    match Data::small(&bytes) {
        Some(data) => Parcel { of, data, keep: None },
        None => {
            let bytes = bytes.into_owned();
            let data = Data::Memory { from: Pointer::reading(bytes.as_ptr()), bytes: bytes.len() };
            Parcel { of, data, keep: Some(Box::new(bytes)) }
        }
    }
}
