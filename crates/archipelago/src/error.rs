//! What can go wrong, in words that say where and what to do.

use std::fmt;
use std::panic::Location;

use wire::{Invalid, Wire};

use crate::address::Status;

/// The result of a verb.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a verb failed. Its text names the operation, the communicator, the peer, the tag, and what to do.
#[derive(Clone)]
#[non_exhaustive]
pub enum Error {
    /// The message is longer than the buffer. It is kept: a later receive can take it.
    Truncated {
        /// What the buffer holds, in `unit`s.
        have: usize,
        /// What the message has, in `unit`s.
        need: usize,
        /// What is counted: values of the type; of arrays their elements; bytes where the message is no whole number
        /// of these.
        unit: String,
        /// Where it happened.
        place: Place,
    },
    /// The message does not have as many values as the receive takes: not exactly one, or not a whole number.
    WrongCount {
        /// Bytes of the message.
        found: usize,
        /// Bytes of a value.
        expected: usize,
        /// Where it happened.
        place: Place,
    },
    /// The message is made of another type than the receive asks for. It is kept.
    WrongType {
        /// The type that the receive asks for.
        expected: String,
        /// The type that was sent.
        found: String,
        /// Where it happened.
        place: Place,
    },
    /// Bytes arrived that are no value of the type. The buffer keeps what it held from there on.
    InvalidValue {
        /// Which bytes, of which type.
        invalid: Invalid,
        /// Where it happened.
        place: Place,
    },
    /// A peer is gone.
    PeerFailed {
        /// Its rank in the communicator, if the operation was with one peer.
        rank: Option<usize>,
        /// Where it ran, if that is known.
        host: Option<String>,
        /// How it went.
        cause: String,
        /// Where it happened.
        place: Place,
    },
    /// A rank is gone whose message a receive from any rank may be waiting for. The receive stays posted: acknowledge the failure
    /// and wait again.
    FailurePending {
        /// Its rank in the communicator.
        rank: usize,
        /// Where it ran, if that is known.
        host: Option<String>,
        /// How it went.
        cause: String,
        /// Where it happened.
        place: Place,
    },
    /// A rank has revoked the communicator: it can be agreed on and shrunk, and serves for nothing else.
    Revoked {
        /// Who has, if it is a rank of the communicator.
        by: Option<usize>,
        /// Where it happened.
        place: Place,
    },
    /// The rank is not in the communicator. Nothing was done.
    NoSuchRank {
        /// The rank that was given.
        rank: usize,
        /// Where it happened.
        place: Place,
    },
    /// The tag is negative. Nothing was done.
    BadTag {
        /// The tag that was given.
        tag: i32,
        /// Where it happened.
        place: Place,
    },
    /// An argument has the wrong length or value. Nothing was done.
    BadArgument {
        /// Which argument, what it is and what it must be.
        what: String,
        /// Where it happened.
        place: Place,
    },
    /// The operation was cancelled.
    Cancelled {
        /// Where it happened.
        place: Place,
    },
    /// The operation, or the whole job, has ended elsewhere: the text says why.
    Ended {
        /// Why.
        why: String,
        /// Where it happened.
        place: Place,
    },
    /// The messages that a buffered send's buffer still holds leave too little room in it. Nothing was sent.
    NoRoom {
        /// Bytes that are free.
        have: usize,
        /// Bytes of the message.
        need: usize,
        /// Where it happened.
        place: Place,
    },
    /// The ranks called different collectives, or the same with different roots, types or lengths, here or before: the text
    /// says who called what. The communicator takes no more collectives; messages are not concerned.
    Disagreement {
        /// Who called what.
        why: String,
        /// Where it happened.
        place: Place,
    },
    /// There is no memory for what others give. If it is a message, it is kept.
    OutOfMemory {
        /// Bytes that it takes.
        bytes: u64,
        /// Where it happened.
        place: Place,
    },
    /// There is no such object: it was not registered at that rank, or was removed.
    NoSuchObject {
        /// Which, and at which rank.
        what: String,
        /// Where it happened.
        place: Place,
    },
    /// A call gets no answer: its request could not be handled. The text says why, and names both types if they differ.
    Unanswered {
        /// The rank that says so.
        rank: usize,
        /// Why.
        why: String,
        /// Where it happened.
        place: Place,
    },
    /// One-way active messages were refused: the text says how many, and why one was.
    Refused {
        /// How many, on all ranks.
        messages: u64,
        /// Why the first one was that this rank refused.
        why: Option<String>,
        /// Where it happened.
        place: Place,
    },
    /// The outgoing queue of the communicator's handlers is full: the text names its bounds. Nothing was sent.
    QueueFull {
        /// What is in it.
        what: String,
        /// Where it happened.
        place: Place,
    },
    /// A handler of active messages may not wait for others. Nothing was done.
    InHandler {
        /// What it may do instead.
        what: String,
        /// Where it happened.
        place: Place,
    },
    /// A layout that can't be, or that doesn't lie in its slice.
    Layout {
        /// Why.
        why: String,
    },
    /// Ranks that don't fit a group. Nothing was made.
    Group {
        /// The operation, the argument, and what is wrong with it.
        why: String,
    },
    /// The process could not join its job: the text says why, and what to do.
    Join {
        /// Why.
        why: String,
    },
}

