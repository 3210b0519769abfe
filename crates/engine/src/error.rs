//! What can go wrong in an operation, as the engine knows it. The API adds the operation's name and the
//! communicator.

use crate::active::{CALLS_MAX, OUTGOING_BYTES_MAX, OUTGOING_MESSAGES_MAX};
use fabric::Cause;
use wire::ProcessId;

/// Why an operation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The message is longer than the buffer.
    Truncated {
        /// Bytes that the buffer holds.
        have: usize,
        /// Bytes that the message has.
        need: usize,
        /// Who sent it, and with which tag.
        source: usize,
        /// Its tag.
        tag: i32,
        /// Whether it is kept, so that a later receive can take it.
        kept: bool,
    },
    /// The message's type is not the receive's. The message is kept.
    TypeMismatch {
        /// The type that the receiver asked for.
        expected: String,
        /// The type that was sent.
        found: String,
        /// Who sent it.
        source: usize,
        /// Its tag.
        tag: i32,
    },
    /// The peer is gone.
    PeerFailed {
        /// Its rank in the communicator of the operation, where the operation names one.
        rank: Option<usize>,
        /// Which process.
        process: ProcessId,
        /// How it went.
        cause: Cause,
    },
    /// A message from any rank is waited for, and a member is gone whose end is not acknowledged: it may be the one that would
    /// have sent it. The receive stays posted: acknowledge the failure, and wait again.
    FailurePending {
        /// Its rank among those who could send.
        rank: usize,
        /// Which process.
        process: ProcessId,
        /// How it went.
        cause: Cause,
    },
    /// A message from any rank was waited for, and nobody is left who could send one.
    Deserted {
        /// Who has left, or is gone and acknowledged.
        ranks: Vec<usize>,
    },
    /// The rank is not in the communicator.
    NoSuchRank {
        /// The rank that was given.
        rank: usize,
        /// The communicator's size.
        size: usize,
    },
    /// The tag is negative.
    BadTag(i32),
    /// An argument that can't be.
    Argument {
        /// Its name.
        name: &'static str,
        /// Why not.
        why: String,
    },
    /// No member has a context left to give a communicator: each can create 4,294,967,295.
    ContextsUsedUp,
    /// The operation was cancelled.
    Cancelled,
    /// The whole process takes no more operations; the text says why.
    Revoked(String),
    /// A member has revoked the communicator: it serves for agreements and to be shrunk, and for nothing else.
    CommunicatorRevoked {
        /// Who has.
        by: ProcessId,
    },
    /// A member of a collective sent another length than this one expects: they called it with different counts.
    Disagreement {
        /// Who.
        rank: usize,
        /// Bytes that this member expects from it.
        expected: usize,
        /// Bytes that it sent.
        found: usize,
    },
    /// A member calls another collective than this one, or the same with another root or on another type: the order in which
    /// members call collectives, or their arguments, differ.
    OtherCall {
        /// Who.
        rank: usize,
        /// What this member calls.
        mine: String,
        /// What that one calls.
        theirs: String,
    },
    /// The members have called different collectives, or with different lengths, here or before: the communicator takes no
    /// more collectives.
    OutOfStep {
        /// Who called what.
        why: String,
    },
    /// The user's operator of this collective has failed: it panicked, or was given bytes that are no value of its type.
    OperatorFailed,
    /// An algorithm that was asked for by name and can't be used for this call.
    Unfit(&'static crate::collective::Algorithm),
    /// Another member ended the collective with an error of its own.
    Elsewhere {
        /// Which process.
        process: ProcessId,
        /// Its error.
        why: String,
    },
    /// There is no such object: it was not registered, or was removed.
    NoSuchObject {
        /// The rank that was called.
        rank: usize,
        /// The id.
        object: u64,
    },
    /// A call gets no answer.
    Unanswered {
        /// Who said so.
        rank: usize,
        /// Why.
        why: String,
    },
    /// The outgoing queue of a communicator's handlers has no room.
    QueueFull {
        /// Messages that are under way.
        messages: usize,
        /// Their bytes.
        bytes: usize,
    },
    /// As many calls wait for their answers as may.
    TooManyCalls,
    /// There is no memory for what others announced.
    OutOfMemory {
        /// Bytes that it takes.
        bytes: u64,
    },
    /// A handler may not do that.
    InHandler,
    /// A request that is not (or no longer) one of this lane's.
    StaleRequest,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Truncated { have, need, source, tag, kept } => {
                let then = match kept {
                    true => "it is kept: receive it into a larger buffer",
                    false => "what the buffer has no room for is lost",
                };
                write!(
                    f,
                    "the message from rank {source} with tag {tag} has {need} bytes and the buffer {have}; {then}"
                )
            }
            Error::TypeMismatch { expected, found, source, tag } => write!(
                f,
                "the message from rank {source} with tag {tag} is made of {found}, and this receive asks for {expected}; \
                 it is kept"
            ),
            Error::PeerFailed { rank: Some(rank), cause, .. } => write!(f, "rank {rank} is gone: {cause}"),
            Error::PeerFailed { rank: None, process, cause } => {
                write!(f, "process {} is gone: {cause}", process.number)
            }
            Error::FailurePending { rank, cause, .. } => write!(
                f,
                "rank {rank} is gone, from whom the message could have come: {cause}; the receive stays posted: acknowledge \
                 the failure and wait again, or cancel it"
            ),
            Error::Deserted { ranks } => write!(
                f,
                "no message can come any more: {} left the job; what this rank sends to itself is received by naming it",
                left(ranks)
            ),
            Error::NoSuchRank { rank, size } => {
                write!(f, "rank {rank} is not in the communicator, which has ranks 0 to {}", size - 1)
            }
            Error::BadTag(tag) => write!(f, "tag {tag} is negative; tags are 0 to 2147483647"),
            Error::Argument { name, why } => write!(f, "`{name}`: {why}"),
            Error::ContextsUsedUp => {
                write!(
                    f,
                    "the members have made all the communicators that they can: duplicate less often, and reuse"
                )
            }
            Error::Cancelled => write!(f, "the operation was cancelled"),
            Error::OutOfMemory { bytes } => {
                write!(f, "there is no memory for {bytes} bytes that others give")
            }
            Error::Revoked(why) => write!(f, "{why}"),
            Error::CommunicatorRevoked { by } => {
                write!(f, "process {} has revoked the communicator", by.number)
            }
            Error::Disagreement { rank, expected, found } => write!(
                f,
                "rank {rank} sent {found} bytes where this rank expects {expected}: the members called the collective \
                 with different counts or types"
            ),
            Error::OtherCall { rank, mine, theirs } => write!(
                f,
                "rank {rank} calls {theirs} where this rank calls {mine}: the members call collectives in different \
                 orders or with different arguments"
            ),
            Error::OutOfStep { why } => write!(
                f,
                "the members of the communicator are out of step: {why}; it takes no more collectives"
            ),
            Error::OperatorFailed => {
                write!(f, "its operator has failed: it panicked, or was given what is no value of its type")
            }
            Error::Unfit(algorithm) => {
                write!(f, "the {} algorithm \"{}\" needs", algorithm.collective.name(), algorithm.name)?;
                let mut separator = ": ";
                for need in algorithm.needs {
                    write!(f, "{separator}{}", need.words())?;
                    separator = "; ";
                }
                Ok(())
            }
            Error::Elsewhere { process, why } => {
                write!(f, "process {} ended this collective with an error: {why}", process.number)
            }
            Error::NoSuchObject { rank, object } => write!(
                f,
                "{} is not at rank {rank}: it was not registered there, or was removed",
                crate::active::name(*object)
            ),
            Error::Unanswered { rank, why } => write!(f, "rank {rank} gives no answer: {why}"),
            Error::QueueFull { messages, bytes } => write!(
                f,
                "the outgoing queue is full: {messages} messages of {bytes} bytes that handlers have sent are under way \
                 (there is room for {OUTGOING_MESSAGES_MAX} messages and {OUTGOING_BYTES_MAX} bytes); send less for each \
                 message, or send it outside of handlers, where a sender waits"
            ),
            Error::TooManyCalls => {
                write!(
                    f,
                    "{CALLS_MAX} calls wait for their answers, which is the most: take answers before calling again"
                )
            }
            Error::InHandler => write!(
                f,
                "a handler may not wait for active messages, whose turn its own holds up: forward the request, or answer it \
                 later from its `Request`"
            ),
            Error::StaleRequest => write!(f, "this request is already complete or was never started here"),
        }
    }
}

/// "rank 1 has", "ranks 0, 2 and 3 have", "all 99 other ranks have".
fn left(ranks: &[usize]) -> String {
    const NAMED_MAX: usize = 8;
    match ranks {
        [rank] => format!("rank {rank} has"),
        [first @ .., last] if ranks.len() <= NAMED_MAX => {
            let first: Vec<String> = first.iter().map(usize::to_string).collect();
            format!("ranks {} and {last} have", first.join(", "))
        }
        _ => format!("all {} other ranks have", ranks.len()),
    }
}

impl std::error::Error for Error {}
