//! Looking at messages before receiving them.

use fabric::Cause;

use crate::active::frames::Kind;
use crate::offer::Place;
use crate::receive::{Received, Source, TagPattern, Target, status_of};
use crate::request::Owner;
use crate::work::Pointer;
use crate::{Communicator, Error, Lane, RequestId, Status, TypeTag};

/// A message that a matched probe took out of matching: only its holder can receive it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Message(pub(crate) RequestId);

/// What a non-blocking probe found.
pub type Probed = Option<Status>;

impl Lane {
    /// Tells of the first waiting message that fits, and leaves it there. Looks only at what has arrived: poll first.
    ///
    /// # Errors
    /// A rank or tag out of range; a source that has died, of any source one that is not acknowledged. One that has left in
    /// order is merely silent.
    pub fn try_probe(
        &mut self,
        communicator: &Communicator,
        source: Source,
        tag: TagPattern,
    ) -> Result<Probed, Error> {
        let (pattern, from) = self.pattern(communicator, source, tag)?;
        let found = self.find_waiting(&pattern, &from).and_then(|place| self.unexpected.get(place));
        let found = found.map(|(key, m)| status_of(key, m.signature, m.bytes));
        if found.is_none() {
            // Who asks again and again hears of a death as well.
            self.watch_source(&pattern, &from).or_else(|error| match error {
                Error::PeerFailed { cause: Cause::Left, .. } => Ok(()),
                error => Err(error),
            })?;
            if let Err(Error::FailurePending { rank, process, cause }) = self.may_still_come(&from, &pattern)
            {
                return Err(Error::PeerFailed { rank: Some(rank), process, cause });
            }
        }
        Ok(found)
    }

    /// Starts to wait for a message; the request completes with its status and the message stays.
    ///
    /// # Errors
    /// As for a receive.
    pub fn probe(
        &mut self,
        communicator: &Communicator,
        source: Source,
        tag: TagPattern,
    ) -> Result<RequestId, Error> {
        self.look_for(communicator, source, tag, Target::Look)
    }

    /// Starts to wait for a message and takes it out of matching. When the request has completed,
    /// [`message`](Lane::message) names it.
    ///
    /// # Errors
    /// As for a receive.
    pub fn matched_probe(
        &mut self,
        communicator: &Communicator,
        source: Source,
        tag: TagPattern,
    ) -> Result<RequestId, Error> {
        self.look_for(communicator, source, tag, Target::Message)
    }

    fn look_for(
        &mut self,
        communicator: &Communicator,
        source: Source,
        tag: TagPattern,
        target: Target,
    ) -> Result<RequestId, Error> {
        match self.receive_into(communicator, source, tag, target)? {
            Received::Pending(request) => Ok(request),
            Received::Work(..) => unreachable!("a probe moves no bytes"),
        }
    }

    /// The message that a completed matched probe found.
    pub fn message(&self, probe: RequestId) -> Message {
        Message(probe)
    }

    /// The status of a message that a matched probe holds.
    pub fn message_status(&self, message: Message) -> Option<Status> {
        self.messages.get(&message).map(|(key, m)| status_of(key, m.signature, m.bytes))
    }

    /// Receives a message that a matched probe holds.
    ///
    /// # Errors
    /// [`Error::Truncated`] when it is longer than `capacity`, [`Error::TypeMismatch`] when its type is another; the
    /// message stays with its holder. [`Error::StaleRequest`] when it was received before.
    pub fn receive_message(
        &mut self,
        message: Message,
        of: TypeTag,
        to: Pointer,
        capacity: usize,
    ) -> Result<Received, Error> {
        self.check_open()?;
        let status = self.message_status(message).ok_or(Error::StaleRequest)?;
        let target = Target::Buffer { to, capacity, of };
        let (_, stored) = self.messages.get(&message).ok_or(Error::StaleRequest)?;
        self.fits(stored.peer, &status, capacity, of)?;
        let (key, stored) = self.messages.remove(&message).ok_or(Error::StaleRequest)?;
        Ok(self.deliver_stored(key, stored, to, capacity, Owner::User, target))
    }

    /// Gives a message that a matched probe holds back to matching, before those that wait, as it came before those of
    /// its sender, or to a receive that was posted meanwhile. For a holder that goes away without receiving it.
    pub fn put_back(&mut self, message: Message) {
        match self.messages.remove(&message) {
            Some((_, answer)) if answer.claim.kind == Kind::Answer => self.discard(answer),
            Some((_, stored)) if stored.retracted => self.forget_given_back(&stored),
            Some((key, stored)) => self.offer(key, stored, Place::First),
            None => {}
        }
    }
}