/// Where an error happened.
#[derive(Clone, Debug)]
pub struct Place(Box<Details>);

#[derive(Clone, Debug)]
struct Details {
    operation: &'static str,
    communicator: std::sync::Arc<str>,
    rank: usize,
    size: usize,
    /// How many ranks an address can name: of an inter-communicator those of the other side.
    others: usize,
    peer: Peer,
    tag: Option<i32>,
    at: Option<&'static Location<'static>>,
    of: fn() -> String,
}

/// With whom an operation was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// To this rank.
    To(usize),
    /// From this rank.
    From(usize),
    /// From any rank.
    Any,
    /// Rank r is the root.
    Root(usize),
    /// All of the communicator.
    All,
}

/// What of a place is known before anything goes wrong; made into a [`Place`] only when it does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot {
    pub operation: &'static str,
    pub peer: Peer,
    pub tag: Option<i32>,
    /// Where the program called, where that is known: under `--check`.
    pub at: Option<&'static Location<'static>>,
}

impl Spot {
    /// Of a verb that doesn't note where it is called.
    pub const fn new(operation: &'static str, peer: Peer, tag: Option<i32>) -> Spot {
        Spot { operation, peer, tag, at: None }
    }

    /// Of a verb that has noted where it is called (see `called`).
    #[inline]
    pub fn here(operation: &'static str, peer: Peer, tag: Option<i32>) -> Spot {
        Spot { operation, peer, tag, at: runtime::place::noted().at }
    }

    /// The place of an operation on values of `T`.
    #[cold]
    pub fn place<T: Wire>(self, comm: &runtime::Comm) -> Place {
        let Spot { operation, peer, tag, at } = self;
        let communicator = comm.name();
        let (rank, size, of) = (comm.rank(), comm.size(), wire::describe::<T>);
        let others = comm.inner().peers().size();
        Place(Box::new(Details { operation, communicator, rank, size, others, peer, tag, at, of }))
    }

