//! Requests: operations under way, named by an index and a generation so that a stale name is caught.

use crate::send::SendState;
use crate::{Error, receive::ReceiveState};

/// A request of one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestId {
    index: u32,
    generation: u32,
}

impl RequestId {
    /// As one word, for the wire.
    pub fn word(self) -> u64 {
        (self.generation as u64) << 32 | self.index as u64
    }

    /// From the wire: may name nothing.
    pub fn from_word(word: u64) -> RequestId {
        RequestId { index: word as u32, generation: (word >> 32) as u32 }
    }
}

/// What a completed operation tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The sender's rank (receives and probes).
    pub source: usize,
    /// The message's tag.
    pub tag: i32,
    /// The message's length in bytes.
    pub bytes: usize,
    /// The signature of its type.
    pub signature: u64,
}

/// Who is to be woken when a request completes: the runtime's name for a waiting thread or task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Waiter(pub u64);

/// To whom a request belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The program, which asks for the outcome.
    User,
    /// A step of a collective, whose executor is told.
    Step {
        /// The collective.
        collective: RequestId,
    },
    /// A turn of active messages, which waits for its payload.
    Turn {
        /// The communicator's.
        context: u64,
    },
    /// A handler, which has sent so many bytes.
    Told {
        /// The communicator's context.
        context: u64,
        /// How many.
        bytes: usize,
    },
    /// Who asked: it is the answer to a call of this peer.
    Answer {
        /// The peer.
        peer: fabric::Peer,
        /// Who has forwarded the call, if somebody has.
        forwarder: Option<fabric::Peer>,
    },
    /// Nobody any more: the outcome is dropped.
    Nobody,
}

pub(crate) enum State {
    Send(SendState),
    Receive(ReceiveState),
    Call(crate::active::CallState),
    Collective(Box<crate::collective::executor::Execution>),
    Agreement(Box<crate::mitigation::agree::Running>),
    /// A collective whose last round is over, until its outcome is recorded.
    Concluding,
    Done(Result<Status, Error>),
}

pub(crate) struct Request {
    pub owner: Owner,
    pub waiter: Option<Waiter>,
    /// What must outlive the operation, for a request that its owner let go.
    pub keep: Option<Box<dyn Send>>,
    pub state: State,
}

/// All requests of a lane. Slots are reused; a reused slot has a new generation.
#[derive(Default)]
pub(crate) struct Requests {
    slots: Vec<(u32, Option<Request>)>,
    free: Vec<u32>,
}

impl Requests {
    pub fn insert(&mut self, owner: Owner, state: State) -> RequestId {
        let request = Some(Request { owner, waiter: None, keep: None, state });
        match self.free.pop() {
            Some(index) => {
                let slot = &mut self.slots[index as usize];
                slot.1 = request;
                RequestId { index, generation: slot.0 }
            }
            None => {
                self.slots.push((1, request));
                RequestId { index: self.slots.len() as u32 - 1, generation: 1 }
            }
        }
    }

    pub fn get(&self, id: RequestId) -> Option<&Request> {
        let (generation, request) = self.slots.get(id.index as usize)?;
        request.as_ref().filter(|_| *generation == id.generation)
    }

    pub fn get_mut(&mut self, id: RequestId) -> Option<&mut Request> {
        let (generation, request) = self.slots.get_mut(id.index as usize)?;
        request.as_mut().filter(|_| *generation == id.generation)
    }

    pub fn remove(&mut self, id: RequestId) -> Option<Request> {
        let (generation, request) = self.slots.get_mut(id.index as usize)?;
        if *generation != id.generation {
            return None;
        }
        let taken = request.take()?;
        *generation = generation.wrapping_add(1);
        self.free.push(id.index);
        Some(taken)
    }

    /// The same for whoever doesn't want it: it need not be moved.
    #[inline]
    pub fn forget(&mut self, id: RequestId) {
        if let Some((generation, request)) = self.slots.get_mut(id.index as usize)
            && *generation == id.generation
            && request.is_some()
        {
            *request = None;
            *generation = generation.wrapping_add(1);
            self.free.push(id.index);
        }
    }

    /// Takes out what outlives an operation that its owner let go.
    pub fn take_keep(&mut self, id: RequestId) -> Option<Box<dyn Send>> {
        self.get_mut(id)?.keep.take()
    }

    pub fn iter(&self) -> impl Iterator<Item = (RequestId, &Request)> {
        self.slots.iter().enumerate().filter_map(|(index, (generation, request))| {
            let id = RequestId { index: index as u32, generation: *generation };
            Some((id, request.as_ref()?))
        })
    }

    /// Whether there are none, complete or not.
    pub fn is_empty(&self) -> bool {
        self.free.len() == self.slots.len()
    }

    /// How many requests are not yet complete.
    pub fn pending(&self) -> usize {
        self.iter().filter(|(_, request)| !matches!(request.state, State::Done(_))).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_name_finds_nothing() {
        let mut requests = Requests::default();
        let done = || State::Done(Ok(Status::default()));
        let first = requests.insert(Owner::User, done());
        assert!(requests.remove(first).is_some());
        let second = requests.insert(Owner::User, done());
        assert_ne!(first, second);
        assert!(requests.get(first).is_none() && requests.remove(first).is_none());
        assert!(requests.get(RequestId::from_word(second.word())).is_some());
        assert!(requests.get(RequestId::from_word(u64::MAX)).is_none());
    }
}
