//! A message that is stored again: it was given back by a matched probe, or did not fit the receive that matched it.
//! Receives that were posted meanwhile may be waiting for just this one.

use crate::matching::Key;
use crate::receive::{Awaited, Body, IN_ANOTHERS_NAME, ReceiveState, Target, Unexpected, status_of};
use crate::request::State;
use crate::work::{Delivery, Pointer};
use crate::{Lane, RequestId};

/// Where a message that no receive takes is put.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Before all that wait: it came before those of its sender.
    First,
    /// Behind all that wait: it has just come.
    Last,
}

impl Lane {
    /// Gives a stored message, which is counted as such, to the first posted receive that it fits; those that it does not
    /// fit fail. If none takes it, it waits.
    pub(crate) fn offer(&mut self, key: Key, message: Unexpected, place: Place) {
        let status = status_of(&key, message.signature, message.bytes);
        loop {
            let request = match self.take_posted(&key, message.peer) {
                Ok(Some(request)) => request,
                Ok(None) => break,
                Err(_) => {
                    self.count_unstored(&message);
                    return self.break_with(message.peer, IN_ANOTHERS_NAME);
                }
            };
            let Some(State::Receive(receive)) = self.requests.get_mut(request).map(|r| &mut r.state) else {
                continue;
            };
            receive.status = status;
            let target = receive.target;
            match target {
                Target::Look => self.complete(request, Ok(status)),
                Target::Message => {
                    self.keep_message(request, key, message);
                    return self.complete(request, Ok(status));
                }
                Target::Buffer { to, capacity, of } => match self.fits(message.peer, &status, capacity, of) {
                    Ok(()) => return self.deliver_posted(request, message, status.source, to, capacity),
                    Err(misfit) => self.complete(request, Err(misfit)),
                },
            }
        }
        match place {
            Place::First => self.unexpected.push_front(key, message),
            Place::Last => self.unexpected.push(key, message),
        };
    }

    /// Brings a stored message into the buffer of a posted receive.
    fn deliver_posted(
        &mut self,
        request: RequestId,
        message: Unexpected,
        source: usize,
        to: Pointer,
        capacity: usize,
    ) {
        self.count_unstored(&message);
        let Unexpected { peer, bytes, body, .. } = message;
        let fitting = bytes.min(capacity);
        self.count_received(peer, bytes);
        let from = match body {
            Body::Remote { address, send } => {
                if let Some(State::Receive(ReceiveState { from, .. })) =
                    self.requests.get_mut(request).map(|r| &mut r.state)
                {
                    *from = Awaited::One(peer);
                }
                let work = self.fetch(request, peer, address, send, to, fitting);
                return self.work.extend(work);
            }
            Body::Lost => {
                let error = self.lost(peer, source);
                return self.complete(request, Err(error));
            }
            Body::Inline(from) => Delivery::Inline(from),
            Body::Held(from) => Delivery::Held(from),
        };
        self.give_back_credit(peer, bytes);
        self.count_copy(fitting);
        let work = self.deliver_for(request, from, to, fitting);
        self.work.extend(work);
    }
}