    /// What the engine says, in the words of the API.
    #[cold]
    pub fn explain<T: Wire>(self, comm: &runtime::Comm, error: engine::Error) -> Error {
        let place = self.place::<T>(comm);
        match error {
            engine::Error::Truncated { have, need, source, tag, .. } => {
                let (unit, bytes) = counted::<T>(need);
                Error::Truncated {
                    have: have / bytes,
                    need: need / bytes,
                    unit,
                    place: place.matched(source, tag),
                }
            }
            engine::Error::TypeMismatch { expected, found, source, tag } => {
                Error::WrongType { expected, found, place: place.matched(source, tag) }
            }
            engine::Error::PeerFailed { rank, process, cause } => {
                let rank = rank.or_else(|| comm.inner().group.rank(process));
                let who = match rank {
                    Some(_) => String::new(),
                    None => format!("process {} is gone: ", process.number),
                };
                let host = comm.process().host_of(process).map(str::to_owned);
                Error::PeerFailed { rank, host, cause: format!("{who}{cause}"), place }
            }
            engine::Error::FailurePending { rank, process, cause } => {
                let host = comm.process().host_of(process).map(str::to_owned);
                Error::FailurePending { rank, host, cause: cause.to_string(), place }
            }
            engine::Error::CommunicatorRevoked { by } => {
                Error::Revoked { by: comm.inner().group.rank(by), place }
            }
            engine::Error::Elsewhere { process, why } => {
                let who = match comm.inner().group.rank(process) {
                    Some(rank) => format!("rank {rank}{}", on(comm.process().host_of(process))),
                    None => format!("process {}", process.number),
                };
                Error::Ended { why: format!("{who} ended this collective with an error: {why}"), place }
            }
            engine::Error::NoSuchRank { rank, .. } => Error::NoSuchRank { rank, place },
            engine::Error::BadTag(tag) => Error::BadTag { tag, place },
            argument @ engine::Error::Argument { .. } => {
                Error::BadArgument { what: argument.to_string(), place }
            }
            engine::Error::Cancelled => Error::Cancelled { place },
            disagreement @ (engine::Error::Disagreement { .. }
            | engine::Error::OtherCall { .. }
            | engine::Error::OutOfStep { .. }) => {
                Error::Disagreement { why: disagreement.to_string(), place }
            }
            none @ engine::Error::NoSuchObject { .. } => {
                Error::NoSuchObject { what: none.to_string(), place }
            }
            engine::Error::Unanswered { rank, why } => Error::Unanswered { rank, why, place },
            full @ (engine::Error::QueueFull { .. } | engine::Error::TooManyCalls) => {
                Error::QueueFull { what: full.to_string(), place }
            }
            engine::Error::OutOfMemory { bytes } => Error::OutOfMemory { bytes, place },
            waits @ engine::Error::InHandler => Error::InHandler { what: waits.to_string(), place },
            other => Error::Ended { why: other.to_string(), place },
        }
    }

    /// Bytes that are no value.
    #[cold]
    pub fn invalid<T: Wire>(self, comm: &runtime::Comm, invalid: Invalid) -> Error {
        Error::InvalidValue { invalid, place: self.place::<T>(comm) }
    }

    /// A message that is not as long as the values that it is received as.
    #[cold]
    pub fn wrong_count<T: Wire>(self, comm: &runtime::Comm, found: usize) -> Error {
        Error::WrongCount { found, expected: T::BYTES, place: self.place::<T>(comm) }
    }

    /// What was received into a buffer: `count` whole values, or why they are none.
    pub fn check_whole<T: Wire>(
        self,
        comm: &runtime::Comm,
        status: engine::Status,
        count: std::result::Result<usize, Invalid>,
    ) -> Result<Status> {
        match count {
            Err(invalid) => Err(self.invalid::<T>(comm, invalid)),
            Ok(count) if count * T::BYTES != status.bytes => Err(self.wrong_count::<T>(comm, status.bytes)),
            Ok(_) => Ok(Status::of(status)),
        }
    }

    /// An argument that can't be.
    #[cold]
    pub fn refuse<T: Wire>(self, comm: &runtime::Comm, what: String) -> Error {
        Error::BadArgument { what, place: self.place::<T>(comm) }
    }
}

