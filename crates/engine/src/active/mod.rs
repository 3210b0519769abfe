//! Active messages: requests, answers and one-way messages for objects, whose handlers run where the messages arrive
//! (docs/decisions/active-messages.md).
//!
//! The lane keeps the books: which objects there are, whose turn is next, which calls wait for an answer. Handlers are users'
//! code: the lane hands a message and its handler out as [`Work::Handle`](crate::Work) and hears with
//! [`Lane::finish`](crate::Lane::finish) what came of it. What waits for a turn is an unexpected message, against its sender's
//! credit.
//!
//! Refuses to know of threads, types beyond their signature, and addresses beyond (communicator, rank, id).

mod answer;
mod arrival;
mod call;
mod channel;
mod direct;
pub(crate) mod frames;
mod outgoing;
mod turn;

pub use answer::{Owed, Unanswered};
pub(crate) use call::CallState;
pub use channel::{ActiveCounters, ObjectId};
pub(crate) use channel::{Channels, Mixed, name};
pub use direct::{DIRECT_REQUEST_BYTES, DirectAnswer, Found, SmallTurn};
pub use frames::{Head, rewritten};
pub use outgoing::{CALLS_MAX, OUTGOING_BYTES_MAX, OUTGOING_MESSAGES_MAX, Parcel, Target};
pub use turn::{Delivered, Handler, Outcome, Turn};
