//! Handlers: functions of the user's, as the engine calls them.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::{Arc, Weak};

use engine::active::{Delivered, Outcome};
use engine::{Communicator, Pointer};
use runtime::Process;
use wire::{Incoming, Items, Receivable, Wire, slice};

use super::request::{Request, parcel};
use crate::raw::{self, Arrivals};

/// What active messages carry: a value, or a vector of any number of values.
#[diagnostic::on_unimplemented(
    message = "active messages can't carry `{Self}`",
    label = "neither a value that travels nor a `Vec` of such",
    note = "a message is a value of a fixed size (`Wire`: scalars, arrays, tuples, types that derive it), or a `Vec` of such: for text a `Vec<u8>`"
)]
pub trait Payload: Items + Receivable + Send + 'static {}

impl<T: Items + Receivable + Send + 'static> Payload for T {}

/// A function that handles the messages of an object: `FnMut(Q) -> R`, whose value is the answer, or
/// `FnMut(Q, Request<R>)`, which answers through its second argument, when it likes. `Form` tells the two apart and is inferred; the
/// types of a closure's arguments have to be stated.
#[diagnostic::on_unimplemented(
    message = "this is no handler of messages `{Q}` that are answered by `{R}`",
    label = "not a function of `{Q}`, or what it captures can't move to another thread",
    note = "a handler is `move |message: Q| answer`, or `move |message: Q, request: ActiveRequest<R>|` which answers later; it owns what it captures",
    note = "what travels has a fixed size, or is a `Vec` of such: for text send a `Vec<u8>`"
)]
pub trait Handle<Q: Payload, R: Payload, Form>: Send + 'static {
    /// Handles one message; `request` makes the obligation to answer it. Returns the answer, if it is made here.
    #[doc(hidden)]
    fn handle(&mut self, message: Q, request: impl FnOnce() -> Option<Request<R>>) -> Option<R>;
}

/// The form of handlers that return their answer.
#[derive(Clone, Copy, Debug)]
pub enum Returning {}

/// The form of handlers that take the obligation to answer.
#[derive(Clone, Copy, Debug)]
pub enum Taking {}

impl<F, Q: Payload, R: Payload> Handle<Q, R, Returning> for F
where
    F: FnMut(Q) -> R + Send + 'static,
{
    #[inline]
    fn handle(&mut self, message: Q, _: impl FnOnce() -> Option<Request<R>>) -> Option<R> {
        Some(self(message))
    }
}

impl<F, Q: Payload, R: Payload> Handle<Q, R, Taking> for F
where
    F: FnMut(Q, Request<R>) + Send + 'static,
{
    fn handle(&mut self, message: Q, request: impl FnOnce() -> Option<Request<R>>) -> Option<R> {
        if let Some(request) = request() {
            self(message, request);
        }
        None
    }
}

/// A function, where its messages land, and what it needs to know of its communicator.
pub(super) struct Adapter<F, Q: Payload, R, Form> {
    pub function: F,
    pub arrivals: Option<Arrivals<Q::Item>>,
    /// The process holds the handler, not the other way round.
    pub process: Weak<Process>,
    pub communicator: Arc<Communicator>,
    pub types: PhantomData<fn(Q, Form) -> R>,
}

// SAFETY: the room is memory of `arrivals`, which nobody touches until the message is handled.
unsafe impl<F, Q, R, Form> engine::active::Handler for Adapter<F, Q, R, Form>
where
    F: Handle<Q, R, Form>,
    Q: Payload,
    R: Payload,
    Form: 'static,
{
    fn room(&mut self, bytes: usize) -> Result<Pointer, String> {
        let each = <Q::Item as Wire>::BYTES;
        let count = bytes.checked_div(each).unwrap_or(0);
        if count * each != bytes {
            return Err(wrong_length::<Q::Item>(bytes));
        }
        let arrivals =
            Arrivals::reserve(count).ok_or_else(|| format!("there is no memory for its {bytes} bytes"))?;
        let room = self.arrivals.insert(arrivals).room();
        Ok(Pointer::new(room.as_mut_ptr().cast()))
    }

    fn handle(&mut self, delivered: Delivered<'_>) -> Outcome {
        let Delivered { sender, bytes, small, owed } = delivered;
        let message = match (small, self.arrivals.take()) {
            (Some(small), _) => Q::take(Small(small)),
            (None, Some(arrivals)) => {
                // SAFETY: the engine has filled the room with a message of so many bytes before it calls this.
                let filled = unsafe { raw::filled(bytes) };
                let values = arrivals.values(filled).map_err(|invalid| invalid.to_string());
                values.and_then(|values| Q::take(Landed(values)))
            }
            (None, None) => Err("its payload was lost".to_owned()),
        };
        let message = match message {
            Ok(message) => message,
            Err(why) => return Outcome::Refused(why),
        };
        let request = || {
            let comm = runtime::Comm::known(self.process.upgrade()?, self.communicator.clone());
            Some(Request::new(comm, sender, owed))
        };
        match self.function.handle(message, request) {
            Some(answer) => Outcome::Answer(parcel(answer)),
            None => Outcome::Kept,
        }
    }
}

fn wrong_length<T: Wire>(bytes: usize) -> String {
    format!(
        "it has {bytes} bytes, and the object takes {}, of {} bytes each",
        wire::describe::<T>(),
        T::BYTES
    )
}

/// A small message.
struct Small<'a>(&'a [u8]);

impl Incoming for Small<'_> {
    type Error = String;

    #[inline]
    fn one<T: Wire>(self) -> Result<T, String> {
        match self.0.len() == T::BYTES {
            true => T::unpack(self.0).map_err(|invalid| invalid.to_string()),
            false => Err(wrong_length::<T>(self.0.len())),
        }
    }

    fn many<T: Wire>(self) -> Result<Vec<T>, String> {
        match self.0.len().checked_rem(T::BYTES).unwrap_or(0) {
            0 => slice::unpack_to_vec(self.0).map_err(|invalid| invalid.to_string()),
            _ => Err(wrong_length::<T>(self.0.len())),
        }
    }
}

/// A message whose values have landed. They are of the type that it is taken as: that of the payload's items.
struct Landed<I>(Vec<I>);

impl<I: Wire> Incoming for Landed<I> {
    type Error = String;

    fn one<T: Wire>(self) -> Result<T, String> {
        let bytes = size_of_val(&self.0[..]);
        match &self.many::<T>()?[..] {
            [value] => Ok(*value),
            _ => Err(wrong_length::<T>(bytes)),
        }
    }

    fn many<T: Wire>(self) -> Result<Vec<T>, String> {
        let mut values = Some(self.0);
        let same: &mut dyn Any = &mut values;
        let same = same.downcast_mut::<Option<Vec<T>>>().and_then(Option::take);
        same.ok_or_else(|| "a payload is made of its items".to_owned())
    }
}