/// In what a message of so many bytes is counted when it is received as `T`: the unit in words, and its bytes.
fn counted<T: Wire>(message_bytes: usize) -> (String, usize) {
    let mut element = T::SHAPE;
    while let wire::Shape::Array { of, .. } = element {
        element = of;
    }
    // An array's element has no Rust name here, but its shape says what it is.
    let name = if matches!(T::SHAPE, wire::Shape::Array { .. }) {
        element.to_string()
    } else {
        wire::describe::<T>()
    };
    match element.bytes() {
        0 => ("bytes".to_owned(), 1),
        bytes if message_bytes.is_multiple_of(bytes) => (format!("values of {name}"), bytes),
        _ => ("bytes".to_owned(), 1),
    }
}

impl Place {
    /// The verb: "send", "all_reduce".
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// The communicator's name.
    pub fn communicator(&self) -> &str {
        &self.0.communicator
    }

    /// The rank of this process in it.
    pub fn rank(&self) -> usize {
        self.0.rank
    }

    /// The other side's rank, or the root's, if there was one.
    pub fn peer(&self) -> Option<usize> {
        match self.0.peer {
            Peer::To(rank) | Peer::From(rank) | Peer::Root(rank) => Some(rank),
            Peer::Any | Peer::All => None,
        }
    }

    /// The message's tag, if there was one.
    pub fn tag(&self) -> Option<i32> {
        self.0.tag
    }

    /// Where the program called the verb; known under `archi run --check`.
    pub fn at(&self) -> Option<&'static Location<'static>> {
        self.0.at
    }

    /// The message that was matched tells more than the pattern.
    fn matched(mut self, source: usize, tag: i32) -> Place {
        self.0.peer = Peer::From(source);
        self.0.tag = Some(tag);
        self
    }
}

impl Error {
    /// Where it happened; nowhere, for a process that could not join its job, for a layout and for a group.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Error::Truncated { place, .. }
            | Error::WrongCount { place, .. }
            | Error::WrongType { place, .. }
            | Error::InvalidValue { place, .. }
            | Error::PeerFailed { place, .. }
            | Error::FailurePending { place, .. }
            | Error::Revoked { place, .. }
            | Error::NoSuchRank { place, .. }
            | Error::BadTag { place, .. }
            | Error::BadArgument { place, .. }
            | Error::Cancelled { place }
            | Error::Ended { place, .. }
            | Error::Disagreement { place, .. }
            | Error::NoRoom { place, .. }
            | Error::NoSuchObject { place, .. }
            | Error::Unanswered { place, .. }
            | Error::Refused { place, .. }
            | Error::QueueFull { place, .. }
            | Error::InHandler { place, .. }
            | Error::OutOfMemory { place, .. } => Some(place),
            Error::Join { .. } | Error::Layout { .. } | Error::Group { .. } => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Details { operation, communicator, rank, size, peer, tag, .. } = &*self.0;
        f.write_str(operation)?;
        match peer {
            Peer::To(rank) => write!(f, " to rank {rank}")?,
            Peer::From(rank) => write!(f, " from rank {rank}")?,
            Peer::Any => f.write_str(" from any rank")?,
            Peer::Root(rank) => write!(f, " with root {rank}")?,
            Peer::All => {}
        }
        if let Some(tag) = tag {
            write!(f, ", tag {tag}")?;
        }
        write!(f, ", on `{communicator}` as rank {rank} of {size}")
    }
}

