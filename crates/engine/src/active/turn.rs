//! A turn: one message and the handler that takes it, outside of the lane.
//!
//! Holds unsafe code: it copies a payload to where the handler wants it.
#![allow(unsafe_code)]

use fabric::{INLINE_BYTES, Payload, Peer};

use super::answer::Owed;
use super::outgoing::Parcel;
use crate::request::Status;
use crate::work::{Delivery, Finished, Pointer};
use crate::{TypeTag, Work};

/// Handles the messages of one object. Its methods are called without the lane's lock, one at a time, on any thread.
///
/// # Safety
/// The memory that [`room`](Handler::room) gives can be written, from any thread, until the next call of a method or the
/// handler's drop.
pub unsafe trait Handler: Send {
    /// Memory for a message of so many bytes, more than [`fabric::INLINE_BYTES`], which the next
    /// [`handle`](Handler::handle) is about, unless the message is lost.
    ///
    /// # Errors
    /// Why there is none: the message is then refused.
    fn room(&mut self, bytes: usize) -> Result<Pointer, String>;

    /// Handles a message. Never panics.
    fn handle(&mut self, delivered: Delivered<'_>) -> Outcome;
}

/// A message that has come to its handler.
#[derive(Debug)]
pub struct Delivered<'a> {
    /// The rank that sent it, or that made the request, if it was forwarded.
    pub sender: usize,
    /// How long it is.
    pub bytes: usize,
    /// The payload of a small message; others are in the handler's room.
    pub small: Option<&'a [u8]>,
    /// Whom to answer, if it is a request.
    pub owed: Option<Owed>,
}

/// What a handler made of a message.
pub enum Outcome {
    /// This is the answer, if one is wanted.
    Answer(Parcel),
    /// It has taken it upon itself to answer.
    Kept,
    /// It can't handle the message.
    Refused(String),
}

/// A message and its handler.
pub struct Turn {
    pub(crate) context: u64,
    pub(crate) object: u64,
    pub(crate) of: TypeTag,
    pub(crate) sender: u32,
    pub(crate) status: Status,
    pub(crate) owed: Option<Owed>,
    /// Of an announced message: who has it, where, and under which name.
    pub(crate) announced: Option<(Peer, u64, u64)>,
    pub(crate) handler: Box<dyn Handler>,
    pub(crate) stage: Stage,
}

/// How far a turn is.
pub(crate) enum Stage {
    /// An announced message wants memory.
    Room,
    /// A payload is to be copied into memory of the handler's; so many bytes of it come before.
    Land(Delivery, usize),
    /// The handler is to run: the payload is this, or in its room.
    Handle([u8; INLINE_BYTES]),
    /// There is memory.
    Roomy(Pointer),
    /// There is none, for this reason.
    NoRoom(String),
    /// The handler has run.
    Handled(Outcome),
}

impl Turn {
    /// Does what is next. What is left is for [`Lane::finish`](crate::Lane::finish).
    pub(crate) fn run(mut self: Box<Turn>) -> Finished {
        let bytes = self.status.bytes;
        let mut release = None;
        self.stage = match std::mem::replace(&mut self.stage, Stage::Room) {
            Stage::Room => match self.handler.room(bytes) {
                Ok(room) => Stage::Roomy(room),
                Err(why) => Stage::NoRoom(why),
            },
            Stage::Land(delivery, skip) => {
                let landed = self.handler.room(bytes);
                if let Ok(room) = landed {
                    // SAFETY: the room is valid for `bytes` by the promise of `Handler`; a mapped payload has not been released.
                    unsafe { land(&delivery, skip, room, bytes) };
                }
                match (delivery, landed) {
                    // The transport gets its memory back before users' code runs.
                    (Delivery::Mapped(peer, payload), landed) => {
                        release = Some((peer, payload));
                        landed.map_or_else(Stage::NoRoom, |_| Stage::Handle([0; INLINE_BYTES]))
                    }
                    (_, Ok(_)) => self.handle(&[0; INLINE_BYTES]),
                    (_, Err(why)) => Stage::NoRoom(why),
                }
            }
            Stage::Handle(small) => self.handle(&small),
            over => over,
        };
        Finished::of_turn(self, release)
    }

    fn handle(&mut self, small: &[u8; INLINE_BYTES]) -> Stage {
        let bytes = self.status.bytes;
        let small = small.get(..bytes);
        let delivered = Delivered { sender: self.sender as usize, bytes, small, owed: self.owed };
        Stage::Handled(self.handler.handle(delivered))
    }

    /// As work.
    pub(crate) fn work(self: Box<Turn>) -> Work {
        Work::Handle(self)
    }
}

/// Copies a payload to where it shall be, but for its first `skip` bytes.
///
/// # Safety
/// `to` is valid for `bytes` writes; a mapped payload has not been released.
unsafe fn land(from: &Delivery, skip: usize, to: Pointer, bytes: usize) {
    let (pointer, length) = match from {
        Delivery::Inline(held) => (held.as_ptr(), held.len()),
        Delivery::Held(held) => (held.as_ptr(), held.len()),
        Delivery::Mapped(_, Payload::Inline { bytes, .. }) => (bytes.as_ptr(), bytes.len()),
        Delivery::Mapped(_, Payload::Mapped { pointer, length }) => (*pointer, *length),
    };
    // SAFETY: within the payload, by `min`; `to` by contract.
    unsafe { to.write(pointer.wrapping_add(skip), bytes.min(length.saturating_sub(skip))) };
}