/// The same text as `Display`: what a `main` that returns an error prints is meant for people.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = self.place() {
            write!(f, "{place}")?;
            // Who disagrees is told with the places of all.
            if let (Some(at), false) = (place.at(), matches!(self, Error::Disagreement { .. })) {
                write!(f, " (at {}:{})", at.file(), at.line())?;
            }
            f.write_str(": ")?;
        }
        match self {
            Error::Truncated { have, need, unit, .. } => write!(
                f,
                "the message has {need} {unit} and the buffer has room for {have}; the message is kept: receive it into \
                 a larger buffer, or as a Vec"
            ),
            Error::WrongCount { found, expected, place } => {
                let of = (place.0.of)();
                let cure = match of.starts_with('[') {
                    true => {
                        "an array is one value: lend a slice of it, `&mut array[..]`, for a message that may be shorter"
                    }
                    false => "send and receive the same number of values",
                };
                write!(
                    f,
                    "the message has {found} bytes, and {of} takes {expected}; {cure}, or receive a Vec"
                )
            }
            Error::WrongType { expected, found, .. } => write!(
                f,
                "the message is made of {found}, and this receive asks for {expected}; the message is kept: \
                 receive it as what was sent"
            ),
            Error::InvalidValue { invalid, .. } => write!(
                f,
                "{invalid}; was the message sent as another type, or by another build of the program?"
            ),
            Error::PeerFailed { rank: Some(rank), host, cause, .. } => {
                write!(f, "rank {rank}{} is gone: {cause}", on(host.as_deref()))
            }
            Error::PeerFailed { rank: None, cause, .. } => f.write_str(cause),
            Error::FailurePending { rank, host, cause, .. } => write!(
                f,
                "rank {rank}{} is gone, from whom the message could have come: {cause}; the receive stays posted: \
                 acknowledge the failure and wait again",
                on(host.as_deref())
            ),
            Error::Revoked { by, .. } => {
                let by = by.map_or("the other side".to_owned(), |rank| format!("rank {rank}"));
                write!(f, "{by} has revoked the communicator: shrink it, and go on with what that gives")
            }
            Error::NoSuchRank { rank, place } => match place.0.others {
                1 => write!(f, "there is no rank {rank}; the only rank is 0"),
                size => write!(f, "there is no rank {rank}; the ranks are 0 to {}", size - 1),
            },
            Error::BadTag { tag, .. } => write!(f, "tag {tag} is negative; tags are 0 to {}", i32::MAX),
            Error::BadArgument { what, .. }
            | Error::NoSuchObject { what, .. }
            | Error::QueueFull { what, .. }
            | Error::InHandler { what, .. } => f.write_str(what),
            Error::Unanswered { rank, why, .. } => write!(f, "rank {rank} gives no answer: {why}"),
            Error::Refused { messages, why, .. } => match why {
                Some(why) => write!(f, "one-way messages were refused, {messages} on all ranks; here: {why}"),
                None => write!(f, "{messages} one-way messages were refused on other ranks, which say why"),
            },
            Error::Cancelled { .. } => f.write_str("it was cancelled"),
            Error::Ended { why, .. } | Error::Disagreement { why, .. } => f.write_str(why),
            Error::NoRoom { have, need, .. } => write!(
                f,
                "the message takes {need} bytes in the send buffer, which has room for {have}: make it larger, or flush it first"
            ),
            Error::OutOfMemory { bytes, .. } => {
                write!(f, "there is no memory for {bytes} bytes that others give")
            }
            Error::Join { why } | Error::Layout { why } | Error::Group { why } => f.write_str(why),
        }
    }
}

/// " on vm".
fn on(host: Option<&str>) -> String {
    host.map_or_else(String::new, |host| format!(" on {host}"))
}

impl std::error::Error for Error {}

impl From<layout::LayoutError> for Error {
    fn from(error: layout::LayoutError) -> Error {
        Error::Layout { why: error.to_string() }
    }
}

impl From<layout::OutOfBounds> for Error {
    fn from(error: layout::OutOfBounds) -> Error {
        Error::Layout { why: error.to_string() }
    }
}

/// An error of an operation that owned a buffer, and the buffer.
pub struct Failed<B> {
    /// What went wrong.
    pub error: Error,
    /// The buffer that the operation was given.
    pub buffer: B,
}

impl<B> From<Failed<B>> for Error {
    fn from(failed: Failed<B>) -> Error {
        failed.error
    }
}

impl<B> fmt::Debug for Failed<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failed").field("error", &self.error).finish_non_exhaustive()
    }
}

impl<B> fmt::Display for Failed<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<B> std::error::Error for Failed<B> {}
